# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was applied, when and for which release, in a table of the account: also how far a running update has come, for another session to see."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native

# No release's, so that it is never told as too much, and never dropped.
TABLE = 'CMSWEB_CRAB_HISTORY'
_CREATE = 'CREATE TABLE %s (APPLIED TIMESTAMP, RELEASE VARCHAR2(255), STEP VARCHAR2(30), OBJECT VARCHAR2(128), STATEMENT VARCHAR2(4000))' % TABLE
_INSERT = 'INSERT INTO %s (APPLIED, RELEASE, STEP, OBJECT, STATEMENT) VALUES (SYSTIMESTAMP, :rel, :num, :obj, :txt)' % TABLE


class Writer:
    """A callable for execute.apply."""

    def __init__(self, connection, release):
        self._connection = connection
        self._release = release
        if not connection.select('SELECT table_name FROM user_tables WHERE table_name = :name', name=TABLE):
            connection.run(_CREATE)

    def __call__(self, number, count, step):
        self._connection.run(_INSERT, rel=self._release, num='%d of %d' % (number, count), obj=step.object, txt=_cut(step.sql))
        self._connection.run('COMMIT')


def _cut(sql):
    """At most what a VARCHAR2 takes."""
    return to_native(to_bytes(sql)[:4000].decode('utf-8', 'ignore'))
