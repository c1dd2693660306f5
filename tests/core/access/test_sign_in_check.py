"""What the System page and command say of who may come in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core import db
from core.access import room
from core.check import Check, State
from core.settings import Settings
from core.settings import read as read_settings
from core.system import checks
from tests.core.system.contexts import looked_at
from tests.servers.oidc import OidcServer
from tests.servers.ports import spare_port


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcServer]:
    started = OidcServer("http://localhost:8501")
    yield started
    started.stop()


def told(**values: Any) -> list[Check]:
    return list(room.check_sign_in(looked_at(read_settings(_env_file=None, **values))))


def test_on_loopback_it_is_fine_that_nobody_signs_in() -> None:
    (line,) = told()
    assert (line.state, line.message) == (State.OK, "Off. Only this machine can open the app.")


def test_that_everybody_may_do_everything_is_worth_a_look_and_has_a_cure() -> None:
    (line,) = told(app_url="https://desk.example.org", allow_anonymous=True)
    assert line.state is State.WARN
    assert "OIDC_ISSUER" in line.hint


def test_each_way_in_is_named_and_no_secret_is(provider: OidcServer) -> None:
    lines = told(
        **provider.settings(), supabase_url="https://p.supabase.co", supabase_anon_key="sb_publishable_x"
    )
    message = " ".join(line.message for line in lines)
    assert provider.endpoint in message
    assert "https://p.supabase.co" in message
    assert "ADMIN_EMAILS" in message
    assert provider.client_secret not in message
    assert "sb_publishable_x" not in message
    assert len(told(**provider.settings(), admin_emails="ada@example.org")) == 1


def test_a_provider_that_is_away_is_a_red_line_of_the_whole(
    sqlite_database: db.Database, settings: Settings
) -> None:
    nowhere = f"http://127.0.0.1:{spare_port()}"
    away = settings.model_copy(update={"oidc_issuer": nowhere, "oidc_client_id": "desk"})
    (line,) = [check for check in checks.run(away) if check.part == "Sign-in"]
    assert (line.state, line.name) == (State.BROKEN, "Provider")
    assert "OpenID configuration can't be read" in line.message
