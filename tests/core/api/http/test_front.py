from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from core.api.http import error_responses
from core.api.http.front import UNLIMITED, Front
from core.api.http.route_table import RouteTable

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def _fronted() -> TestClient:
    handlers = {Exception: error_responses.of_unforeseen, HTTPException: error_responses.of_framework}
    api = FastAPI(exception_handlers=handlers)
    large, small = APIRouter(max_body_size=UNLIMITED), APIRouter()

    @small.post("/ok")
    @large.post("/large")
    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    @small.get("/stumble")
    async def stumble() -> None:
        raise ZeroDivisionError("a secret of the inside")

    api.include_router(large)
    api.include_router(small)
    front = Front(api, RouteTable(api.routes))
    return TestClient(Starlette(routes=[Mount("/api", front)]), base_url="http://localhost:8501")


@pytest.mark.parametrize("path", ["/api/ok", "/api/nothing", "/api"])
def test_a_websocket_is_refused_as_the_api_has_none(path: str) -> None:
    with pytest.raises(WebSocketDisconnect), _fronted().websocket_connect(path):
        pass


def test_an_unforeseen_error_shows_nothing_of_the_inside() -> None:
    answer = _fronted().get("/api/stumble")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "secret" not in answer.text


def test_an_error_after_half_an_answer_cuts_it_short_instead_of_ending_it() -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        TestClient(Front(half, RouteTable([])), base_url="http://localhost:8501").get("/api/ok")


def test_an_end_that_the_server_refuses_is_no_end() -> None:
    async def short(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise ZeroDivisionError("too little data for the declared length")

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/api/ok", "headers": [(b"host", b"localhost:8501")]}
    with pytest.raises(ZeroDivisionError):
        asyncio.run(Front(short, RouteTable([]))(scope, receive, send))


def test_an_unforeseen_error_is_logged_with_its_path(capsys: pytest.CaptureFixture[str]) -> None:
    _fronted().get("/api/stumble")
    said = "".join(capsys.readouterr())
    assert "/api/stumble" in said
    assert "ZeroDivisionError" in said


def test_a_body_that_says_it_is_too_large_is_refused_unread() -> None:
    answer = _fronted().post("/api/ok", headers={"Content-Length": "1000001"}, content=b"")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_body_that_turns_out_too_large_is_refused() -> None:
    answer = _fronted().post("/api/ok", content=(b"x" * 100_000 for _ in range(11)))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_router_that_measures_for_itself_is_sent_as_much_as_comes() -> None:
    answer = _fronted().post("/api/large", content=b"x" * 1_000_001)
    assert (answer.status_code, answer.text) == (200, "1000001")


@ONE_DATABASE
@pytest.mark.parametrize("path", ["health", "uploads", "predictions", "models", "docs", "openapi.json"])
def test_a_path_answers_with_and_without_its_last_slash(client: httpx.Client, path: str) -> None:
    assert client.get(f"/api/{path}").status_code == 200
    assert client.get(f"/api/{path}/").status_code == 200


@ONE_DATABASE
@pytest.mark.parametrize("path", ["predictions", "models/train"])
def test_a_post_answers_with_and_without_its_last_slash(client: httpx.Client, path: str) -> None:
    for spelling in (path, f"{path}/"):
        answer = client.post(f"/api/{spelling}", json={"upload_id": "1", "model_id": "x", "target": "y"})
        assert answer.status_code in (404, 422)


@ONE_DATABASE
@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_the_bare_path_says_where_the_documentation_is(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json()["docs"] == "/api/docs"


@ONE_DATABASE
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/api/uploads//", 404, "not_found"),
        ("PUT", "/api/uploads", 405, "method_not_allowed"),
        ("GET", "/api/csv", 405, "method_not_allowed"),
        ("DELETE", "/api", 405, "method_not_allowed"),
        ("GET", "/api/uploads?limit=0", 422, "invalid"),
        ("GET", "/api/uploads?limit=many", 422, "invalid"),
        ("GET", "/api/predictions?status=GONE", 422, "invalid"),
        ("GET", "/api/predictions?cursor=rubbish", 400, "bad_cursor"),
    ],
)
def test_what_the_framework_refuses_has_the_same_shape(
    client: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert set(answer.json()["error"]) == {"code", "message", "hint"}


@ONE_DATABASE
def test_a_method_that_is_not_taken_names_those_that_are(client: httpx.Client) -> None:
    assert "GET" in client.put("/api/uploads").headers["allow"]


@ONE_DATABASE
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "Expecting"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"upload_id": "\xff"}', "byte 15 is not UTF-8"),
        (b'{"upload_id": ' + b"9" * 5_000 + b"}", "too many digits"),
    ],
)
def test_json_that_is_none_is_a_bad_request_and_says_why(client: httpx.Client, body: bytes, why: str) -> None:
    answer = client.post("/api/predictions", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert "not valid JSON" in answer.json()["error"]["message"]
    assert why in answer.json()["error"]["message"]


@ONE_DATABASE
@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"7"])
def test_json_that_is_no_object_is_told_what_it_should_be(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/api/predictions", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert answer.json()["error"]["message"] == "The body must be a JSON object."
    assert (
        answer.json()["error"]["hint"]
        == "Its fields are upload_id, model_id, mode, mapping, reading, reasons, threshold."
    )


@ONE_DATABASE
@pytest.mark.parametrize("upload_id", [True, None, 1.5, {}, ["1"]])
def test_what_is_no_id_at_all_is_said_in_our_own_words(client: httpx.Client, upload_id: object) -> None:
    answer = client.post("/api/predictions", json={"upload_id": upload_id, "model_id": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert answer.json()["error"]["message"] == 'upload_id: it must be an id, such as "7".'


@ONE_DATABASE
@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", None]
)
def test_a_body_of_another_type_is_refused(client: httpx.Client, media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    answer = client.post("/api/predictions", content=b'{"upload_id": "1", "model_id": "x"}', headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


@ONE_DATABASE
def test_a_field_that_nobody_knows_is_named(client: httpx.Client) -> None:
    answer = client.post("/api/predictions", json={"upload_id": "1", "model_id": "x", "colour": "red"})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "There is no field 'colour'."
    assert (
        answer.json()["error"]["hint"]
        == "Its fields are upload_id, model_id, mode, mapping, reading, reasons, threshold."
    )


@ONE_DATABASE
def test_no_answer_grows_with_what_was_sent(client: httpx.Client) -> None:
    long = "a" * 50_000
    answers = [
        client.post("/api/predictions", json={"upload_id": "1", "model_id": long}),
        client.post("/api/predictions", json={"upload_id": long, "model_id": "x"}),
        client.post("/api/predictions", json={"upload_id": "1", "model_id": "x", long: 1}),
        client.get(f"/api/{long}"),
        client.put(f"/api/uploads/{long}"),
    ]
    assert [len(answer.content) < 2_000 for answer in answers] == [True] * 5
