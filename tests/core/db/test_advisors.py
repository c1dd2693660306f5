"""Supabase's own linter has nothing to warn of in the migrated schema; and would say so if it had."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from core import db
from tests.servers.advisors import advise

pytestmark = pytest.mark.postgres


@pytest.fixture
def url(postgres_database: db.Database) -> str:
    return postgres_database.engine.url.render_as_string(hide_password=False)


def test_supabases_linter_has_nothing_to_warn_of(url: str, tmp_path: Path) -> None:
    assert advise(url, folder=tmp_path) == []


@pytest.mark.parametrize(
    ("mistake", "lint"),
    [
        ("alter table tasks disable row level security", "rls_disabled_in_public"),
        ("create view seen as select * from users", "security_definer_view"),
        ("create policy bare on tasks to authenticated using (user_id = auth.uid())", "auth_rls_initplan"),
        ("create function f() returns int language sql as 'select 1'", "function_search_path_mutable"),
    ],
)
def test_a_mistake_in_the_schema_is_found_by_it(
    postgres_database: db.Database, url: str, tmp_path: Path, mistake: str, lint: str
) -> None:
    with postgres_database.engine.begin() as connection:
        connection.execute(sa.text(mistake))
    assert lint in {found["name"] for found in advise(url, folder=tmp_path)}
