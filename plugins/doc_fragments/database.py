# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules that speak to Oracle have in common."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """Options of the connection, and of the release whose schema is meant."""

    DOCUMENTATION = r'''
options:
  dsn:
    description: Name of the database in C(tnsnames.ora), V(host:port/service), or a whole connect descriptor.
    type: str
    required: true
  user:
    description: Oracle account that owns the tables.
    type: str
    required: true
  password:
    description: Its password.
    type: str
    required: true
  driver:
    description: The Python driver; V(auto) takes C(cx_Oracle) where it can be imported, else C(oracledb).
    type: str
    choices: [auto, cx_Oracle, oracledb]
    default: auto
  python_path:
    description: Folders to look for the driver in, before those that the host's Python knows by itself.
    type: list
    elements: path
    default: []
  client_dir:
    description: Folder with the libraries of an Oracle client; C(oracledb) then works in its thick mode, which servers older than 12.1 need.
    type: path
  tns_admin:
    description: Folder of C(tnsnames.ora), where it is not C(/etc) and the environment does not name it.
    type: path
requirements:
  - cx_Oracle >= 7.3, or oracledb >= 1.4
'''

    SOURCE = r'''
options:
  source:
    description:
      - The schema of a CRABServer release, as module name (such as V(TaskDB)) to the text of its C(Create.py), or file name (such as V(crab.sql)) to
        the text of a script of C(CREATE) statements.
      - The files are read, never run. P(cmsweb.crab.crabserver_schema#lookup) finds them in a checkout.
    type: dict
  sql:
    description: C(CREATE) statements, in the order of their execution, instead of or after those of O(source).
    type: list
    elements: str
  repair:
    description:
      - Some releases cannot be installed as they are written. Where the meaning is beyond doubt (a missing comma, a name used twice, a name that is
        too long for the server), install them with the repair that the error message names, and warn.
    type: bool
    default: false
'''
