"""What `python -m core.system rows` prints, on each kind of database."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import db
from core.access import tokens
from core.db.tables import Base
from core.db.tables.idempotency_keys import IdempotencyKeyRow
from core.settings import Settings
from core.system import rows
from core.system.probe import NoSuchColumn, NoSuchTable
from core.system.rows import HIDDEN, WrongCondition
from tests.servers import forks
from tests.servers.processes import PROJECT

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_a_user_is_found_by_a_value(database: db.Database, settings: Settings, user: db.User) -> None:
    (found,) = rows.read(settings, "users", f"id={user.id}").rows
    assert found["id"] == str(user.id)
    assert found["is_local"] is False
    assert found["blocked_at"] is None
    assert found["created_at"].endswith("+00:00")
    assert rows.read(settings, "users", "is_local=true").rows != rows.read(settings, "users").rows
    assert rows.read(settings, "users", "blocked_at=null", limit=10_000).n_left_out == 0
    assert rows.read(settings, "users", "name=nobody of this name").rows == []


def test_every_table_can_be_read(database: db.Database, settings: Settings, user: db.User) -> None:
    for table in Base.all():
        json.dumps(rows.read(settings, table).rows, allow_nan=False)


def test_no_secret_is_shown(database: db.Database, settings: Settings, user: db.User) -> None:
    with db.session_scope(user, write=True) as session:
        _, secret = tokens.create(session, name="mine", scopes=["read"], days=1, now=NOW)
        session.add(
            IdempotencyKeyRow(
                user_id=user.id,
                key="k",
                request_sha256="0" * 64,
                status_code=201,
                answer={"token": secret},
            )
        )
    shown = json.dumps([rows.read(settings, table).rows for table in ("api_tokens", "idempotency_keys")])
    assert secret not in shown
    (token,) = rows.read(settings, "api_tokens", f"user_id={user.id}").rows
    assert token["secret_hash"] == HIDDEN
    with pytest.raises(WrongCondition, match="nobody is shown"):
        rows.read(settings, "api_tokens", f"secret_hash={token['secret_hash']}")


def test_every_column_that_is_named_like_a_secret_is_hidden() -> None:
    suspected = [
        column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(word in column.name for word in ("secret", "password", "token_hash", "nonce"))
    ]
    assert suspected
    assert [str(column) for column in suspected if not column.info.get("hidden")] == []


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("id", "it has no ="),
        ("id=7", "its column holds UUIDs"),
        ("is_local=1", "its column holds true or false"),
        ("created_at=yesterday", "its column holds times with their zone"),
        ("created_at=2026-01-31T12:00:00", "its column holds times with their zone"),
    ],
)
def test_a_condition_that_can_not_be_met_is_refused(
    sqlite_database: db.Database, settings: Settings, condition: str, said: str
) -> None:
    with pytest.raises(WrongCondition) as refused:
        rows.read(settings, "users", condition)
    assert said in refused.value.message


def test_what_is_not_there_is_named_with_what_is_near(
    sqlite_database: db.Database, settings: Settings
) -> None:
    with pytest.raises(NoSuchTable, match="Did you mean users"):
        rows.read(settings, "user")
    with pytest.raises(NoSuchColumn, match="Did you mean role"):
        rows.read(settings, "users", "roles=admin")
    with pytest.raises(WrongCondition, match="whole numbers"):
        rows.read(settings, "uploads", f"id={10**30}")
    with pytest.raises(WrongCondition, match="JSON"):
        rows.read(settings, "api_tokens", "scopes=read")


def test_the_newest_come_first_and_what_is_left_out_is_told(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    with db.session_scope(user, write=True) as session:
        for n, name in enumerate(("first", "second")):
            tokens.create(session, name=name, scopes=["read"], days=1, now=NOW + timedelta(seconds=n))
    with db.session_scope(db.WORKER) as session:
        n = session.execute(sa.text("SELECT count(*) FROM api_tokens")).scalar_one()
    found = rows.read(settings, "api_tokens", limit=1)
    assert [row["name"] for row in found.rows] == ["second"]
    assert found.n_left_out == n - 1


def test_the_shell_prints_json_and_makes_nothing(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    asked = [sys.executable, "-m", "core.system", "rows"]
    how = {"cwd": PROJECT, "capture_output": True, "text": True}
    well = forks.run([*asked, "users", f"id={user.id}"], env=settings.environment(), **how)  # type: ignore[call-overload]
    assert (well.returncode, well.stderr) == (0, "")
    assert [row["id"] for row in json.loads(well.stdout)] == [str(user.id)]
    wrong = forks.run([*asked, "usr"], env=settings.environment(), **how)  # type: ignore[call-overload]
    assert (wrong.returncode, wrong.stdout) == (1, "")
    nowhere = {**settings.environment(), "DATABASE_URL": "", "DATA_DIR": str(tmp_path / "nothing")}
    nothing = forks.run([*asked, "users"], env=nowhere, **how)  # type: ignore[call-overload]
    assert (nothing.returncode, "There is no database" in nothing.stdout) == (1, True)
    assert not (tmp_path / "nothing").exists()
