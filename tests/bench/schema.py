"""How long the schema engine takes, beside Alembic's compare_metadata on the same tables in the same run.

Ours: read Create.py (or SQL), introspect, diff, plan, on the Oracle stand-in. Alembic's: compare_metadata on SQLite, its model already built;
it compares less (no checks, no names of keys, no partitions). Processor seconds, medians.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / 'collections'), str(TOP / 'tests/lab/oracle/python')]

import sqlalchemy as sa  # noqa: E402
from alembic.autogenerate import compare_metadata  # noqa: E402
from alembic.migration import MigrationContext  # noqa: E402
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import dictionary, diff, driver, execute, model, plan, source  # noqa: E402
from processor import median  # noqa: E402

TYPES = {'VARCHAR2': lambda kind: sa.String(kind.length), 'NUMBER': lambda kind: sa.Numeric(kind.precision), 'CLOB': lambda kind: sa.Text(),
         'TIMESTAMP(6)': lambda kind: sa.DateTime()}


def crab_statements() -> list[str]:
    modules = {path.parts[-3]: path.read_text() for path in (TOP / 'tests/lab/crabserver/src/python/Databases').glob('*/Oracle/Create.py')}
    return [statement.sql for statement in source.read_modules(modules)]


def many_statements(count: int) -> list[str]:
    kinds = ('VARCHAR(255)', 'NUMBER(38)', 'CLOB', 'TIMESTAMP')
    columns = ', '.join(f'c{number} {kinds[number % 4]}' for number in range(39))
    return [f"CREATE TABLE t{number} (id VARCHAR(60) NOT NULL, {columns}, CONSTRAINT t{number}_pk PRIMARY KEY (id), "
            f"CONSTRAINT t{number}_ck CHECK (c0 IN ('T', 'F')))" for number in range(count)]


def ours(statements: list[str]) -> Callable[[], None]:
    """The account with these tables, and what is timed on it."""
    from cx_Oracle import _store
    _store.create('bench', '19')
    store = _store.open_store('bench')
    _store.set_account(store, 'bench', 'bench')
    store.close()
    connection = driver.connect('bench', 'bench', 'bench', 'cx_Oracle')
    wanted, _warnings = source.schema_of(statements=statements)
    assert execute.apply(connection, plan.make(diff.compare(wanted, model.Schema())).steps).problem is None

    def act() -> None:
        again, _none = source.schema_of(statements=statements)
        assert plan.make(diff.compare(again, dictionary.read(connection.select))).steps == []
    return act


def theirs(statements: list[str], folder: str) -> Callable[[], None]:
    schema, _warnings = source.schema_of(statements=statements)
    metadata = sa.MetaData()
    for table in schema.tables.values():
        keys = table.primary_key.columns
        parts: list[sa.schema.SchemaItem] = [
            sa.Column(column.name, TYPES[column.type.name](column.type), primary_key=column.name in keys, nullable=column.nullable)
            for column in table.columns.values()]
        parts += [sa.CheckConstraint(constraint.condition, name=constraint.name) for constraint in table.constraints_of('C')]
        parts += [sa.ForeignKeyConstraint(constraint.columns, [f'{constraint.parent}.{name}' for name in constraint.parent_columns], name=constraint.name)
                  for constraint in table.constraints_of('R')]
        sa.Table(table.name, metadata, *parts)
    for index in schema.indexes.values():
        sa.Index(index.name, *[metadata.tables[index.table].c[name] for name in index.columns])
    connection = sa.create_engine(f'sqlite:///{folder}/alembic.db').connect()
    metadata.create_all(connection)

    def act() -> None:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    return act


def measure() -> Iterator[tuple[str, float, float, int]]:
    """(what, our seconds, Alembic's, how many times faster we must be) of each size."""
    cases = [("CRAB's schema of 2018", crab_statements(), 21, 2)]
    cases += [(f'{count} tables x 40 columns', many_statements(count), 3, budget) for count, budget in ((250, 2), (1000, 5))]
    for title, statements, times, budget in cases:
        with tempfile.TemporaryDirectory() as folder:
            os.environ['ORACLE_STANDIN_DIR'] = folder
            yield title, median(ours(statements), times), median(theirs(statements, folder), times), budget
