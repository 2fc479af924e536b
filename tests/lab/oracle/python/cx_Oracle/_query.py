# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SELECT in Oracle's words to SELECT in SQLite's."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from cx_Oracle._tokens import Reader


class Statement:
    """What the session runs: SQL of SQLite, the bind names in order, and the columns of a query."""

    def __init__(self, sql, binds=(), columns=None):
        self.sql = sql
        self.binds = list(binds)
        self.columns = columns


def translate(session, sql):
    reader = Reader(sql)
    reader.need('SELECT')
    items = []
    while True:
        token = reader.next()
        if token.value == 'SYSDATE':
            items.append(('SYSDATE', 'DATE', "strftime('%Y-%m-%d %H:%M:%S', 'now', 'localtime')"))
        elif token.value == 'NULL':
            items.append(('NULL', None, 'NULL'))
        elif token.value == 'USER':
            items.append(('USER', 'VARCHAR2', "'%s'" % session.user))
        elif token.kind == 'number':
            items.append((token.text, 'NUMBER', token.text))
        else:
            reader.fail(904, '"%s"' % token.value)
        if not reader.take(','):
            break
    reader.need('FROM', code=923)
    if not reader.take('DUAL'):
        reader.fail(942)
    reader.end()
    return Statement('select ' + ', '.join(item[2] for item in items), columns=[item[:2] for item in items])
