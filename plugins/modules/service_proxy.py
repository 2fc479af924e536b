#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: service_proxy
short_description: Make a service's VOMS proxy on the host, and renew it before it ends
version_added: 0.2.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - Makes a proxy by C(voms-proxy-init) from the certificate and key of a user when the present one is not good for O(hours) more. The pass
    phrase goes through standard input.
  - A new proxy is installed only if it is really good, which means that the client ended with 0, key and certificates match, the attributes are of
    O(vo) and last as long as the proxy, and the chain verifies against O(ca_path). Otherwise the old one stays.
  - Installs a program, with a systemd timer or a line for cron, that does the same on the host every hour. For that the user's key, and the pass
    phrase if it has one, stay on the host, in a folder that root alone can enter. With O(renewal=none) nothing of them stays.
  - An operator looks with C(systemctl list-timers), C(journalctl -u cmsweb-crab-proxy) and C(cmsweb-crab-renew-proxy --status).
options:
  path:
    description: Where the proxy is kept.
    type: path
    required: true
  copies:
    description:
      - Further files, such as C(dmwm-service-cert.pem). One that holds an older proxy of the same person gets the new one, with the owner and mode
        that it has. Others are left alone.
    type: list
    elements: path
    default: []
  certificate:
    description: The user's certificate on the host. The default is C(usercert.pem) in O(folder).
    type: path
  key:
    description: The user's key on the host. The default is C(userkey.pem) in O(folder).
    type: path
  certificate_content:
    description: The user's certificate in PEM, to be put into O(folder).
    type: str
  key_content:
    description: The user's key in PEM, encrypted or not, to be put into O(folder).
    type: str
  passphrase:
    description: Pass phrase of the key.
    type: str
    default: ''
  folder:
    description: Folder of the settings and of the user's certificate, mode 0700.
    type: path
    default: /etc/cmsweb-crab/proxy
  vo:
    description: The virtual organisation.
    type: str
    default: cms
  role:
    description: Role or group to ask for, such as V(/cms/Role=production).
    type: str
    default: ''
  valid_hours:
    description: Hours that the new proxy is asked for. VO cms gives 192 at most.
    type: int
    default: 192
  hours:
    description: Renew a proxy that has fewer hours left.
    type: int
    default: 48
  ca_path:
    description: Folder with hashed trust anchors. Without it the chain of the proxy is not checked.
    type: path
  vomses_dir:
    description: Folder of the vomses files.
    type: path
    default: /etc/vomses
  vomsdir:
    description: Folder of the LSC files by VO.
    type: path
    default: /etc/grid-security/vomsdir
  renewal:
    description: What renews it every hour. V(none) keeps neither certificate nor key on the host.
    type: str
    choices: [timer, cron, none]
    default: timer
  force:
    description: Make a new proxy in any case.
    type: bool
    default: false
  owner:
    description: Owner of the proxy.
    type: str
    default: root
  group:
    description: Group of the proxy.
    type: str
    default: root
  mode:
    description: Permission bits of the proxy. Grid clients want a proxy that nobody else can read.
    type: raw
    default: '0400'
extends_documentation_fragment:
  - cmsweb.crab.writes.attributes
'''

EXAMPLES = r'''
- name: A proxy of the operator, renewed by a timer
  cmsweb.crab.service_proxy:
    path: /etc/grid-security/crab-service-proxy.pem
    certificate_content: "{{ lookup('ansible.builtin.file', '~/.globus/usercert.pem', rstrip=false) }}"
    key_content: "{{ lookup('ansible.builtin.file', '~/.globus/userkey.pem', rstrip=false) }}"
    passphrase: "{{ vault_grid_passphrase }}"
    ca_path: /etc/grid-security/certificates
    copies:
      - /data/srv/current/auth/crabserver/dmwm-service-cert.pem
      - /data/srv/current/auth/crabserver/dmwm-service-key.pem
'''

RETURN = r'''
renewed:
  description: Whether a new proxy was made, or would be.
  returned: success
  type: bool
  sample: true
reason:
  description: Why, or null.
  returned: success
  type: str
  sample: there is no proxy /etc/grid-security/crab-service-proxy.pem
changes:
  description: What else changed, such as files and timers.
  returned: success
  type: list
  elements: str
  sample: [/etc/systemd/system/cmsweb-crab-proxy.timer]
identity:
  description: DN of the person behind the proxy; empty in check mode when there is none yet.
  returned: success
  type: str
  sample: /DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example
not_after:
  description: When the shortest of its links ends, the attributes included, UTC.
  returned: success
  type: str
  sample: '2026-12-31T12:00:00Z'
timeleft_seconds:
  description: Seconds until the shortest link of the chain ends.
  returned: success
  type: int
  sample: 691000
ac_timeleft_seconds:
  description: Seconds until its VOMS attributes end.
  returned: success
  type: int
  sample: 691000
fqans:
  description: Groups and roles in the attributes.
  returned: success
  type: list
  elements: str
  sample: [/cms/Role=NULL/Capability=NULL]
warnings:
  description: What is worth knowing, for instance that the VO gave less time than was asked for.
  returned: when there is something
  type: list
  elements: str
'''

import json
import os
import shutil
import sys
import tempfile

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock, _files, _proxy, _renewal, _timer, _x509
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import permission_bits, run
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes

NAME = 'cmsweb-crab-proxy'
WHAT = 'Renew the VOMS proxy of the CMS services'
PROGRAM = '/usr/sbin/cmsweb-crab-renew-proxy'
SETTINGS = ('path', 'copies', 'vo', 'role', 'valid_hours', 'hours', 'ca_path', 'vomses_dir', 'vomsdir', 'owner', 'group')


def act(params, check):
    if params['hours'] >= params['valid_hours']:
        raise CrabError('hours: %d is not less than valid_hours, %d, so every proxy would be too old at once.' % (params['hours'], params['valid_hours']))
    now = _clock.now()
    before, stays = _shown(params['path']), params['renewal'] != 'none'
    folder = params['folder'] if stays or check else tempfile.mkdtemp(prefix='crab-credential-')
    try:
        settings, changes = _write(params, folder, stays, check)
        why = _renewal.reason(settings, now) or ('it was asked for' if params['force'] else None)
        if why and not check:
            _renewal.install(settings, _renewal.make(settings, params['passphrase'], now)[0])
        elif not why and _renewal.install(settings, None, check):
            changes.append(params['path'])
        changes += _renewal.keep_in_step(settings, check)
    finally:
        if folder != params['folder']:
            shutil.rmtree(folder)
    # Only now: a timer that starts at once would do the same work beside us.
    command = '%s %s --settings %s/settings.json' % (sys.executable, PROGRAM, params['folder'])
    changes += _timer.apply(params['renewal'], NAME, WHAT, command, check)
    return _result(params, why, changes, before, check)


def _write(params, folder, stays, check):
    """The settings, and what had to be written for them."""
    settings = dict((name, params[name]) for name in SETTINGS)
    settings.update(mode='%04o' % permission_bits(params['mode']), passphrase_file=os.path.join(folder, 'passphrase') if params['passphrase'] else None)
    files = {'passphrase': to_bytes(params['passphrase'] + '\n') if params['passphrase'] else None}
    for name, file_name in (('certificate', 'usercert.pem'), ('key', 'userkey.pem')):
        content = params[name + '_content']
        files[file_name] = to_bytes(content) if content else None
        settings[name] = os.path.join(folder, file_name) if content or not params[name] else params[name]
    files['settings.json'] = to_bytes(json.dumps(settings, indent=1, sort_keys=True) + '\n')
    changes = []
    if stays and not check and not os.path.isdir(folder):
        if not os.path.isdir(os.path.dirname(folder)):
            os.makedirs(os.path.dirname(folder), 0o755)
        os.mkdir(folder, 0o700)
    for name in sorted(files):
        path = os.path.join(folder, name)
        if files[name] is not None and (stays or not check) and _files.replace(path, files[name], mode=0o400, check=check)['changed']:
            changes.append(path)
        elif files[name] is None and name == 'passphrase' and os.path.exists(path):
            changes.append('no ' + path)
            if not check:
                os.unlink(path)
    changes = changes if stays else _forget(params, check)
    if stays and _files.replace(PROGRAM, _program(), mode=0o755, check=check)['changed']:
        changes.append(PROGRAM)
    return settings, changes


def _program():
    """With the Python that Ansible runs on this host, so that an operator can call it by its name."""
    return to_bytes('#!%s\n' % sys.executable) + _renewal.program()


def _forget(params, check):
    """What an earlier renewal='timer' has left."""
    there = [path for path in (params['folder'], PROGRAM) if os.path.exists(path)]
    for path in there:
        if not check:
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    return ['no ' + path for path in there]


def _result(params, why, changes, before, check):
    content = _files.read(params['path'])
    facts = {'identity': '', 'not_after': '', 'timeleft_seconds': None, 'ac_timeleft_seconds': None, 'fqans': []}
    if content is not None and not (check and why):
        facts = _proxy.facts(_proxy.Proxy(content, params['path']), _clock.now())
    after = 'a new proxy, because %s\n' % why if check and why else _shown(params['path'])
    result = dict(facts, changed=bool(why or changes), renewed=bool(why), reason=why, changes=changes, diff={
        'before': before, 'after': after + ''.join('%s\n' % change for change in changes), 'before_header': params['path'], 'after_header': params['path']})
    granted = facts['ac_timeleft_seconds']
    if why and granted is not None and granted < (params['valid_hours'] - 1) * 3600:
        result['warnings'] = ['VO %s gave %d hours, and %d were asked for.' % (params['vo'], round(granted / 3600.0), params['valid_hours'])]
    return result


def _shown(path):
    content = _files.read(path)
    try:
        proxy = _proxy.Proxy(content, path) if content is not None else None
    except CrabError as error:
        return error.message + '\n'
    return 'identity: %s\nuntil: %s\n' % (proxy.identity, _x509.iso(proxy.usable_until(True))) if proxy else ''


def main():
    run(act, {
        'path': {'type': 'path', 'required': True},
        'copies': {'type': 'list', 'elements': 'path', 'default': []},
        'certificate': {'type': 'path'},
        'key': {'type': 'path', 'no_log': False},
        'certificate_content': {'type': 'str'},
        'key_content': {'type': 'str', 'no_log': True},
        'passphrase': {'type': 'str', 'default': '', 'no_log': True},
        'folder': {'type': 'path', 'default': '/etc/cmsweb-crab/proxy'},
        'vo': {'type': 'str', 'default': 'cms'},
        'role': {'type': 'str', 'default': ''},
        'valid_hours': {'type': 'int', 'default': 192},
        'hours': {'type': 'int', 'default': 48},
        'ca_path': {'type': 'path'},
        'vomses_dir': {'type': 'path', 'default': '/etc/vomses'},
        'vomsdir': {'type': 'path', 'default': '/etc/grid-security/vomsdir'},
        'renewal': {'type': 'str', 'choices': ['timer', 'cron', 'none'], 'default': 'timer'},
        'force': {'type': 'bool', 'default': False},
        'owner': {'type': 'str', 'default': 'root'},
        'group': {'type': 'str', 'default': 'root'},
        'mode': {'type': 'raw', 'default': '0400'},
    })


if __name__ == '__main__':
    main()
