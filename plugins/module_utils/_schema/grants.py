# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rights of other accounts on the tables of this one, and the synonyms by which they call them.

In production the REST reads as one account and writes as another; a table that is made anew has lost both their rights.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, model, plan

_MADE = 'SELECT grantee, table_name, privilege FROM user_tab_privs_made ORDER BY grantee, table_name, privilege'
_SYNONYMS = 'SELECT synonym_name, table_owner, table_name FROM user_synonyms ORDER BY synonym_name'
_OWN_TABLES = 'SELECT table_name FROM user_tables ORDER BY table_name'
_OBJECTS = 'SELECT object_name FROM user_objects ORDER BY object_name'
PRIVILEGES = ('SELECT', 'INSERT', 'UPDATE', 'DELETE')


class Grants(model.Record):
    """steps of the owner; surplus: rights that nobody asked for, a sentence each."""

    fields = ('steps', 'surplus')
    defaults = {'steps': list, 'surplus': list}


def of_owner(select, tables, accounts, revoke=False):
    """The GRANTs, and with revoke the REVOKEs, that the owner has to make.

    :param tables: names.
    :param accounts: dict of account to its privileges.
    """
    found = Grants()
    made = set((grantee, table, privilege) for grantee, table, privilege in select(_MADE))
    for account, wanted in accounts.items():
        for table in tables:
            held = set(privilege for grantee, name, privilege in made if (grantee, name) == (account, table))
            missing = [privilege for privilege in PRIVILEGES if privilege in wanted and privilege not in held]
            if missing:
                found.steps.append(_step('GRANT %s ON %s TO %s' % (', '.join(missing), ddl.quoted(table), ddl.quoted(account)), table,
                                         '%s has not the right to %s' % (account, ', '.join(missing))))
            extra = sorted(held - set(wanted))
            if extra and revoke:
                found.steps.append(_step('REVOKE %s ON %s FROM %s' % (', '.join(extra), ddl.quoted(table), ddl.quoted(account)), table,
                                         '%s has the right to %s, which it shall not have' % (account, ', '.join(extra))))
            elif extra:
                found.surplus.append('%s: %s may also %s' % (table, account, ', '.join(extra)))
    return found


def objects(select):
    """Names of all that the owner has: what a synonym may mean."""
    return set(name for (name,) in select(_OBJECTS))


def of_account(select, owner, tables, existing):
    """The synonyms that an account with rights has to make, and those of tables that are gone.

    :param select: of the account's own session.
    :param existing: what objects() says of the owner.
    :returns: (steps, sentences about what is in the way)
    """
    there = dict((name, (table_owner, table)) for name, table_owner, table in select(_SYNONYMS))
    own = set(name for (name,) in select(_OWN_TABLES))
    steps, blocked = [], []
    for table in tables:
        if table in own:
            blocked.append('%s: the account has a table of this name itself, so that it does not see that of %s (ORA-00955).' % (table, owner))
        elif there.get(table) != (owner, table):
            again = ', which now means %s.%s' % there[table] if table in there else ''
            steps.append(_step('CREATE %sSYNONYM %s FOR %s.%s' % ('OR REPLACE ' if again else '', ddl.quoted(table), ddl.quoted(owner), ddl.quoted(table)),
                               table, 'the account has no synonym for the table' if not again else 'the synonym is another one' + again))
    steps += [_step('DROP SYNONYM %s' % ddl.quoted(name), name, '%s has nothing of this name any more' % owner)
              for name, target in sorted(there.items()) if target == (owner, name) and name not in existing]
    return steps, blocked


def _step(sql, name, reason):
    return plan.Step(sql=sql, object=name, risk=plan.METADATA, reason=reason)
