# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second parser, which shares nothing with ours and nothing with the stand-in's, over every statement that the engine can make."""

from __future__ import annotations

import re

import pytest
from sqlfluff.core import FluffConfig, Linter

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import (
    alter, dictionary, diff, execute, grants, history, model, operations, plan, purge, rename, render, scratch, source)
from ansible_collections.cmsweb.crab.tests.unit.plugins.module_utils.schema_upgrades import RELEASES, Upgrade, schema_of

NAME = r'[A-Z][A-Z0-9_$#]*'
# What sqlfluff's Oracle dialect does not know, as (form, what is left of it to be parsed). Nothing else is let through.
UNKNOWN = (
    (rf'ALTER TABLE ({NAME}) MODIFY\n(PARTITION BY .*)\nONLINE', r'CREATE TABLE \1 (A NUMBER)\n\2'),
    (rf"\nPARTITION BY RANGE \({NAME}\)\nINTERVAL \(NUMTOYMINTERVAL\(1, 'MONTH'\)\)\n\(\n  PARTITION {NAME} VALUES LESS THAN \((TO_DATE.*)\)\n\)",
     r';\nSELECT \1 FROM DUAL'),
    (r', interval FROM user_part_tables', ' FROM user_part_tables'),
    (rf'ALTER TABLE ({NAME}) (DROP|TRUNCATE) PARTITION {NAME} UPDATE INDEXES', r'ALTER TABLE \1 DROP CONSTRAINT A'),
    (rf'ALTER TABLE ({NAME}) (ENABLE|DISABLE) ROW MOVEMENT', r'ALTER TABLE \1 DROP CONSTRAINT A'),
    (rf'ALTER TABLE ({NAME}) SHRINK SPACE', r'ALTER TABLE \1 DROP CONSTRAINT A'),
    (rf'ALTER TABLE ({NAME}) MODIFY CONSTRAINT ({NAME}) (ENABLE )?VALIDATE', r'ALTER TABLE \1 DROP CONSTRAINT \2'),
    (rf'ALTER TABLE ({NAME}) SET UNUSED \(({NAME})\)', r'ALTER TABLE \1 DROP COLUMN \2'),
    (rf'ALTER TABLE ({NAME}) DROP (UNUSED COLUMNS|COLUMNS CONTINUE) CHECKPOINT \d+', r'ALTER TABLE \1 DROP CONSTRAINT A'),
    (rf'ALTER INDEX ({NAME}) REBUILD (NO)?COMPRESS( \d)?', r'DROP INDEX \1'),
    (r'\nENABLE ROW MOVEMENT\Z', ''),
    (r'PURGE RECYCLEBIN', 'COMMIT'),
    (r'ALTER SESSION SET DDL_LOCK_TIMEOUT = \d+', 'COMMIT'),
)
PARENT = 'CREATE TABLE p (id NUMBER, CONSTRAINT p_pk PRIMARY KEY (id))'
SPECIAL = (
    # what is there, what is wanted, options of the plan
    (['CREATE TABLE t (a NUMBER, b NUMBER)', 'CREATE INDEX i ON t (a, b)', 'CREATE INDEX j ON t (b)', 'CREATE INDEX k ON t (b, a)'],
     ['CREATE TABLE t (a NUMBER, b NUMBER)', 'CREATE INDEX i ON t (a, b) COMPRESS 1', 'CREATE INDEX other ON t (b)', 'CREATE UNIQUE INDEX k ON t (a)'], {}),
    (['CREATE TABLE t (a NUMBER, b NUMBER)', 'CREATE INDEX i ON t (a, b) COMPRESS 2'],
     ['CREATE TABLE t (a NUMBER, b NUMBER)', 'CREATE INDEX i ON t (a, b)'], {}),
    ([PARENT, 'CREATE TABLE t (a NUMBER)'],
     [PARENT, 'CREATE TABLE t (a NUMBER, CONSTRAINT c CHECK (a > 0), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE, UNIQUE (a))'],
     {'novalidate': True}),
    (['CREATE TABLE t (a NUMBER)'],
     ['CREATE TABLE t (a NUMBER)', 'CREATE SEQUENCE s START WITH 5 INCREMENT BY 2 MINVALUE 1 MAXVALUE 99 NOCACHE CYCLE ORDER',
      'CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW\nBEGIN\n  SELECT s.nextval INTO :new.a FROM dual;\nEND;'], {}),
    (['CREATE TABLE t (a NUMBER, CONSTRAINT c CHECK (a > 0) DISABLE, CONSTRAINT old CHECK (a < 9))'],
     ['CREATE TABLE t (a NUMBER, CONSTRAINT c CHECK (a > 0), CONSTRAINT new CHECK (a < 9))'], {}),
    (['CREATE TABLE t (a NUMBER, gone NUMBER, CONSTRAINT c CHECK (a > 0))', 'CREATE TABLE u (a NUMBER)', 'CREATE SEQUENCE s', 'CREATE INDEX i ON t (a)',
      'CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW\nBEGIN\n  SELECT s.nextval INTO :new.a FROM dual;\nEND;'],
     ['CREATE TABLE t (a NUMBER)'], {'drop': ['T.GONE', 'C', 'U', 'S', 'I', 'X']}),
    (["CREATE TABLE t (a VARCHAR(9) DEFAULT 'x' NOT NULL, b NUMBER, old NUMBER)", "COMMENT ON COLUMN t.a IS 'the user''s'", 'INSERT INTO t (b) VALUES (1)',
      'CREATE SEQUENCE s', 'CREATE SEQUENCE r', 'CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW\nBEGIN\n  SELECT s.nextval INTO :new.b FROM dual;\nEND;'],
     ["CREATE TABLE t (a CLOB DEFAULT 'x' NOT NULL, b NUMBER, \"order\" NUMBER) ENABLE ROW MOVEMENT", 'CREATE SEQUENCE s', 'CREATE SEQUENCE r',
      'CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW\nBEGIN\n  SELECT r.nextval INTO :new.b FROM dual;\nEND;'],
     {'drop': ['T.OLD']}),
    # What a change of type left that was stopped before its last statement, and before the last but two.
    (['CREATE TABLE t (a CLOB, a$6dcd4ce2$0c10465f NUMBER)'], ['CREATE TABLE t (a CLOB)'], {}),
    (['CREATE TABLE t (a$6dcd4ce2 NUMBER(5), a$6dcd4ce2$0c10465f VARCHAR(9) NOT NULL)'], ['CREATE TABLE t (a NUMBER(5))'], {}),
)


@pytest.fixture(scope='module')
def parser() -> Linter:
    return Linter(config=FluffConfig(overrides={'dialect': 'oracle', 'large_file_skip_byte_limit': 0}))


def faults(parser: Linter, sql: str) -> list[str]:
    """What the parser has against a statement, after what it does not know is taken out."""
    for form, rest in UNKNOWN:
        sql = re.sub(form, rest, sql, flags=re.DOTALL)
    parsed = parser.parse_string(sql if sql.rstrip().endswith(';') else sql + ';')
    found = [violation.desc() for violation in parsed.violations]
    if parsed.tree is None or 'unparsable' in parsed.tree.type_set():
        found.append('unparsable')
    return found


def refused(parser: Linter, statements: list[str]) -> list[tuple[str, list[str]]]:
    return [(sql, found) for sql in dict.fromkeys(statements) if (found := faults(parser, sql))]


@pytest.mark.parametrize('release', RELEASES)
def test_what_creates_a_release_is_oracle_s_sql(parser: Linter, release: str) -> None:
    made = plan.make(diff.compare(schema_of(release), model.Schema()))

    assert refused(parser, [step.sql for step in made.steps]) == []


@pytest.mark.parametrize('old, new', list(zip(RELEASES, RELEASES[1:])))
def test_what_leads_from_release_to_release_is_oracle_s_sql(parser: Linter, oracle, old: str, new: str) -> None:
    upgrade = Upgrade(oracle, old, new)

    assert refused(parser, [step.sql for step in upgrade.plan(oracle.connect()).steps]) == []


def planned(oracle, there: list[str], wanted: list[str], options: dict[str, object]):
    oracle.run(*there)
    connection = oracle.connect()
    live = dictionary.read(connection.select)
    changes = diff.compare(source.schema_of(statements=list(wanted))[0], live)
    return changes, plan.make(changes, alter.Alteration(changes, live, (19,), connection.count, **options))


@pytest.mark.parametrize('there, wanted, options', SPECIAL)
def test_what_no_release_needs_is_oracle_s_sql_too(parser: Linter, oracle, there: list[str], wanted: list[str], options: dict[str, object]) -> None:
    _changes, made = planned(oracle, there, wanted, options)

    assert made.steps and made.blocked == []
    assert refused(parser, [step.sql for step in made.steps]) == []


def test_every_kind_of_change_is_among_those_that_are_parsed(oracle) -> None:
    kinds = {operations.RenameColumn, operations.FinishColumn, operations.DropUnused, operations.ContinueDrop}      # the next tests'
    for there, wanted, options in SPECIAL:
        kinds |= {type(change) for change in planned(oracle, there, wanted, options)[0]}
        oracle.run(*[f'DROP TABLE {name} CASCADE CONSTRAINTS' for name in oracle.read().tables], *[f'DROP SEQUENCE {name}' for name in oracle.read().sequences])
    for old, new in zip(RELEASES, RELEASES[1:]):
        kinds |= {type(change) for change in diff.compare(schema_of(new), schema_of(old))}

    assert set(alter.Alteration._PLANNERS) | set(plan.Creation._PHASES) <= kinds


def test_renames_history_grants_scratch_and_purge_are_oracle_s_sql(parser: Linter, oracle) -> None:
    oracle.account('crab_alice_r', 'pw')
    shadow = operations.shadow_name('B')
    oracle.run("CREATE TABLE t (a NUMBER, made TIMESTAMP, %s CLOB)" % shadow, "INSERT INTO t (made) VALUES (TIMESTAMP '2018-03-05 10:00:00')",
               "CREATE TABLE q (made TIMESTAMP NOT NULL) PARTITION BY RANGE (made) INTERVAL (NUMTOYMINTERVAL(1, 'MONTH')) (PARTITION p1 VALUES LESS THAN "
               "(TO_DATE('2017-04-14', 'YYYY-MM-DD')))", "INSERT INTO q VALUES (TIMESTAMP '2016-03-05 10:00:00')",
               "INSERT INTO q VALUES (TIMESTAMP '2018-03-05 10:00:00')", 'CREATE SEQUENCE s', 'GRANT DELETE ON t TO crab_alice_r')
    connection = oracle.connect()
    live = dictionary.read(connection.select)
    wanted = source.schema_of(statements=['CREATE TABLE t (x NUMBER, made TIMESTAMP, b CLOB)', 'CREATE SEQUENCE s'])[0]
    renames, after = rename.apply(live, {'T.A': 'X'})
    changes = renames + diff.compare(wanted, after)
    wish = purge.Wish(table='T', column='MADE', months=1, batch=10, shrink=True, unindexed_limit=0, recycle_bin=True)
    by_rows = purge.make(wish, live, connection.select, connection.count)
    by_partition = purge.make(wish.replace(table='Q'), live, connection.select, connection.count)

    steps = plan.make(changes, alter.Alteration(changes, live, (19,), connection.count)).steps
    steps += by_rows.steps + by_rows.after + by_partition.steps + scratch.make(wanted, live).steps
    steps += grants.of_owner(connection.select, ['T', 'Q'], {'CRAB_ALICE_R': ['SELECT', 'INSERT']}, revoke=True).steps
    steps += grants.of_account(connection.select, 'CRAB_BOB', ['OTHER'], set())[0]
    history.Writer(connection, 'v1')
    execute.apply(connection, steps[:1])

    assert refused(parser, [step.sql for step in steps] + [sql for sql in oracle.statements() if 'CMSWEB_CRAB_HISTORY' in sql]) == []
    assert {type(change) for change in changes} >= {operations.RenameColumn, operations.FinishColumn}
    assert {' '.join(step.sql.split()[:1] + step.sql.split()[3:5]) for step in steps} >= {
        'ALTER RENAME COLUMN', 'ALTER SHRINK SPACE', 'ALTER DROP PARTITION', 'ALTER TRUNCATE PARTITION', 'ALTER ENABLE ROW', 'ALTER DISABLE ROW'}


def test_setting_columns_unused_and_dropping_them_is_oracle_s_sql(parser: Linter, oracle) -> None:
    wanted = [PARENT, 'CREATE TABLE t (a NUMBER)']
    marked = planned(oracle, [PARENT, 'CREATE TABLE t (a NUMBER, gone NUMBER)'], wanted, {'drop': ['T.GONE'], 'set_unused': True})[1]
    live = oracle.read()
    live.tables['P'].unused, live.tables['T'].half_dropped = 2, True
    schema = source.schema_of(statements=list(wanted))[0]
    changes = diff.compare(schema, live) + diff.unused(schema, live)

    steps = marked.steps + plan.make(changes, alter.Alteration(changes, live, (19,), None)).steps

    assert [step.sql for step in steps] == ['ALTER TABLE T SET UNUSED (GONE)', 'ALTER TABLE T DROP COLUMNS CONTINUE CHECKPOINT 1000',
                                            'ALTER TABLE P DROP UNUSED COLUMNS CHECKPOINT 1000']
    assert refused(parser, [step.sql for step in steps]) == []


@pytest.mark.parametrize('name', sorted(dictionary.QUERIES))
def test_the_queries_of_the_dictionary_are_oracle_s_sql(parser: Linter, name: str) -> None:
    assert faults(parser, dictionary.QUERIES[name]) == []


@pytest.mark.parametrize('sql', [
    'ALTER TABLE T ADD COLUMN A NUMBER', 'ALTER TABLE T MODIFY COLUMN A NUMBER', 'CREATE TABLE T (A NUMBER CONSTRAINT C CHECK (A > 0) CONSTRAINT)',
    'CREATE INDEX IF I ON T (A)', 'ALTER TABLE T RENAME A TO B', "DELETE FROM T WHERE A < TIMESTAMP '2018-01-01 00:00:00' LIMIT 5"])
def test_what_is_wrong_is_refused(parser: Linter, sql: str) -> None:
    assert faults(parser, sql) != []


def test_the_names_of_the_model_that_need_quotes_have_them(parser: Linter) -> None:
    table = model.Table(name='T', columns={'order': model.Column('order', model.type_of('NUMBER')), 'DATE': model.Column('DATE', model.type_of('DATE'))})

    assert refused(parser, [render.create_table(table)]) == []
