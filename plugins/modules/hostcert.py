#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: hostcert
short_description: Keep the Grid certificate and key of a host
version_added: 1.0.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - Leaves a good pair of certificate and key alone. Good means that they match (by public key, as a CA may change the subject), that the
    certificate covers the host name, is valid now and for O(days) more, has a key of 2048 bits or more, and that its chain verifies against
    O(ca_path) if that is given.
  - With O(content), installs that certificate after the same checks. A refused one changes nothing.
  - Without it and without a good pair, makes a new key and a request on the host and returns the request. The key waits beside the old one
    until the certificate comes, and never leaves the host. The next run returns the same request. A certificate that is offered again, and is
    the present one, is not taken for an answer.
  - Uses the openssl command only, of version 1.0.2 or later.
options:
  path:
    description: The certificate.
    type: path
    default: /etc/grid-security/hostcert.pem
  key:
    description: The private key.
    type: path
    default: /etc/grid-security/hostkey.pem
  fqdn:
    description: Full host name that the certificate must cover, by its alternative names or, without any, by its common name.
    type: str
    required: true
  days:
    description: Ask for a new certificate when the present one has fewer days left. An offered one with fewer is installed with a warning.
    type: int
    default: 30
  ca_path:
    description: Folder with hashed trust anchors such as C(/etc/grid-security/certificates).
    type: path
  missing:
    description:
      - What to do when there is no good pair and no new one is offered. V(request) makes a key and a request, V(fail) says what is wrong,
        V(report) only returns RV(needs_certificate).
    type: str
    choices: [request, fail, report]
    default: request
  new_key:
    description: Make a new key for a request. With V(false) the present one is used again, if there is one of 2048 bits or more.
    type: bool
    default: true
  from_path:
    description: A certificate on the host, put there by another program, to be installed after the same checks.
    type: path
  from_key:
    description: Its key on the host.
    type: path
  pkcs12:
    description: Keep the pair in this file as well, as a PKCS12 archive.
    type: path
  pkcs12_password:
    description: Password of the archive.
    type: str
    default: ''
  content:
    description: A certificate in PEM to install, with intermediate ones behind it if the CA gives some.
    type: str
  key_content:
    description: Its private key in PEM, not encrypted, unless the key is on the host.
    type: str
  copies:
    description: Further places of the same pair.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The copy of the certificate.
        type: path
        required: true
      key:
        description: The copy of the key.
        type: path
        required: true
      owner:
        description: Owner of both.
        type: str
      group:
        description: Group of both.
        type: str
      only_if_folder:
        description: Leave the copy out as long as its folder does not exist.
        type: bool
        default: false
  key_mode:
    description: Permission bits of the key and its copies.
    type: raw
    default: '0400'
  mode:
    description: Permission bits of the certificate and its copies.
    type: raw
    default: '0644'
  owner:
    description: Owner of certificate and key.
    type: str
  group:
    description: Group of certificate and key.
    type: str
  backup:
    description: Keep a dated copy beside a file whose content changes, with its old owner and mode.
    type: bool
    default: false
extends_documentation_fragment:
  - cmsweb.crab.writes.attributes
'''

EXAMPLES = r'''
- name: A good certificate, or a request for one
  cmsweb.crab.hostcert:
    fqdn: crab-vm.example.org
    ca_path: /etc/grid-security/certificates
  register: hostcert

- name: Install what the CA has issued
  cmsweb.crab.hostcert:
    fqdn: crab-vm.example.org
    content: "{{ lookup('ansible.builtin.file', 'crab-vm.pem') }}"
'''

RETURN = r'''
needs_certificate:
  description: Whether there is no good certificate and one must be issued.
  returned: success
  type: bool
  sample: false
reason:
  description: Why the pair that was there was not good, or null.
  returned: success
  type: str
  sample: "/etc/grid-security/hostcert.pem: it has 12 days left, and 30 are wanted"
csr:
  description: The request to be signed, or null (also in check mode, where none is made).
  returned: success
  type: str
  sample: "-----BEGIN CERTIFICATE REQUEST-----..."
subject:
  description: Subject of the certificate that is now in place, in the form of OpenSSL's compat; empty without one.
  returned: success
  type: str
  sample: /DC=ch/DC=cern/OU=computers/CN=crab-vm.example.org
issuer:
  description: Its issuer.
  returned: success
  type: str
  sample: /DC=ch/DC=cern/CN=CERN Grid Certification Authority
not_after:
  description: Its end, UTC.
  returned: success
  type: str
  sample: '2027-12-31T23:59:59Z'
days_left:
  description: Days until then, or null without a certificate.
  returned: success
  type: int
  sample: 300
warnings:
  description: What is worth knowing, for instance that an installed certificate ends soon.
  returned: when there is something
  type: list
  elements: str
'''

import os

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock, _files, _x509
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._hostcert import Pair
from ansible_collections.cmsweb.crab.plugins.module_utils._module import permission_bits, run
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes


def act(params, check):
    pair = Pair(params['path'], params['key'], params['fqdn'], params['days'], _clock.now(), params['ca_path'], params['new_key'])
    offered, offered_key = _offered(params)
    before = _shown(pair)
    reason = pair.reason()
    result = {'changed': False, 'reason': reason, 'csr': None, 'warnings': []}
    if offered and not offered_key and reason and params['missing'] == 'request' and to_bytes(offered) == _files.read(pair.path):
        offered = None
    if offered:
        content, key = to_bytes(offered), pair.candidate_key(offered, offered_key)
        if reason or content != _files.read(pair.path) or key != _files.read(pair.key):
            result['warnings'] = pair.refuse_faulty(offered)
        result['changed'] = _install(params, pair.path, pair.key, content, key, params, check)
        if not check:
            pair.answered()
    elif reason and params['missing'] == 'fail':
        raise CrabError('There is no good host certificate: %s.' % reason, 'Give one as content, with its key as key_content.')
    elif reason and params['missing'] == 'request':
        result['changed'] = True
        result['csr'] = None if check else pair.ask().decode('ascii')
    elif reason:
        result['changed'] = check     # somebody will bring one
    else:
        result['changed'] = _install(params, pair.path, pair.key, None, None, params, check)
    result['needs_certificate'] = bool(reason) and not offered
    if not result['needs_certificate']:
        result['changed'] |= _copy(params, pair, check)
        result['changed'] |= _archive(params, pair, check)
    result.update(pair.facts())
    result['diff'] = {'before': before, 'after': _planned(params, pair, result, offered) if check else _shown(pair), 'before_header': pair.path,
                      'after_header': pair.path}
    return result


def _offered(params):
    """(certificate, key) that may take the place of the present pair; None without one."""
    if not params['from_path']:
        return params['content'], params['key_content']
    found = [_files.read(params[name]) for name in ('from_path', 'from_key')]
    return tuple(content.decode('latin-1') for content in found) if None not in found else (None, None)


def _install(params, path, key_path, content, key, owners, check):
    """The key first: a crash between the two leaves a pair that does not match, and the next run has the certificate to mend it."""
    changed = False
    folder = os.path.dirname(path)
    if not check and content is not None and not os.path.isdir(folder):
        _make_folder(folder)
    for place, what, mode in ((key_path, key, params['key_mode']), (path, content, params['mode'])):
        changed |= _files.replace(place, what, owner=owners['owner'], group=owners['group'], mode=permission_bits(mode),
                                  backup=params['backup'], check=check)['changed']
    return changed


def _make_folder(folder):
    try:
        os.makedirs(folder, 0o755)
    except OSError as error:
        raise CrabError('%s cannot be made: %s.' % (folder, error.strerror), 'Name a folder of your own, for instance by crab_root.')


def _copy(params, pair, check):
    changed = False
    content, key = _files.read(pair.path), _files.read(pair.key)
    for copy in params['copies']:
        folder_exists = os.path.isdir(os.path.dirname(copy['path']))
        if folder_exists or not (copy['only_if_folder'] or check):
            changed |= _install(params, copy['path'], copy['key'], content, key, copy, check)
    return changed


def _archive(params, pair, check):
    """The pair as PKCS12. Each archive has salts of its own, so what is in it is compared and not its bytes."""
    path = params['pkcs12']
    content, key = _files.read(pair.path), _files.read(pair.key)
    if not path or content is None or key is None:
        return bool(path and check)
    archive = None
    if not os.path.exists(path) or not _x509.pkcs12_holds(path, params['pkcs12_password'], content, key):
        archive = b'' if check else _x509.make_pkcs12(pair.path, pair.key, params['pkcs12_password'])
    return _files.replace(path, archive, owner=params['owner'], group=params['group'], mode=permission_bits(params['key_mode']), check=check)['changed']


def _shown(pair):
    facts = pair.facts()
    return 'subject: %s\nissuer: %s\nuntil: %s\n' % (facts['subject'], facts['issuer'], facts['not_after']) if facts['subject'] else ''


def _planned(params, pair, result, offered):
    if result['needs_certificate']:
        return 'a certificate for %s\n' % params['fqdn']
    if offered:
        facts = _x509.first_certificate(offered, 'content').facts(pair.now)
        return 'subject: %s\nissuer: %s\nuntil: %s\n' % (facts['subject'], facts['issuer'], facts['not_after'])
    return 'subject: %s\nissuer: %s\nuntil: %s\n' % (result['subject'], result['issuer'], result['not_after'])


def main():
    run(act, {
        'path': {'type': 'path', 'default': '/etc/grid-security/hostcert.pem'},
        'key': {'type': 'path', 'default': '/etc/grid-security/hostkey.pem', 'no_log': False},
        'fqdn': {'type': 'str', 'required': True},
        'days': {'type': 'int', 'default': 30},
        'ca_path': {'type': 'path'},
        'missing': {'type': 'str', 'choices': ['request', 'fail', 'report'], 'default': 'request'},
        'new_key': {'type': 'bool', 'default': True, 'no_log': False},
        'from_path': {'type': 'path'},
        'from_key': {'type': 'path', 'no_log': False},
        'pkcs12': {'type': 'path'},
        'pkcs12_password': {'type': 'str', 'default': '', 'no_log': True},
        'content': {'type': 'str'},
        'key_content': {'type': 'str', 'no_log': True},
        'copies': {'type': 'list', 'elements': 'dict', 'default': [], 'options': {
            'path': {'type': 'path', 'required': True},
            'key': {'type': 'path', 'required': True, 'no_log': False},
            'owner': {'type': 'str'},
            'group': {'type': 'str'},
            'only_if_folder': {'type': 'bool', 'default': False},
        }},
        'key_mode': {'type': 'raw', 'default': '0400', 'no_log': False},
        'mode': {'type': 'raw', 'default': '0644'},
        'owner': {'type': 'str'},
        'group': {'type': 'str'},
        'backup': {'type': 'bool', 'default': False},
    }, required_together=[('from_path', 'from_key')], mutually_exclusive=[('from_path', 'content')])


if __name__ == '__main__':
    main()
