"""What the database's row-level security refuses reaches the caller as a sentence, and changes nothing."""

from __future__ import annotations

import httpx
import pytest
import sqlalchemy as sa

from core import db

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_refusal_of_the_database_is_a_403_with_a_sentence(
    client: httpx.Client, database: db.Database, me: db.User
) -> None:
    with database.engine.begin() as connection:  # as if a verb had forgotten whose rows it may touch
        connection.execute(sa.text("revoke insert on uploads from authenticated"))
    answer = client.post("/api/csv", files={"file": ("a.csv", b"a,b\n1,2\n3,4\n")}, data={"mode": "none"})
    assert answer.status_code == 403
    said = answer.json()["error"] if "error" in answer.json() else answer.json()
    assert said["code"] == "not_yours"
    assert said["message"].startswith(
        "The database refused this because it affects something that isn't yours"
    )
    assert "42501" not in answer.text
    assert "permission denied" not in answer.text
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.text("select count(*) from uploads")).scalar_one() == 0
