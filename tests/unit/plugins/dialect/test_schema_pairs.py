# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pairs of made-up schemas, with rows, that no release would think of: keys, foreign keys, checks and indexes on columns that change their types.

What is planned runs to its end; stopped between any two statements, the next run ends the same.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import alter, dictionary, diff, driver, execute, model, plan, source
from ansible_collections.cmsweb.crab.tests.unit.plugins.module_utils.schema_upgrades import drops_to

TYPES = ('NUMBER', 'NUMBER(5)', 'NUMBER(9,2)', 'VARCHAR(5)', 'VARCHAR(9)', 'CLOB', 'TIMESTAMP', 'DATE', 'CHAR(3)')
# The numbers of pairs whose plan copies a column and needs no decision.
PAIRS = (38, 44, 56, 67, 87, 169, 183, 234, 375, 399)


class Maker:
    """One schema after the other, by the dice."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def schema(self) -> model.Schema:
        """One that a server would take."""
        while True:
            try:
                return source.schema_of(statements=self.statements())[0]
            except CrabError:
                continue

    def statements(self) -> list[str]:
        keys: dict[str, tuple[str, str]] = {}
        return [sql for table in self.dice.sample('TUV', self.dice.randint(1, 3)) for sql in self.table(table, keys)]

    def table(self, table: str, keys: dict[str, tuple[str, str]]) -> list[str]:
        """The table and its indexes. keys: the key of each table before it, as column and type."""
        kinds = {name: self.dice.choice(TYPES) for name in self.dice.sample('ABCDE', self.dice.randint(2, 5))}
        body = [f'{name} {kind}' + self.dice.choice(['', '', '', ' NOT NULL']) for name, kind in kinds.items()]
        names = [f'{table}_K{number}' for number in self.dice.sample(range(7), 7)]
        plain = [name for name, kind in kinds.items() if kind != 'CLOB']
        for kind in self.dice.sample(['PRIMARY KEY', 'UNIQUE'], self.dice.randint(0, 2)) if plain else ():
            columns = self.some(plain)
            body.append(f'CONSTRAINT {names.pop()} {kind} ({", ".join(columns)})')
            if len(columns) == 1:
                keys[table] = (columns[0], kinds[columns[0]])
        for name in plain:
            if kinds[name].startswith('NUMBER') and self.dice.random() < 0.4:
                body.append(f'CONSTRAINT {names.pop()} CHECK ({self.dice.choice([f"{name} >= 0", f"{name} IS NULL OR {name} < 50"])})')
        for parent, (column, kind) in keys.items():
            fitting = [name for name in plain if kinds[name] == kind]
            if parent != table and fitting and self.dice.random() < 0.5:
                body.append(f'CONSTRAINT {names.pop()} FOREIGN KEY ({fitting[0]}) REFERENCES {parent} ({column})')
        indexes = [f'CREATE INDEX {table}_I{number} ON {table} ({", ".join(self.some(plain))}{self.dice.choice(["", " DESC"])})'
                   for number in self.dice.sample(range(3), self.dice.randint(0, 2)) if plain]
        return [f'CREATE TABLE {table} ({", ".join(body)})', *indexes]

    def some(self, names: list[str]) -> list[str]:
        return self.dice.sample(names, min(len(names), self.dice.randint(1, 2)))


def value(column: model.Column, number: int) -> str:
    if column.type.name == 'DATE' or column.type.name.startswith('TIMESTAMP'):
        return f"{column.type.name[:9] if column.type.name != 'DATE' else 'DATE'} '2018-03-0{number}" + (" 00:00:00'" if column.type.name != 'DATE' else "'")
    return str(number) if column.type.name == 'NUMBER' else f"'{number}'"


class Pair:
    """An account with the first schema and as many of two rows in each table as its constraints allow."""

    def __init__(self, oracle: Any, number: int) -> None:
        maker = Maker(random.Random(number))
        self.oracle, self.old, self.wanted = oracle, maker.schema(), maker.schema()
        self.drop = [name for name in drops_to(self.wanted, self.old) if name]
        self.values = {f'{table.name}.{column.name}': value(column, 6) for table in self.wanted.tables.values() for column in table.columns.values()}
        connection = oracle.connect()
        assert execute.apply(connection, plan.make(diff.compare(self.old, model.Schema())).steps).problem is None
        for table in self.old.tables.values():
            for row in (1, 2):
                try:
                    connection.run('INSERT INTO %s VALUES (%s)' % (table.name, ', '.join(value(column, row) for column in table.columns.values())))
                except driver.DatabaseProblem:
                    continue
        connection.run('COMMIT')
        oracle.close()
        oracle.save()

    def plan(self, connection: driver.Connection) -> plan.Plan:
        live = dictionary.read(connection.select)
        changes = diff.compare(self.wanted, live)
        return plan.make(changes, alter.Alteration(changes, live, connection.version, connection.count, self.drop, self.values))

    def rows_after_a_stop(self, steps: list[plan.Step], number: int) -> dict[str, list[tuple]]:
        """What the tables hold when a run was stopped after so many steps, and the next one has done the rest."""
        self.oracle.restore()
        connection = self.oracle.connect()
        assert execute.apply(connection, steps[:number], retries=0).problem is None
        rest = self.plan(connection)
        assert rest.blocked == []
        assert execute.apply(connection, rest.steps, retries=0).problem is None
        last = self.plan(connection)
        assert ([step.sql for step in last.steps], last.blocked) == ([], [])
        rows = {name: sorted(connection.select('SELECT %s FROM %s' % (', '.join(sorted(table.columns)), name)), key=str)
                for name, table in dictionary.read(connection.select).tables.items()}
        self.oracle.close()
        return rows


@pytest.mark.parametrize('number', PAIRS)
def test_a_pair_of_odd_schemas_is_gone_from_one_to_the_other_wherever_the_run_is_stopped(oracle: Any, number: int) -> None:
    pair = Pair(oracle, number)

    made = pair.plan(oracle.connect())
    oracle.close()
    unbroken = pair.rows_after_a_stop(made.steps, len(made.steps))

    assert made.blocked == []
    assert any(step.batch for step in made.steps)
    for stop in range(len(made.steps)):
        assert pair.rows_after_a_stop(made.steps, stop) == unbroken
