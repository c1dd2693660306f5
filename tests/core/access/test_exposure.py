"""The app does not start where others could reach it and nobody has to sign in."""

from __future__ import annotations

from typing import Any

import pytest

from core.access import exposure
from core.access.errors import InsecureAddress, SignInMissing
from core.settings import Settings, WrongSetting
from core.settings import read as read_settings

OIDC = {"oidc_issuer": "https://id.example", "oidc_client_id": "desk"}


def chosen(**values: Any) -> Settings:
    return read_settings(_env_file=None, **values)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"listen_address": "::1"},
        {"listen_address": "127.0.0.9", "app_url": "http://desk.localhost:8501"},
        {"listen_address": "0.0.0.0", "allow_anonymous": True},
        {"app_url": "https://desk.example.org", "allow_anonymous": True},
        {"app_url": "https://desk.example.org", "listen_address": "0.0.0.0", **OIDC},
        {**OIDC},
        {
            "app_url": "https://desk.example.org",
            "supabase_url": "https://p.supabase.co",
            "supabase_anon_key": "k",
        },
    ],
)
def test_what_nobody_else_reaches_or_asks_for_sign_in_may_start(values: dict[str, Any]) -> None:
    exposure.require_safe(chosen(**values))


@pytest.mark.parametrize(
    "values",
    [
        {"listen_address": "0.0.0.0"},
        {"listen_address": "::"},
        {"listen_address": "192.0.2.7"},
        {"app_url": "https://desk.example.org"},
        {"app_url": "http://192.0.2.7:8501"},
        {"app_url": "https://desk.example.org", "supabase_url": "https://p.supabase.co"},
    ],
)
def test_what_others_reach_without_sign_in_does_not_start(values: dict[str, Any]) -> None:
    with pytest.raises(SignInMissing) as refused:
        exposure.require_safe(chosen(**values))
    assert "ALLOW_ANONYMOUS=1" in refused.value.hint


def test_people_sign_in_behind_tls_or_on_this_machine_alone() -> None:
    with pytest.raises(InsecureAddress):
        exposure.require_safe(chosen(app_url="http://desk.example.org", **OIDC))


@pytest.mark.parametrize(
    ("listening", "is_refused"), [({"127.0.0.1", "::1"}, False), ({"127.0.0.1", "::"}, True)]
)
def test_where_the_server_really_listens_counts_too(listening: set[str], is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(SignInMissing):
            exposure.require_unreachable(chosen(), listening)
    else:
        exposure.require_unreachable(chosen(), listening)
    exposure.require_unreachable(chosen(**OIDC), listening)
    exposure.require_unreachable(chosen(allow_anonymous=True), listening)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"oidc_issuer": "https://id.example"}, "OIDC_CLIENT_ID"),
        ({"oidc_client_id": "desk"}, "OIDC_CLIENT_ID"),
        ({"listen_address": "desk.example.org"}, "LISTEN_ADDRESS"),
        ({"trusted_proxies": "10.0.0.0/8, nonsense"}, "TRUSTED_PROXIES"),
        ({"session_hours": 0}, "SESSION_HOURS"),
        ({"oidc_issuer": "id.example", "oidc_client_id": "desk"}, "OIDC_ISSUER"),
    ],
)
def test_half_a_setting_is_refused_by_name(values: dict[str, Any], name: str) -> None:
    with pytest.raises(WrongSetting) as refused:
        chosen(**values)
    assert refused.value.name == name
