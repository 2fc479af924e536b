"""The playbooks for the database, on an account of their own: planned, updated with rows in the tables, purged, reported on, scratched."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from .conftest import ROOT, Site

DSN, USER, PASSWORD, READER_PASSWORD = "opsdb", "crab_ops", "Zecret-ops-9", "Zecret-reader-9"
OLD = """CREATE TABLE tasks (tm_taskname VARCHAR(255), tm_outfiles VARCHAR(4000), CONSTRAINT taskname_pk PRIMARY KEY (tm_taskname));
CREATE TABLE filemetadata (tm_taskname VARCHAR(255) REFERENCES tasks (tm_taskname), fmd_creation_time TIMESTAMP);
"""
NEW = OLD.replace("tm_outfiles VARCHAR(4000)", "tm_outfiles CLOB, tm_activity VARCHAR(255) NOT NULL")
ROWS = ("INSERT INTO tasks (tm_taskname, tm_outfiles) VALUES ('one', 'kept')", "INSERT INTO filemetadata VALUES ('one', TIMESTAMP '2018-03-05 10:00:00')",
        "INSERT INTO filemetadata VALUES ('one', SYSDATE)")
PYTHON = "import cx_Oracle, sys; c = cx_Oracle.connect('{user}', '{password}', '{dsn}'); k = c.cursor(); "


class Account:
    """The account crab_ops on the host, and the variables of a play on it."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder = site, folder
        for user, password in ((USER, PASSWORD), (USER + "_r", READER_PASSWORD)):
            site.on(f"cd /opt/oracle-standin && echo {password} | python3 -m cx_Oracle.admin create --dsn {DSN} --user {user}")
        (folder / "old.sql").write_text(OLD)
        (folder / "new.sql").write_text(NEW)

    def variables(self, release: str = "new", **more: object) -> dict[str, object]:
        return {"crab_database_dsn": DSN, "crab_database_user": USER, "crab_database_password": PASSWORD, "crab_release": release,
                "oracle_schema_checkout": str(self.folder / f"{release}.sql"), "oracle_schema_artifacts": str(self.folder / "artifacts"), **more}

    def run(self, sql: str) -> str:
        """What a statement gives, as a line of JSON for a query."""
        program = (PYTHON.format(user=USER, password=PASSWORD, dsn=DSN) +
                   'k.execute(sys.argv[1]); print([[str(v) for v in row] for row in k] if sys.argv[1].startswith(\\"SELECT\\") else c.commit())')
        return self.site.on(f'cd /opt/oracle-standin && python3 -c "{program}" "{sql}"').strip()

    def tables(self) -> str:
        return self.run("SELECT table_name FROM user_tables ORDER BY table_name")


@pytest.fixture(scope="module")
def account(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Account:
    """With the tables of the old release, and rows in them."""
    made = Account(site, tmp_path_factory.mktemp("schema"))
    site.play("playbooks/schema_update.yml", made.variables("old"), check=True)
    for sql in ROWS:
        made.run(sql)
    return made


def artifacts(account: Account) -> list[Path]:
    return sorted((account.folder / "artifacts").iterdir())


def test_a_history_is_kept_on_the_controller_for_its_owner_alone(account: Account) -> None:
    kept = json.loads(artifacts(account)[0].read_text())

    assert (kept["user"], kept["release"], kept["failed"]) == (USER, "old", {})
    assert [entry["object"] for entry in kept["applied"]] == ["TASKS", "FILEMETADATA"]
    assert stat.S_IMODE(artifacts(account)[0].stat().st_mode) == 0o600
    assert PASSWORD not in artifacts(account)[0].read_text()


def test_an_update_that_needs_a_value_says_so_and_changes_nothing(account: Account) -> None:
    run = account.site.play("playbooks/schema_update.yml", account.variables())

    assert run.code != 0
    assert "give them a value with backfill" in run.failure
    assert account.run("SELECT tm_outfiles FROM tasks") == "[['kept']]"


def test_the_plan_names_steps_and_risks_compares_with_a_script_and_changes_nothing(account: Account) -> None:
    script = account.folder / "update.sql"
    script.write_text("ALTER TABLE tasks ADD tm_activity VARCHAR(255);\nUPDATE tasks SET tm_activity = 'x';\nALTER TABLE tasks ADD tm_other NUMBER;\n")

    run = account.site.play("playbooks/schema_plan.yml", account.variables(oracle_schema_backfill={"TASKS.TM_ACTIVITY": "'none'"},
                                                                           oracle_schema_script=str(script)), check=True)

    for text in ("TASKS: rewrites rows", "RENAME COLUMN TM_OUTFILES$", "Only in update.sql: add column TASKS.TM_OTHER",
                 "Not in update.sql: modify column TASKS.TM_OUTFILES"):
        assert text in run.output, run.output
    assert account.run("SELECT tm_outfiles FROM tasks") == "[['kept']]"
    assert len(artifacts(account)) == 1


def test_an_update_keeps_the_rows_gives_rights_to_the_reader_and_has_nothing_left_to_do(account: Account) -> None:
    variables = account.variables(oracle_schema_backfill={"TASKS.TM_ACTIVITY": "'none'"},
                                  oracle_schema_accounts=[{"name": USER + "_r", "privileges": ["SELECT"], "password": READER_PASSWORD}])

    account.site.on("rm -f /tmp/ps; nohup sh -c 'while test ! -e /tmp/ps.end; do ps -eo args >> /tmp/ps; sleep 0.02; done' > /dev/null 2>&1 &")
    first = account.site.play("playbooks/schema_update.yml", variables, "-vvv", "--diff", check=True)
    processes = account.site.on("touch /tmp/ps.end; cat /tmp/ps")
    second = account.site.play("playbooks/schema_update.yml", variables, check=True)

    assert account.run("SELECT tm_outfiles, tm_activity FROM tasks") == "[['kept', 'none']]"
    reader = PYTHON.format(user=USER + "_r", password=READER_PASSWORD, dsn=DSN) + "print(len(k.execute('SELECT * FROM tasks').fetchall()))"
    assert account.site.on(f'cd /opt/oracle-standin && python3 -c "{reader}"').strip() == "1"
    assert second.changed == 0
    assert "python" in processes
    assert not [secret for secret in (PASSWORD, READER_PASSWORD) if secret in first.output + processes]


def test_a_script_runs_statement_by_statement_and_knows_what_is_done(account: Account) -> None:
    script = account.folder / "rows.sql"
    script.write_text("ALTER TABLE tasks ADD tm_activity VARCHAR(255);\nUPDATE tasks SET tm_activity = 'done';\n")

    run = account.site.play("playbooks/schema_script.yml", account.variables(oracle_schema_script=str(script)), check=True)

    assert "code: ORA-01430" in run.output and "outcome: already done" in run.output, run.output
    assert account.run("SELECT tm_activity FROM tasks") == "[['done']]"


def test_old_rows_are_purged_only_with_the_months_named(account: Account) -> None:
    refused = account.site.play("playbooks/purge_filemetadata.yml", account.variables())
    checked = account.site.play("playbooks/purge_filemetadata.yml", account.variables(oracle_schema_purge_months=1), "--check", check=True)
    before = account.run("SELECT COUNT(*) FROM filemetadata")
    account.site.play("playbooks/purge_filemetadata.yml", account.variables(oracle_schema_purge_months=1), check=True)

    assert refused.code != 0 and "older_than_months: expected 1 or more, found 0." in refused.failure
    assert "rows: '1'" in checked.output and before == "[['2']]"
    assert account.run("SELECT COUNT(*) FROM filemetadata") == "[['1']]"


def test_the_report_tells_what_there_is_and_what_differs(account: Account) -> None:
    run = account.site.play("playbooks/database_report.yml", account.variables("old"), check=True)

    assert "Account     CRAB_OPS at opsdb, OPEN, password without end" in run.output
    assert "Differs     TASKS: the column TM_OUTFILES: type CLOB, the release wants VARCHAR2(4000)" in run.output.replace("\n        ", " ")


def test_tnsnames_is_placed_on_the_host_for_everybody_to_read(account: Account) -> None:
    names = account.folder / "tnsnames.ora"
    names.write_text("opsdb = (DESCRIPTION = (ADDRESS = (PROTOCOL = TCP)(HOST = db.example.org)(PORT = 1521)))\n")

    account.site.play("playbooks/schema_plan.yml", account.variables(oracle_schema_tnsnames=str(names)), check=True)
    assert account.site.on("test -e /etc/tnsnames.ora && echo there || echo none").strip() == "none"       # a plan places nothing

    account.site.play("playbooks/schema_update.yml", account.variables(oracle_schema_tnsnames=str(names)), check=True)
    assert account.site.on("stat -c '%a %U' /etc/tnsnames.ora; cat /etc/tnsnames.ora") == "644 root\n" + names.read_text()
    account.site.on("rm /etc/tnsnames.ora")


def test_the_controller_can_speak_to_the_database_itself(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    standin = str(ROOT / "tests/lab/oracle/python")
    monkeypatch.setenv("ORACLE_STANDIN_DIR", str(account.folder / "controller"))
    os.system(f"cd {standin} && echo {PASSWORD} | python3 -m cx_Oracle.admin create --dsn {DSN} --user {USER}")

    run = account.site.play("playbooks/schema_update.yml", account.variables(oracle_schema_run_on="controller", oracle_schema_python_path=[standin]),
                            check=True)

    assert "What was done" in run.output and "1 TASKS: metadata only: the table is missing" in run.output, run.output


def test_scratch_wants_the_name_of_the_account_and_drops_this_release_alone(account: Account) -> None:
    account.run("CREATE TABLE mine (a NUMBER)")

    refused = account.site.play("playbooks/schema_scratch.yml", account.variables())
    kept = account.tables()
    account.site.play("playbooks/schema_scratch.yml", account.variables(oracle_schema_scratch_account=USER), check=True)

    assert refused.code != 0 and "-e oracle_schema_scratch_account=crab_ops" in refused.failure
    assert kept == "[['FILEMETADATA'], ['MINE'], ['TASKS']]"
    assert account.tables() == "[['MINE']]"
    again = account.site.play("playbooks/schema_update.yml", account.variables(), check=True)
    assert again.changed == 2 and account.tables() == "[['FILEMETADATA'], ['MINE'], ['TASKS']]"
