"""What `python -m core.system probe` tells, on each kind of database and as a role that may do little."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from core import db
from core.check import Check, State
from core.settings import Settings
from core.system import probe
from core.system.probe import NoSuchColumn, NoSuchTable
from tests.servers import forks
from tests.servers.processes import PROJECT


def told(settings: Settings, table: str, column: str | None = None) -> list[Check]:
    return list(probe.probe(settings, table, column))


@pytest.fixture
def plain_database(plain_postgres: str) -> Iterator[db.Database]:
    """A Postgres without Supabase's roles, as its superuser, connected."""
    database = db.connect(plain_postgres)
    yield database
    database.dispose()


@pytest.fixture
def as_reader(plain_database: db.Database, settings: Settings) -> Iterator[Settings]:
    """Settings of a role that may read `uploads`, one column of `users`, and nothing else."""
    role = f"reader_{uuid4().hex[:8]}"
    owner = plain_database.engine
    with owner.begin() as connection:
        connection.execute(sa.text(f"CREATE ROLE {role} LOGIN"))
        connection.execute(sa.text(f"GRANT SELECT ON uploads TO {role}"))
        connection.execute(sa.text(f"GRANT SELECT (name) ON users TO {role}"))
        connection.execute(sa.text("ALTER TABLE uploads ENABLE ROW LEVEL SECURITY"))
        connection.execute(sa.text(f"CREATE POLICY own ON uploads FOR SELECT TO {role} USING (true)"))
    url = owner.url.set(username=role).render_as_string(hide_password=False)
    db.connect(url)
    yield settings.model_copy(update={"database_url": url})
    db.connect(owner.url.render_as_string(hide_password=False))
    with db.current().engine.begin() as connection:
        connection.execute(sa.text(f"DROP OWNED BY {role}"))
        connection.execute(sa.text(f"DROP ROLE {role}"))
    db.current().engine.dispose()


def test_a_table_and_its_columns_are_told(database: db.Database, settings: Settings) -> None:
    exists, role, *_ = told(settings, "predictions")
    assert exists.message.startswith(f"In {database.label}: ")
    assert (exists.state, role.state) == (State.OK, State.OK)
    of_column, *_ = told(settings, "predictions", "status")
    assert of_column.message == "VARCHAR, never null."
    assert told(settings, "tasks", "lease_until")[0].message.endswith(", may be null.")


def test_what_is_misspelt_is_guessed(database: db.Database, settings: Settings) -> None:
    with pytest.raises(NoSuchTable, match=r"no table predictons in .*\. Did you mean predictions"):
        told(settings, "predictons")
    with pytest.raises(NoSuchColumn, match=r"has no column stat\. Did you mean status"):
        told(settings, "predictions", "stat")
    with pytest.raises(NoSuchTable, match=r"There is: .*uploads"):
        told(settings, "zzz")
    with pytest.raises(NoSuchTable, match=r"no table nowhere\.predictions in .* There is: .*"):
        told(settings, "nowhere.predictions")


def test_an_empty_database_is_told_how_to_fill_it(empty_url: str, settings: Settings) -> None:
    db.connect(empty_url)
    with pytest.raises(NoSuchTable, match=r"python -m core\.db upgrade"):
        told(settings.model_copy(update={"database_url": empty_url}), "predictions")
    db.current().engine.dispose()


@pytest.mark.postgres
def test_a_role_is_told_what_it_may(as_reader: Settings) -> None:
    role = as_reader.database_url.split("//")[1].split("@")[0]
    _, may, *_, rows = told(as_reader, "uploads")
    assert may.message == f"Connected as {role}, which can select."
    assert rows.message == (
        f"Row-level security is on, and {role} is subject to it. Policies: own (select, to {role})."
    )
    _, may, *_, rows = told(as_reader, "users", "name")
    assert (may.state, may.message) == (State.OK, f"Connected as {role}, which can select.")
    assert "off" in rows.message
    _, may, *_ = told(as_reader, "users", "email")
    assert (may.state, may.message) == (State.BROKEN, f"Connected as {role}, which can do nothing with it.")
    assert may.hint.startswith(f"Run GRANT SELECT ON users TO {role}, or")


@pytest.mark.postgres
def test_an_owner_passes_row_level_security_by(plain_database: db.Database, settings: Settings) -> None:
    with plain_database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE uploads ENABLE ROW LEVEL SECURITY"))
    _, may, *_, rows = told(settings, "public.uploads")
    assert may.message == "Connected as postgres, which can select, insert, update, delete."
    assert "postgres bypasses it. Policies: none, so nobody subject to it sees a row." in rows.message


@pytest.mark.postgres
def test_with_row_level_security_it_is_told_what_workers_and_what_users_may(
    postgres_database: db.Database, settings: Settings
) -> None:
    lines = told(settings, "tasks")
    message = [line.message for line in lines]
    assert "Connected as service_role, which can select, insert, update, delete." in message
    assert "There is anon, which can do nothing with it." in message
    assert "There is authenticated, which can select, insert." in message
    assert "There is authenticated, which can select, insert, update." in [
        line.message for line in told(settings, "tasks", "cancel_requested")
    ]
    assert "tasks_select (select, to authenticated)" in message[-1]


def test_the_shell_tells_the_same_with_an_exit_code(sqlite_database: db.Database, settings: Settings) -> None:
    asked = [sys.executable, "-m", "core.system", "probe"]
    how = {"cwd": PROJECT, "env": settings.environment(), "capture_output": True, "text": True}
    well = forks.run([*asked, "tasks", "state", "--json"], **how)  # type: ignore[call-overload]
    assert (well.returncode, well.stderr) == (0, "")
    assert [line["name"] for line in json.loads(well.stdout)] == ["state", "May"]
    wrong = forks.run([*asked, "taks"], **how)  # type: ignore[call-overload]
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "Did you mean tasks?" in wrong.stderr
    without = forks.run(asked, **how)  # type: ignore[call-overload]
    assert (without.returncode, "probe needs a table" in without.stderr) == (2, True)


def test_nothing_is_made_where_there_is_no_database(settings: Settings, tmp_path: Path) -> None:
    asked = {**settings.environment(), "DATA_DIR": str(tmp_path / "nothing")}
    ended = forks.run(
        [sys.executable, "-m", "core.system", "probe", "tasks"],
        cwd=PROJECT, env=asked, capture_output=True, text=True,
    )  # fmt: skip
    assert (ended.returncode, "There is no database" in ended.stdout) == (1, True)
    assert not (tmp_path / "nothing").exists()
