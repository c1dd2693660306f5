"""Signing in and out over HTTP, with a provider and with Supabase Auth that others wrote."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from core import db
from core.access import oidc as product
from core.access.throttle import MOST_TOGETHER
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.credentials import SessionRow
from core.db.tables.users import UserRow
from core.settings import Settings
from tests.core.api.conftest import Switch, served
from tests.servers.oidc import OidcServer, sign_in
from tests.servers.ports import spare_port
from tests.servers.supabase_auth import PASSWORD, SupabaseAuthServer
from tests.servers.waiting import PATIENCE_S


@dataclass(frozen=True)
class Desk:
    """The API with its gate, for these settings."""

    settings: Settings
    url: str

    def browser(self) -> httpx.Client:
        """With cookies of its own; it follows no redirect."""
        origin = {
            "Origin": self.url,
            "Accept": "text/html",
            "User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0",
        }
        return httpx.Client(
            base_url=self.url, headers=origin, trust_env=False, timeout=PATIENCE_S, verify=False
        )

    @property
    def cookie(self) -> str:
        return f"model_desk_{self.settings.port}"


def desk(server: Switch, settings: Settings, **chosen: Any) -> Desk:
    updated = Settings(**{**settings.model_dump(), **chosen, "port": server.port})
    server.app = served(updated)
    return Desk(updated, f"http://localhost:{server.port}")


@pytest.fixture(scope="session")
def provider(server: Switch) -> Iterator[OidcServer]:
    started = OidcServer(f"http://localhost:{server.port}")
    yield started
    started.stop()


@pytest.fixture
def at_provider(database: db.Database, server: Switch, settings: Settings, provider: OidcServer) -> Desk:
    """An app whose people sign in with the provider."""
    return desk(server, settings, **provider.settings(), admin_emails="ada@example.org")


@pytest.fixture
def at_supabase(
    sqlite_database: db.Database, server: Switch, settings: Settings, supabase_auth: SupabaseAuthServer
) -> Desk:
    """An app whose people sign in with Supabase."""
    return desk(server, settings, **supabase_auth.settings())


def events() -> list[AuditEventRow]:
    with db.session_scope(db.WORKER) as session:
        return [*session.execute(sa.select(AuditEventRow).order_by(AuditEventRow.created_at)).scalars()]


def test_somebody_signs_in_with_the_provider_and_is_who_the_provider_says(at_provider: Desk) -> None:
    with at_provider.browser() as browser:
        assert browser.get("/api/me").status_code == 401
        answer = sign_in(browser, "ada", path="/predictions?status=FAILED")
        assert (answer.status_code, answer.headers["location"]) == (303, "/predictions?status=FAILED")
        me = browser.get("/api/me").json()
        assert (me["name"], me["email"], me["role"], me["via"]) == (
            "Ada",
            "ada@example.org",
            "admin",
            "session",
        )
    (event,) = events()
    assert (event.actor, event.action, event.address) == ("ada@example.org", "sign_in", "127.0.0.1")


def test_a_way_that_is_off_is_refused_with_the_one_that_is_on(
    at_provider: Desk, server: Switch, supabase_auth: SupabaseAuthServer
) -> None:
    with at_provider.browser() as browser:
        refused = browser.post("/login", data={"email": "ada@example.org", "password": "x"})
    assert refused.status_code == 401
    assert "Sign-in with a password is off. Continue with 127.0.0.1." in refused.text
    no_provider = {"oidc_issuer": "", "oidc_client_id": "", "oidc_client_secret": ""}
    by_password = desk(server, at_provider.settings, **no_provider, **supabase_auth.settings())
    for path in ("/login/oidc", "/login/callback"):
        with by_password.browser() as browser:
            refused = browser.get(path)
        assert refused.status_code == 401
        assert "Sign-in with a provider is off. Sign in with your e-mail and password." in refused.text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(at_provider: Desk) -> None:
    with at_provider.browser() as browser:
        said = sign_in(browser, "ada").headers.get_list("set-cookie")
    (session,) = (cookie for cookie in said if cookie.startswith(f"{at_provider.cookie}="))
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "Path=/" in session
    assert "Domain" not in session
    assert "Secure" not in session  # on this machine there is no TLS
    (begun,) = (cookie for cookie in said if cookie.startswith(f"{at_provider.cookie}_begun="))
    assert "Max-Age=0" in begun


def test_behind_tls_the_cookie_is_sent_over_tls_alone(
    sqlite_database: db.Database, server: Switch, settings: Settings, supabase_auth: SupabaseAuthServer
) -> None:
    email = f"{uuid4().hex}@example.org"
    supabase_auth.sign_up(email)
    behind = desk(server, settings, **supabase_auth.settings(), app_url="https://desk.example")
    ours = {"Host": "desk.example", "Origin": "https://desk.example"}
    with behind.browser() as browser:
        answer = browser.post("/login", data={"email": email, "password": PASSWORD}, headers=ours)
    assert answer.status_code == 303
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-model_desk=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_the_same_person_is_the_same_user_at_every_sign_in_and_another_is_not(at_provider: Desk) -> None:
    ids = []
    for name in ("ada", "ada", "bob"):
        with at_provider.browser() as browser:
            sign_in(browser, name)
            ids.append(browser.get("/api/me").json()["user_id"])
    assert ids[0] == ids[1] != ids[2]


def test_each_sign_in_gives_a_new_secret_and_a_planted_one_is_worth_nothing(at_provider: Desk) -> None:
    with at_provider.browser() as browser:
        browser.cookies.set(at_provider.cookie, "planted", domain="localhost.local")
        sign_in(browser, "ada")
        first = browser.cookies[at_provider.cookie]
        browser.cookies.clear()
        sign_in(browser, "ada")
        second = browser.cookies[at_provider.cookie]
    assert len({"planted", first, second}) == 3
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.select(sa.func.count()).select_from(SessionRow)).scalar_one() == 2


def test_what_is_sent_to_the_provider_binds_the_answer_to_this_browser(at_provider: Desk) -> None:
    with at_provider.browser() as browser:
        asked = parse_qs(urlsplit(browser.get("/login/oidc").headers["location"]).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{at_provider.url}/login/callback"]
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 43


def test_an_answer_to_another_browsers_question_signs_nobody_in(at_provider: Desk) -> None:
    with at_provider.browser() as mallory, at_provider.browser() as victim:
        mallorys = dict(sign_in(mallory, "mallory").request.url.params)
        victim.get("/login/oidc")
        answer = victim.get("/login/callback", params=mallorys)
        assert answer.status_code == 401
        assert victim.get("/api/me").status_code == 401
    with at_provider.browser() as without_any:
        assert without_any.get("/login/callback", params=mallorys).status_code == 401


def test_a_code_is_good_once(at_provider: Desk) -> None:
    with at_provider.browser() as browser:
        begun = browser.get("/login/oidc")
        kept = dict(browser.cookies)
        answer = sign_in(browser, "ada")
        browser.cookies.update(kept)
        again = browser.get("/login/callback", params=dict(answer.request.url.params))
    assert begun.status_code == 303
    assert again.status_code == 401


def test_a_person_who_is_refused_by_the_provider_is_told_so(at_provider: Desk) -> None:
    with at_provider.browser() as browser:
        state = parse_qs(urlsplit(browser.get("/login/oidc").headers["location"]).query)["state"][0]
        answer = browser.get("/login/callback", params={"state": state, "error": "access_denied"})
    assert answer.status_code == 401
    assert (
        "The provider did not let you in" in answer.text or "the provider did not let you in" in answer.text
    )
    assert "<form" in answer.text or 'id="oidc"' in answer.text


def test_an_address_that_the_provider_has_not_verified_makes_nobody_an_admin(
    sqlite_database: db.Database, server: Switch, settings: Settings, provider: OidcServer
) -> None:
    named = desk(server, settings, **provider.settings(), admin_emails="unproven-eve@example.org")
    with named.browser() as browser:
        sign_in(browser, "unproven-eve")
        assert browser.get("/api/me").json()["email"] is None
        assert browser.get("/api/me").json()["role"] == "analyst"
    limited = desk(server, settings, **provider.settings(), allowed_emails="@example.org")
    with limited.browser() as browser:
        assert sign_in(browser, "unproven-mallory").status_code == 403
    with limited.browser() as browser:
        assert sign_in(browser, "bob").status_code == 303


def test_signing_out_ends_the_session_for_good(at_provider: Desk) -> None:
    with at_provider.browser() as browser:
        sign_in(browser, "ada")
        secret = browser.cookies[at_provider.cookie]
        answer = browser.post("/logout")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?out=1")
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert "You are signed out." in browser.get("/login?out=1").text
        browser.cookies.set(at_provider.cookie, secret, domain="localhost.local")
        assert browser.get("/api/me").status_code == 401
    assert [event.action for event in events()] == ["sign_in", "sign_out"]


def test_who_has_signed_out_is_shown_the_way_out_of_the_provider(
    at_provider: Desk, provider: OidcServer
) -> None:
    with at_provider.browser() as browser:
        assert 'id="out"' not in browser.get("/login").text
        page = browser.get("/login?out=1").text
    (link,) = re.findall(r'<a id="out" href="([^"]+)"', page)
    assert f"client_id={at_provider.settings.oidc_client_id}" in link
    asked = httpx.get(html.unescape(link), trust_env=False, timeout=PATIENCE_S)
    assert asked.status_code == 200
    assert "/session/end/confirm" in asked.text


def test_a_link_of_another_site_signs_nobody_out(at_provider: Desk) -> None:
    with at_provider.browser() as browser:
        sign_in(browser, "ada")
        asked = browser.get("/logout", headers={"Sec-Fetch-Site": "cross-site"})
        assert "<form" in asked.text
        forged = browser.post("/logout", headers={"Origin": "https://evil.example"})
        assert forged.status_code == 403
        assert browser.get("/api/me").status_code == 200
        assert browser.get("/logout", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
        assert browser.get("/api/me").status_code == 401


def test_ending_another_session_of_ones_own_leaves_this_one(at_provider: Desk) -> None:
    with at_provider.browser() as here, at_provider.browser() as there:
        sign_in(here, "ada")
        sign_in(there, "ada")
        listed = here.get("/api/sessions").json()["items"]
        assert [entry["agent"] for entry in listed] == ["Mozilla/5.0 (X11; Linux) Firefox/140.0"] * 2
        (other,) = (entry["id"] for entry in listed if not entry["is_this"])
        assert here.delete(f"/api/sessions/{other}").status_code == 200
        assert here.get("/api/me").status_code == 200
        assert there.get("/api/me").status_code == 401


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/models", "/models"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/logout", "/"),
        ("/login/oidc", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nSet-Cookie: x=y", "/"),
        ("", "/"),
    ],
)
def test_one_is_sent_on_to_pages_of_ours_alone(at_provider: Desk, asked: str, leads_to: str) -> None:
    with at_provider.browser() as browser:
        assert sign_in(browser, "ada", path=asked).headers["location"] == leads_to
        assert browser.get("/login", params={"next": asked}).headers["location"] == leads_to


def test_a_provider_that_is_away_is_a_sentence(
    sqlite_database: db.Database, server: Switch, settings: Settings
) -> None:
    nowhere = f"http://127.0.0.1:{spare_port()}"
    away = desk(server, settings, oidc_issuer=nowhere, oidc_client_id="desk")
    with away.browser() as browser:
        answer = browser.get("/login/oidc")
        signed_out = browser.get("/login?out=1")
    assert answer.status_code == 503
    assert "its OpenID configuration can&#x27;t be read" in answer.text
    assert (signed_out.status_code, 'id="out"' in signed_out.text) == (200, False)


def test_a_provider_that_calls_itself_something_else_is_not_believed(
    sqlite_database: db.Database, server: Switch, settings: Settings, provider: OidcServer
) -> None:
    other_name = provider.endpoint.replace("127.0.0.1", "localhost")
    product._known.clear()
    other = desk(server, settings, **{**provider.settings(), "oidc_issuer": other_name})
    with other.browser() as browser:
        answer = browser.get("/login/oidc")
    assert answer.status_code == 503
    assert "OIDC_ISSUER" in answer.text


def test_the_sign_in_page_runs_no_script_and_is_not_kept(at_provider: Desk) -> None:
    with at_provider.browser() as browser:
        answer = browser.get("/login", params={"next": '/models?x="><script>alert(1)</script>'})
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_somebody_signs_in_with_an_address_and_password(
    at_supabase: Desk, supabase_auth: SupabaseAuthServer
) -> None:
    email = f"{uuid4().hex}@example.org"
    user_id = supabase_auth.sign_up(email)
    given = {"email": email.upper(), "password": PASSWORD, "next": "/models"}
    with at_supabase.browser() as browser:
        answer = browser.post("/login", data=given)
        assert (answer.status_code, answer.headers["location"]) == (303, "/models")
        me = browser.get("/api/me").json()
    assert (me["user_id"], me["email"], me["via"]) == (str(user_id), email, "session")


def test_cookie_token_and_access_token_give_the_same_user(
    at_supabase: Desk, supabase_auth: SupabaseAuthServer
) -> None:
    email = f"{uuid4().hex}@example.org"
    user_id = supabase_auth.sign_up(email)
    with at_supabase.browser() as browser:
        program = httpx.Client(base_url=at_supabase.url, trust_env=False, verify=False)
        bearer = {"Authorization": f"Bearer {supabase_auth.access_token(email)}"}
        before = program.get("/api/me", headers=bearer).json()
        assert (before["user_id"], before["via"], before["scopes"]) == (str(user_id), "jwt", None)
        browser.post("/login", data={"email": email, "password": PASSWORD})
        made = browser.post("/api/tokens", json={"name": "Nightly", "scopes": ["read"], "days": 7}).json()
        by_token = program.get("/api/me", headers={"Authorization": f"Bearer {made['secret']}"}).json()
        by_cookie = browser.get("/api/me").json()
        assert by_token["scopes"] == ["read"]
        assert {by_token["user_id"], by_cookie["user_id"]} == {str(user_id)}
        csv = {"file": ("a.csv", b"a,b\n1,2\n3,4\n", "text/csv")}
        for headers in (bearer, {"Authorization": f"Bearer {made['secret']}"}):
            answer = program.post("/api/csv", files=csv, data={"mode": "none"}, headers=headers)
            assert answer.status_code == (201 if headers is bearer else 403)
        assert len(browser.get("/api/uploads").json()["items"]) == 1
        listed = browser.get("/api/tokens").json()["items"]
        assert [entry["begins"] for entry in listed] == [made["secret"][:9]]
        assert made["secret"] not in str(listed)
        assert browser.delete(f"/api/tokens/{made['id']}").status_code == 200
        gone = program.get("/api/me", headers={"Authorization": f"Bearer {made['secret']}"})
        assert gone.status_code == 401
        program.close()


def test_an_access_token_of_somebody_blocked_is_worth_nothing(
    at_supabase: Desk, supabase_auth: SupabaseAuthServer
) -> None:
    email = f"{uuid4().hex}@example.org"
    user_id = supabase_auth.sign_up(email)
    bearer = {"Authorization": f"Bearer {supabase_auth.access_token(email)}"}
    with httpx.Client(base_url=at_supabase.url, trust_env=False, verify=False) as program:
        assert program.get("/api/me", headers=bearer).status_code == 200
        with db.session_scope(db.WORKER, write=True) as session:
            session.get_one(UserRow, user_id).blocked_at = datetime.now(UTC)
        assert program.get("/api/me", headers=bearer).status_code == 401


@pytest.mark.parametrize("known", [True, False])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer_and_a_line(
    at_supabase: Desk, supabase_auth: SupabaseAuthServer, known: bool
) -> None:
    email = f"{uuid4().hex}@example.org"
    if known:
        supabase_auth.sign_up(email)
    with at_supabase.browser() as browser:
        answer = browser.post("/login", data={"email": email, "password": "tr0ub4dor"})
    assert answer.status_code == 401
    assert "wrong address or password" in answer.text
    assert "tr0ub4dor" not in answer.text
    (event,) = events()
    assert (event.action, event.outcome, event.user_id) == ("sign_in.failed", "refused", None)
    assert (event.subject_id, event.address) == (email, "127.0.0.1")


def test_guessing_is_slowed_down_and_others_still_sign_in(
    at_supabase: Desk, supabase_auth: SupabaseAuthServer
) -> None:
    email, other = (f"{uuid4().hex}@example.org" for _ in range(2))
    supabase_auth.sign_up(email)
    supabase_auth.sign_up(other)
    with at_supabase.browser() as browser:
        for _ in range(MOST_TOGETHER):
            assert browser.post("/login", data={"email": email, "password": "guess"}).status_code == 401
        answer = browser.post("/login", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 429
        assert "Too many sign-in attempts" in answer.text
        assert browser.post("/login", data={"email": other, "password": PASSWORD}).status_code == 303


def test_no_other_site_signs_somebody_in(at_supabase: Desk, supabase_auth: SupabaseAuthServer) -> None:
    email = f"{uuid4().hex}@example.org"
    supabase_auth.sign_up(email)
    with at_supabase.browser() as browser:
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
            answer = browser.post("/login", data={"email": email, "password": PASSWORD}, headers=headers)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"email=a",
        b"email=%00&password=%00",
        b"x" * 20_000,
        b"a&" * 20,
        b"\xff",
        b"email=a&email=b&password=c",
    ],
)
@pytest.mark.parametrize("says_its_length", [True, False])
def test_a_form_that_is_none_signs_nobody_in(at_supabase: Desk, body: bytes, says_its_length: bool) -> None:
    with at_supabase.browser() as browser:
        typed = {"Content-Type": "application/x-www-form-urlencoded"}
        content = body if says_its_length else iter([body[:7], body[7:]])
        answer = browser.post("/login", content=content, headers=typed)
    assert answer.status_code in (400, 401)
    assert "set-cookie" not in answer.headers


def test_supabase_being_away_is_a_sentence(
    sqlite_database: db.Database, server: Switch, settings: Settings
) -> None:
    nowhere = f"http://127.0.0.1:{spare_port()}"
    away = desk(server, settings, supabase_url=nowhere, supabase_anon_key="sb_publishable_x")
    with away.browser() as browser:
        answer = browser.post("/login", data={"email": "ada@example.org", "password": "x"})
    assert answer.status_code == 503
    assert "can&#x27;t be reached" in answer.text


def test_without_sign_in_there_is_none_to_see(client: httpx.Client) -> None:
    answer = client.get("/login", params={"next": "/models"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/models")
    assert client.get("/login/oidc").status_code == 401
    assert client.get("/api/me").json()["via"] == "local"


def test_nothing_secret_reaches_the_log(
    at_supabase: Desk, supabase_auth: SupabaseAuthServer, capfd: pytest.CaptureFixture[str]
) -> None:
    email = f"{uuid4().hex}@example.org"
    supabase_auth.sign_up(email)
    with at_supabase.browser() as browser:
        browser.post("/login", data={"email": email, "password": "wrong-but-secret"})
        browser.post("/login", data={"email": email, "password": PASSWORD})
        secret = browser.cookies[at_supabase.cookie]
        browser.get("/api/me", headers={"Authorization": "Bearer mdk_a-secret-that-is-unknown"})
    said = "".join(capfd.readouterr())
    assert "sign-in failed" in said
    for hidden in (PASSWORD, "wrong-but-secret", secret, "a-secret-that-is-unknown", supabase_auth.anon_key):
        assert hidden not in said


def test_settings_hold_no_secret_that_they_would_show(tmp_path: Path, provider: OidcServer) -> None:
    shown = repr(Settings(**provider.settings(), data_dir=tmp_path))
    assert provider.client_secret not in shown
