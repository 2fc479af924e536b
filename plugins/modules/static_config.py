#!/usr/bin/python
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: static_config
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
short_description: Set keys in the config.py of the CRAB REST server
description:
  - Sets C(data.*), C(main.*), C(srv.*) and the other keys of the static configuration of C(crabserver), normally
    C(/data/srv/current/config/crabserver/config.py).
  - The file is read and edited without running it. What is not set stays as it is to the byte, with comments, order and line ends.
  - The last assignment of a key is the one that counts, so that is the one edited. Deploy appends C(data.mode = "cmsweb-dev") as the
    last line of the file; this line is edited, not a second one added. A key that the file does not set is appended.
  - A file with a syntax error is refused with line and column. The edited file is read again before it replaces the old one.
  - Deploy's prep stage writes the file anew and loses every change, so run this module after each deploy.
extends_documentation_fragment:
  - cmsweb.crab.writes
  - cmsweb.crab.writes.attributes
options:
  path:
    description:
      - The config.py.
      - It must exist, as Deploy makes it. Only in check mode may it be missing; then the lines that would be set are shown.
    type: path
    required: true
  settings:
    description:
      - Keys as the file itself writes them, such as V(data.mode), V(main.port) or V(srv.socket_host), with their values.
      - A value is text, a number, a boolean, null, a list or a dict, and is written as a Python literal.
      - To build a path from the place of the file, give a dict with the one key C(expression), whose value is such as
        C(__file__.rsplit('/', 3\)[0] + '/auth/crabserver/hostcert.pem') or
        C('%s/auth/crabserver/hostcert.pem' % __file__.rsplit('/', 3\)[0]). Names that the file sets, such as C(myhost), may occur in it.
      - A value that the file has already, in whatever spelling, is not changed.
    type: dict
    required: true
  release:
    description:
      - Version of CRABServer, such as V(3.3.1803.patch3) or V(v3.250820), whose keys are checked.
      - A key of C(data) that no release reads is refused, and the likely one named.
      - A file without a key that this release needs to start (V(data.extconfigurl), V(data.mode), V(data.s3_bucket)) is refused. Keys that are
        in the file without effect, or whose lack shows only at some calls, give a warning.
    type: str
seealso:
  - module: cmsweb.crab.static_config_info
  - module: cmsweb.crab.external_config
  - module: cmsweb.crab.dbconfig
'''

EXAMPLES = r'''
- name: Take the external configuration from this host and use the mode cmsweb-dev
  cmsweb.crab.static_config:
    path: /data/srv/current/config/crabserver/config.py
    release: 3.3.1803.patch3
    settings:
      data.extconfigurl: https://crab-vm.example.org/crabconfig/cmsweb-rest-config.json
      data.mode: cmsweb-dev
      srv.socket_host: 127.0.0.1

- name: Let the server authenticate with the host certificate (the cure for "Impossible to retrieve proxy")
  cmsweb.crab.static_config:
    path: /data/srv/current/config/crabserver/config.py
    settings:
      data.serverhostcert:
        expression: "__file__.rsplit('/', 3)[0] + '/auth/crabserver/hostcert.pem'"
      data.serverhostkey:
        expression: "__file__.rsplit('/', 3)[0] + '/auth/crabserver/hostkey.pem'"
'''

RETURN = r'''
changed_keys:
  description: The keys that were set to another value, or would be.
  returned: success
  type: list
  elements: str
  sample: [data.mode]
settings:
  description: The keys of O(settings) with the values that are in force; a value that is no literal as C({expression} source text).
  returned: success
  type: dict
  sample: {data.mode: cmsweb-dev}
backup_file:
  description: The copy of the old file.
  returned: when O(backup=true) and the content changed
  type: str
  sample: /data/srv/current/config/crabserver/config.py.2026-11-23@10:12:13~
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _files, _staticconfig
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import WRITE_ARGUMENTS, run, text_diff, write_file
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes


def act(params, check):
    path, settings = params['path'], params['settings']
    old = _files.read(path)
    if old is None:
        return _picture(path, settings, params['release'], check)
    done = _staticconfig.set_keys(old, settings, path, params['release'])
    result = write_file(params, check, path, old, done['content'])
    result.update(changed_keys=done['changed_keys'], settings=done['settings'], warnings=done['warnings'])
    return result


def _picture(path, settings, release, check):
    """What check mode can tell of a file that Deploy has still to make."""
    _staticconfig.check_release_keys(settings, release)
    lines = _staticconfig.lines_for(settings)
    if not check:
        raise CrabError('There is no %s.' % path, 'Run the deploy stage first: Deploy makes it.')
    return {'changed': True, 'changed_keys': sorted(settings), 'settings': settings, 'warnings': [],
            'diff': text_diff(path, b'', to_bytes(u''.join(line + u'\n' for line in lines)))}


def main():
    run(act, dict(WRITE_ARGUMENTS, path={'type': 'path', 'required': True}, settings={'type': 'dict', 'required': True},
                  release={'type': 'str'}))


if __name__ == '__main__':
    main()
