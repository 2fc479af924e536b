#!/usr/bin/python
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: cron_lines
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
short_description: Comment lines of a crontab out and in again
description:
  - Takes jobs out of a user's crontab by a part of their command, by commenting their lines out, and puts them back.
  - Made for the jobs that Deploy installs and that would overwrite what others wrote, such as C(config/frontend/mkauthmap), which rewrites
    C(authmap.json) every four minutes. Each post stage of Deploy adds its lines again and drops commented ones, so run this
    module after each deploy.
  - A run of a disabled job that is under way is waited for, so that it does not write after the next task has written. One that takes longer than
    30 seconds is named in a warning.
  - A line taken out gets C(#cmsweb.crab# ) in front, and is otherwise untouched. All other lines stay as they are to the byte.
  - No such user, no crontab, or no C(crontab) command at all is no error. Then there is nothing to do.
extends_documentation_fragment:
  - cmsweb.crab.writes.attributes
options:
  user:
    description: Whose crontab. Deploy writes into that of the account that deploys.
    type: str
    required: true
  disable:
    description:
      - Parts of commands, such as V(config/frontend/mkauthmap). An active line whose command (not its schedule) has one of them is commented out.
      - A part is better than the whole line, as the line differs from one HG tag to the next.
    type: list
    elements: str
    default: []
  enable:
    description: Parts of commands. A line that is commented out, by this module or by hand, is put in again.
    type: list
    elements: str
    default: []
'''

EXAMPLES = r'''
- name: Keep the jobs that rewrite the user map and the grid map from running
  cmsweb.crab.cron_lines:
    user: crabdev
    disable:
      - config/frontend/mkauthmap
      - config/frontend/mkvomsmap

- name: Let the user map be made from CRIC again
  cmsweb.crab.cron_lines:
    user: crabdev
    enable:
      - config/frontend/mkauthmap
'''

RETURN = r'''
disabled:
  description: The lines that were commented out, or would be.
  returned: success
  type: list
  elements: str
  sample: ['13 */3 * * * /data/srv/current/config/frontend/mkvomsmap -c mkgridmap.conf']
enabled:
  description: The lines that were put in again, or would be.
  returned: success
  type: list
  elements: str
  sample: []
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _crontab
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run, text_diff
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_native


def act(params, check):
    user, disable, enable = params['user'], params['disable'], params['enable']
    _refuse_nonsense(disable, enable)
    old = _crontab.read(user)
    new, off, on = _crontab.switched(old, disable, enable)
    if new != old and not check:
        _crontab.write(user, new)
    left = _crontab.wait_for_runs(disable) if not check else []
    return {'changed': new != old, 'disabled': off, 'enabled': on, 'diff': text_diff('crontab of %s' % user, old, new),
            'warnings': ['Process %d still runs a job that is disabled: it may yet overwrite what this play writes.' % pid for pid in left]}


def _refuse_nonsense(disable, enable):
    for name, parts in (('disable', disable), ('enable', enable)):
        if any(not part.strip() for part in parts):
            raise CrabError('%s has an empty part, which every line contains.' % name, 'Name a part of the command, such as config/frontend/mkauthmap.')
    for one in disable:
        for other in enable:
            if one in other or other in one:
                raise CrabError('disable %r and enable %r are about the same lines.' % (to_native(one), to_native(other)), 'Name it in one of them only.')


def main():
    run(act, {'user': {'type': 'str', 'required': True}, 'disable': {'type': 'list', 'elements': 'str', 'default': []},
              'enable': {'type': 'list', 'elements': 'str', 'default': []}})


if __name__ == '__main__':
    main()
