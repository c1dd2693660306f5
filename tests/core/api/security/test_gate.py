"""The gate: whom it lets in where, and that whoever it keeps out learns nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import APIRouter, Security
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from core import access, db
from core.access import sessions, tokens
from core.api import application
from core.api.dependencies import Trainer
from core.api.http.route_table import RouteTable
from core.api.security import open_sockets
from core.api.security.authentication import PRINCIPAL
from core.api.security.gate import Gate
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.users import UserRow
from core.settings import Settings

ORIGIN = "http://localhost:8501"
STREAM = "ws://localhost:8501/_stcore/stream"
SIGN_IN = {"oidc_issuer": "https://id.example", "oidc_client_id": "desk"}
COOKIE = "model_desk_8501"
# One of each kind of what the process serves, and how it is asked for.
EVERYTHING = [
    ("GET", "/"),
    ("GET", "/predictions"),
    ("GET", "/prediction?id=1"),
    ("GET", "/media/0123abcd.csv"),
    ("GET", "/component/desk/index.html"),
    ("GET", "/_stcore/host-config"),
    ("GET", "/_stcore/metrics"),
    ("PUT", "/_stcore/upload_file/session/file"),
    ("GET", "/app/static/file"),
    ("GET", "/api"),
    ("GET", "/api/uploads"),
    ("GET", "/api/me"),
    ("GET", "/api/docs"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/metrics"),
    ("POST", "/api/csv"),
    ("DELETE", "/api/predictions/1"),
    ("GET", "/login/other"),
    ("GET", "/healthy"),
]


async def _answer(request: Request) -> JSONResponse:
    principal = request.scope.get(PRINCIPAL)
    who = (
        None
        if principal is None
        else {"id": str(principal.user.id), "via": principal.user.via, "from": principal.user.address}
    )
    return JSONResponse({"path": request.url.path, "who": who})


async def _stream(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


INSIDE = Starlette(
    routes=[
        WebSocketRoute("/_stcore/stream", _stream),
        Route("/{path:path}", _answer, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
)


def _calls() -> RouteTable:
    """Those of the API, and two of a room that programs train by."""
    api, training = application.unconfigured(), APIRouter()

    @training.post("/training/metrics/{job_id}")
    def note(user: Trainer, job_id: str) -> None:
        """For what trains."""

    @training.get("/training-jobs/{job_id}/status", dependencies=[READ_OR_TRAINING])
    def status(job_id: str) -> None:
        """For what trains, and for whoever reads."""

    api.include_router(training)
    return RouteTable(api.routes)


READ_OR_TRAINING = Security(lambda: None, scopes=[tokens.READ, tokens.TRAINING])
TABLE = _calls()


class Clock:
    """This moment, and what a test adds to it."""

    def __init__(self) -> None:
        self.later = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.later


@pytest.fixture
def clock() -> Clock:  # type: ignore[override]
    return Clock()


@pytest.fixture
def alone(settings: Settings) -> Settings:
    """On loopback, without sign-in."""
    return settings.model_copy(update={"port": 8501})


@pytest.fixture
def guarded(alone: Settings) -> Settings:
    """Where people sign in."""
    return alone.model_copy(update=SIGN_IN)


def before(settings: Settings, clock: Any = None) -> TestClient:
    """A browser before the gate; it follows no redirect."""
    gate = Gate(INSIDE, settings, table=TABLE, clock=clock or Clock(), recheck_s=0.02)
    return TestClient(gate, base_url=ORIGIN, follow_redirects=False, client=("192.0.2.7", 5000))


@pytest.fixture
def signed_in(guarded: Settings, user: db.User, clock: Clock) -> Iterator[TestClient]:
    """A browser whose user is signed in."""
    secret = sessions.begin(user, means="oidc", agent="", settings=guarded, now=clock())
    browser = before(guarded, clock)
    browser.cookies.set(COOKIE, secret)
    yield browser


def token(user: db.User, *scopes: str) -> dict[str, str]:
    """The header of a program with a token of this user's."""
    with db.session_scope(user, write=True) as session:
        _, secret = tokens.create(session, name="t", scopes=scopes, days=1, now=datetime.now(UTC))
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
def test_whoever_is_not_signed_in_gets_nothing(
    guarded: Settings, user: db.User, method: str, path: str
) -> None:
    answer = before(guarded).request(method, path, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
def test_whoever_is_signed_in_gets_everything(
    signed_in: TestClient, user: db.User, method: str, path: str
) -> None:
    answer = signed_in.request(method, path, headers={"Origin": ORIGIN})
    assert answer.json()["who"] == {"id": str(user.id), "via": "session", "from": "192.0.2.7"}


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
def test_without_sign_in_everything_is_open_to_this_machine(alone: Settings, method: str, path: str) -> None:
    answer = before(alone).request(method, path)
    assert (answer.status_code, answer.json()["who"]) == (200, None)


def test_a_page_leads_to_the_sign_in_and_back(guarded: Settings, user: db.User) -> None:
    asks = {"Accept": "text/html,*/*"}
    browser = before(guarded)
    assert browser.get("/", headers=asks).headers["location"] == "/login"
    answer = browser.get("/prediction?id=7&tab=a%20b", headers=asks)
    assert (answer.status_code, answer.headers["cache-control"]) == (303, "no-store")
    assert answer.headers["location"] == "/login?next=%2Fprediction%3Fid%3D7%26tab%3Da%2520b"
    assert browser.get("/api/uploads", headers=asks).status_code == 401


@pytest.mark.parametrize(
    "path", ["/login", "/login/callback", "/logout", "/api/health", "/static/js/index.js"]
)
def test_the_way_in_and_the_health_are_open(guarded: Settings, path: str) -> None:
    assert before(guarded).get(path).json()["who"] is None


@pytest.mark.parametrize(
    "path", ["//api/health", "/api/health/../uploads", "/API/health", "/static/../api/uploads/", "/static"]
)
def test_no_spelling_of_an_open_path_opens_another(guarded: Settings, user: db.User, path: str) -> None:
    gate = Gate(INSIDE, guarded, table=TABLE)
    with TestClient(gate, base_url=ORIGIN) as browser:
        url = browser.base_url.copy_with(raw_path=path.encode())
        answer = browser.send(browser.build_request("GET", url))
    assert answer.status_code == 401 or not answer.json()["path"].startswith("/api/uploads")


def test_a_websocket_needs_a_session_too(guarded: Settings, user: db.User, signed_in: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        before(guarded).websocket_connect(STREAM, headers={"Origin": ORIGIN}),
    ):
        pass
    with signed_in.websocket_connect(STREAM, headers={"Origin": ORIGIN}) as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {}])
def test_no_other_site_opens_a_websocket_with_our_cookie(
    signed_in: TestClient, headers: dict[str, str]
) -> None:
    with pytest.raises(WebSocketDisconnect), signed_in.websocket_connect(STREAM, headers=headers):
        pass


def test_an_open_websocket_ends_with_its_session(
    signed_in: TestClient, guarded: Settings, user: db.User
) -> None:
    secret = signed_in.cookies[COOKIE]
    _, session_id = sessions.resume(secret, settings=guarded, now=datetime.now(UTC), address="")
    with signed_in.websocket_connect(STREAM, headers={"Origin": ORIGIN}) as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"
        socket.portal.call(open_sockets.close, session_id)
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_text()
    assert ended.value.code == open_sockets.SIGNED_OUT


def test_an_open_websocket_ends_when_its_session_is_revoked_elsewhere(
    signed_in: TestClient, guarded: Settings, user: db.User
) -> None:
    secret = signed_in.cookies[COOKIE]
    _, session_id = sessions.resume(secret, settings=guarded, now=datetime.now(UTC), address="")
    with signed_in.websocket_connect(STREAM, headers={"Origin": ORIGIN}) as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"
        with db.session_scope(user, write=True) as session:
            sessions.revoke(session, session_id=session_id, now=datetime.now(UTC))
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_text()
    assert ended.value.code == open_sockets.SIGNED_OUT


def test_a_session_that_is_idle_too_long_is_over(
    signed_in: TestClient, clock: Clock, guarded: Settings
) -> None:
    assert signed_in.get("/predictions").status_code == 200
    clock.later = timedelta(hours=guarded.session_idle_hours, minutes=1)
    assert signed_in.get("/predictions").status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_no_other_site_changes_anything_with_our_cookie(
    signed_in: TestClient, method: str, headers: dict[str, str]
) -> None:
    answer = signed_in.request(method, "/api/uploads", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "wrong_origin")


@pytest.mark.parametrize("headers", [{"Origin": ORIGIN}, {"Sec-Fetch-Site": "same-origin"}])
def test_our_own_pages_change_things(signed_in: TestClient, headers: dict[str, str]) -> None:
    assert signed_in.post("/api/uploads", headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LocalHost:8501"])
def test_this_machines_names_with_our_port_are_ours(alone: Settings, host: str) -> None:
    assert before(alone).get("/api/ok", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "localhost:8502", "evil.example", "evil.example:8501", ""])
@pytest.mark.parametrize("path", ["/api/ok", "/predictions", "/media/x", "/login"])
def test_another_host_is_refused(alone: Settings, host: str, path: str) -> None:
    answer = before(alone).get(path, headers={"Host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "wrong_host")


def test_whoever_asked_for_a_page_is_told_why_there_is_none_on_a_page(alone: Settings) -> None:
    asks = {"Host": "evil.example", "Accept": "text/html"}
    answer = before(alone).get("/predictions?x=<script>", headers=asks)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "does not answer to the host &#x27;evil.example&#x27;" in answer.text
    assert "<script" not in answer.text


def test_a_name_that_was_pointed_at_us_opens_no_websocket(alone: Settings) -> None:
    rebound = {"Host": "evil.example:8501", "Origin": "http://evil.example:8501"}
    with (
        pytest.raises(WebSocketDisconnect),
        before(alone).websocket_connect(STREAM, headers=rebound),
    ):
        pass


def test_the_health_is_told_to_whoever_asks_by_address(guarded: Settings) -> None:
    assert before(guarded).get("/api/health", headers={"Host": "10.0.0.5:8501"}).status_code == 200


def test_the_address_people_open_is_ours_as_host_and_as_origin(alone: Settings) -> None:
    settings = alone.model_copy(update={"app_url": "https://desk.example/", "allow_anonymous": True})
    ours = {"Host": "desk.example", "Origin": "https://desk.example"}
    assert before(settings).post("/api/ok", headers=ours).status_code == 200


@pytest.mark.parametrize("origin", ["http://localhost:8501", "http://127.0.0.1:8501", "http://[::1]:8501"])
def test_our_own_pages_may_ask(alone: Settings, origin: str) -> None:
    assert before(alone).post("/api/ok", headers={"Origin": origin}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "https://localhost:8501", "https://evil.example", "null", ""]
)
def test_a_page_of_another_site_may_not_ask(alone: Settings, origin: str) -> None:
    answer = before(alone).post("/api/ok", headers={"Origin": origin})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "wrong_origin")


def test_a_program_comes_in_by_its_token_from_any_host(guarded: Settings, user: db.User) -> None:
    answer = before(guarded).get("/api/uploads", headers={"Host": "10.0.0.5", **token(user, "read")})
    assert answer.json()["who"] == {"id": str(user.id), "via": "token", "from": "192.0.2.7"}


def test_a_token_opens_no_page_and_no_websocket(guarded: Settings, user: db.User) -> None:
    program = token(user, "read", "write")
    assert before(guarded).get("/predictions", headers=program).status_code == 401
    with (
        pytest.raises(WebSocketDisconnect),
        before(guarded).websocket_connect(STREAM, headers={"Origin": ORIGIN, **program}),
    ):
        pass


BAD = ["mdk_unknown", "", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "x" * 10_000, "mdk_é"]


@pytest.mark.parametrize("settings_of", ["alone", "guarded"])
@pytest.mark.parametrize("bearer", BAD)
def test_every_bearer_that_is_not_valid_gets_the_same_answer(
    request: pytest.FixtureRequest, user: db.User, settings_of: str, bearer: str
) -> None:
    settings: Settings = request.getfixturevalue(settings_of)
    header = b"Bearer " + bearer.encode()
    answer = before(settings).get("/api/uploads", headers=[(b"authorization", header)])
    unknown = before(settings).get("/api/uploads", headers={"Authorization": "Bearer mdk_nobodys"})
    assert answer.status_code == 401
    assert answer.content == unknown.content


def test_a_valid_cookie_does_not_make_up_for_a_bad_token(signed_in: TestClient) -> None:
    assert signed_in.get("/api/uploads", headers={"Authorization": "Bearer mdk_unknown"}).status_code == 401


def test_what_a_proxy_itself_asks_for_is_none_of_ours(signed_in: TestClient) -> None:
    assert signed_in.get("/api/uploads", headers={"Authorization": "Basic YTpi"}).status_code == 200


@pytest.mark.parametrize(
    ("scopes", "method", "path", "is_let_in"),
    [
        (["read"], "GET", "/api/uploads", True),
        (["read"], "HEAD", "/api/uploads/7/file", True),
        (["read"], "POST", "/api/predictions", False),
        (["read"], "DELETE", "/api/uploads/7", False),
        (["read"], "POST", "/api/models/train", False),
        (["write"], "POST", "/api/predictions", True),
        (["write"], "GET", "/api/uploads", False),
        (["write"], "POST", "/api/models/train", False),
        (["training"], "POST", "/api/models/train", True),
        (["training"], "POST", "/api/training/metrics/7", True),
        (["training"], "GET", "/api/training-jobs/7/status", True),
        (["training"], "GET", "/api/uploads", False),
        (["training"], "POST", "/api/csv", False),
        (["read", "write", "training"], "POST", "/api/tokens", False),
        (["read", "write", "training"], "GET", "/api/tokens/", False),
        (["read", "write", "training"], "DELETE", "/api/sessions/7", False),
        (["read", "write", "training"], "PATCH", "/api/people/7", False),
        (["training"], "GET", "/api/me", True),
        (["read"], "GET", "/api/training-jobs/7/status", True),
        (["write"], "GET", "/api/training-jobs/7/status", False),
        (["write"], "POST", "/api/models/7/cancel", False),
        (["training"], "POST", "/api/models/7/cancel", True),
    ],
)
def test_a_token_does_what_its_scopes_say_and_makes_no_other_token(
    guarded: Settings, user: db.User, scopes: list[str], method: str, path: str, is_let_in: bool
) -> None:
    answer = before(guarded).request(method, path, headers=token(user, *scopes))
    assert answer.status_code == (200 if is_let_in else 403)


@pytest.mark.parametrize(
    ("scopes", "method", "path", "is_let_in"),
    [
        (["read"], "GET", "/api/nothing", True),
        (["write"], "GET", "/api/nothing", False),
        (["read"], "POST", "/api/nothing", False),
        (["read"], "PUT", "/api/uploads", False),
        (["write"], "PUT", "/api/uploads", True),
        (["write"], "GET", "/api/csv", False),
        (["read"], "GET", "/api/models/train", True),
        (["training"], "GET", "/api/models/train", True),
        (["write"], "PUT", "/api/models/train", False),
        (["write"], "POST", "/api/me", True),
        (["read", "write", "training"], "PUT", "/api/tokens", False),
        (["read", "write", "training"], "GET", "/api/people/7/more", False),
        (["read"], "GET", "/api/openapi.json", True),
        (["write"], "GET", "/api/docs", False),
    ],
)
def test_what_is_not_there_is_refused_only_to_who_may_ask_for_it(
    guarded: Settings, user: db.User, scopes: list[str], method: str, path: str, is_let_in: bool
) -> None:
    answer = before(guarded).request(method, path, headers=token(user, *scopes))
    assert answer.status_code == (200 if is_let_in else 403)


def test_a_call_beyond_a_tokens_scopes_is_refused_before_its_body_is_read(
    guarded: Settings, user: db.User
) -> None:
    bearer = token(user, "read")["Authorization"].encode()
    scope = {
        "type": "http", "method": "POST", "path": "/api/csv", "query_string": b"", "client": ("192.0.2.7", 5000),
        "headers": [(b"host", b"localhost:8501"), (b"authorization", bearer), (b"content-length", b"900")],
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was read")

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Gate(INSIDE, guarded, table=TABLE)(scope, receive, send))
    assert sent[0]["status"] == 403
    assert b"scope_missing" in sent[1]["body"]


def test_a_refusal_of_somebody_known_is_on_the_trail(guarded: Settings, user: db.User) -> None:
    before(guarded).delete("/api/uploads/7", headers=token(user, "read"))
    with db.session_scope(db.WORKER) as session:
        refused = sa.select(AuditEventRow).where(AuditEventRow.outcome == "refused")
        line = session.execute(refused).scalar_one()
    assert (line.user_id, line.subject_id, line.details) == (
        user.id,
        "DELETE /api/uploads/7",
        {"code": "scope_missing"},
    )
    assert (line.address, line.via) == ("192.0.2.7", "token")


def test_the_local_user_may_use_tokens_too(alone: Settings, sqlite_database: db.Database) -> None:
    me = access.settle_local_user()
    answer = before(alone).get("/api/uploads", headers=token(me, "read"))
    assert answer.json()["who"]["id"] == str(me.id)


def test_whoever_is_blocked_is_out_at_the_next_click(signed_in: TestClient, user: db.User) -> None:
    assert signed_in.get("/predictions").status_code == 200
    with db.session_scope(db.WORKER, write=True) as session:
        session.get_one(UserRow, user.id).blocked_at = datetime.now(UTC)
    assert signed_in.get("/predictions").status_code == 401


def test_every_answer_forbids_framing_and_guessing(alone: Settings) -> None:
    for path in ("/", "/api/uploads", "/media/x"):
        headers = before(alone).get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "SAMEORIGIN"
        assert "strict-transport-security" not in headers


def test_behind_tls_browsers_are_told_to_stay_there(alone: Settings) -> None:
    settings = alone.model_copy(update={"app_url": "https://desk.example", "allow_anonymous": True})
    headers = before(settings).get("/", headers={"Host": "desk.example"}).headers
    assert headers["strict-transport-security"] == "max-age=31536000"
