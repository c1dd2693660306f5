"""What each path takes, as the running API answers it."""

from __future__ import annotations

import httpx
import pytest

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@ONE_DATABASE
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api", "GET"),
        ("/api/csv", "POST"),
        ("/api/predictions", "GET, POST"),
        ("/api/predictions/", "GET, POST"),
        ("/api/models/0b5e1e0c-6a3f-4a57-9f4f-0f8a8d2b7c11", "DELETE, GET, PATCH"),
        ("/api/uploads/7/reading", "PATCH, PUT"),
        ("/api/uploads/7/file", "GET, HEAD"),
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PURGE"])
def test_a_refused_method_is_told_all_that_the_path_takes(
    client: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["error"]["code"] == "method_not_allowed"
    assert allowed in answer.json()["error"]["hint"]


@ONE_DATABASE
def test_the_name_of_a_call_is_no_id(client: httpx.Client) -> None:
    answer = client.get("/api/models/train")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert client.get("/api/models/training").status_code == 404


@ONE_DATABASE
@pytest.mark.parametrize("path", ["/api", "/api/health", "/api/uploads", "/api/models/x", "/api/nothing"])
def test_head_is_answered_like_get_without_a_body(client: httpx.Client, path: str) -> None:
    asked, whole = client.head(path), client.get(path)
    assert (asked.status_code, asked.content) == (whole.status_code, b"")
    assert asked.headers["content-type"] == whole.headers["content-type"]


@ONE_DATABASE
@pytest.mark.parametrize(
    "path", ["/api/uploads%0A", "/api/models/a%0Ab", "/api/%0A/uploads", "/api/uploads%00"]
)
def test_a_path_with_a_line_end_or_a_nul_names_nothing(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
