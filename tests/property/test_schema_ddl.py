# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any schema survives the way to text and back, and the way through a database and back; any text is read or refused with its place."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, dictionary, diff, driver, execute, lint, model, plan, render
from hypothesis import given, settings
from hypothesis import strategies as st

STANDIN = Path(__file__).resolve().parents[1] / "lab" / "oracle" / "python"
WORDS = st.sampled_from([f"{word}_{number}" for word in ("TM", "FMD", "PANDA") for number in range(8)])
TEXTS = st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=8).map(lambda text: "'{}'".format(text.replace("'", "''")))
TYPES = st.one_of(
    st.builds(model.Type, name=st.just("VARCHAR2"), length=st.integers(8, 4000), unit=st.sampled_from([None, "BYTE", "CHAR"])),
    st.builds(lambda precision, scale: model.Type(name="NUMBER", precision=precision, scale=min(scale, precision)), st.integers(1, 38), st.integers(0, 6)),
    st.sampled_from([model.Type(name="NUMBER"), model.Type(name="NUMBER", scale=0), model.Type(name="DATE"), model.Type(name="CLOB"),
                     model.Type(name="TIMESTAMP(6)", scale=6)]),
)


@st.composite
def columns(draw: st.DrawFn, name: str) -> model.Column:
    kind = draw(TYPES)
    default = draw(st.one_of(st.none(), TEXTS)) if kind.name in ("VARCHAR2", "CLOB") else None
    return model.Column(name=name, type=kind, default=default, nullable=draw(st.booleans()))


@st.composite
def tables(draw: st.DrawFn, name: str) -> model.Table:
    table = model.Table(name=name)
    for column_name in draw(st.lists(WORDS, min_size=1, max_size=6, unique=True)):
        table.columns[column_name] = draw(columns(column_name))
    keys = [column for column in table.columns.values() if not column.type.is_lob]
    if keys and draw(st.booleans()):
        key = draw(st.sampled_from(keys))
        key.nullable = False
        table.constraints.append(model.Constraint(kind="P", name=draw(st.sampled_from([None, f"{name}_PK"])), columns=(key.name,)))
    texts = [column.name for column in keys if column.type.name == "VARCHAR2"]
    if texts and draw(st.booleans()):
        values = draw(st.lists(TEXTS, min_size=1, max_size=4))
        condition = f"{draw(st.sampled_from(texts))} IN ({', '.join(values)})"
        table.constraints.append(model.Constraint(kind="C", name=draw(st.sampled_from([None, f"{name}_CK"])), condition=condition))
    return table


@st.composite
def schemas(draw: st.DrawFn) -> model.Schema:
    schema = model.Schema()
    for name in draw(st.lists(st.sampled_from(["TASKS", "FILES", "odd name", "LEVEL"]), min_size=1, max_size=3, unique=True)):
        table = draw(tables(name))
        schema.add(table)
        parents = [other for other in schema.tables.values() if other.primary_key]
        if parents and draw(st.booleans()):
            parent = draw(st.sampled_from(parents))
            target = parent.columns[parent.primary_key.columns[0]]
            table.columns["PARENT"] = model.Column(name="PARENT", type=target.type)
            table.constraints.append(model.Constraint(kind="R", name=None, columns=("PARENT",), parent=parent.name, parent_columns=(target.name,),
                                                      on_delete=draw(st.sampled_from([None, "CASCADE", "SET NULL"]))))
    return schema


@given(schemas())
def test_what_is_rendered_is_parsed_as_the_same(schema: model.Schema) -> None:
    for table in schema.tables.values():
        assert ddl.parse(render.create_table(table)) == table


@given(st.text(alphabet=st.sampled_from(list("CREATE TABLE t (a NUMBER, ')\"x;-*/.0|=<\n")), max_size=60))
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    try:
        ddl.parse(text)
    except ddl.SyntaxProblem as problem:
        assert re.match(r"line \d+, column \d+: (expected .*, )?found ", problem.message, re.DOTALL)


@given(schemas(), st.data())
def test_a_statement_cut_anywhere_is_refused(schema: model.Schema, data: st.DataObject) -> None:
    text = render.create_table(next(iter(schema.tables.values())))

    with pytest.raises(CrabError):
        ddl.parse(text[: data.draw(st.integers(0, len(text) - 1))])


@pytest.fixture(scope="module")
def cx_oracle() -> Iterator[object]:
    sys.path.insert(0, str(STANDIN))
    import cx_Oracle

    yield cx_Oracle
    sys.path.remove(str(STANDIN))


@settings(max_examples=60)
@given(schemas())
def test_what_was_created_is_read_back_without_a_difference(cx_oracle: object, schema: model.Schema) -> None:
    from cx_Oracle import _store

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORACLE_STANDIN_DIR", folder)
        _store.create("db", "19")
        store = _store.open_store("db")
        _store.set_account(store, "alice", "pw")
        store.close()
        connection = driver.connect("db", "alice", "pw", "cx_Oracle")
        wanted, _warnings = lint.build(list(schema.tables.values()), [], repair=True)

        outcome = execute.apply(connection, plan.make(diff.compare(wanted, dictionary.read(connection.select))).steps)
        left = diff.compare(wanted, dictionary.read(connection.select))
        connection.close()

    assert outcome.problem is None
    assert left == []
