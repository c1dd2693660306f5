"""The cookies that reach the app: ours and Streamlit's, as they were sent, and nothing that costs time to unquote."""

from __future__ import annotations

import time

import pytest
from starlette.requests import Request

from core.api.security import cookies

NAMES = ("model_desk_8501", "_streamlit_xsrf")


def bounded(*headers: str) -> dict[str, str]:
    scope = {"type": "http", "headers": [(b"cookie", one.encode("latin-1")) for one in headers]}
    return Request(cookies.bounded(scope, NAMES)).cookies


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        (["model_desk_8501=abc-_9; _streamlit_xsrf=2|a|1"], {"model_desk_8501": "abc-_9", "_streamlit_xsrf": "2|a|1"}),
        (["other=1; model_desk_8501=abc", "_streamlit_xsrf=x"], {"model_desk_8501": "abc", "_streamlit_xsrf": "x"}),
        (["model_desk_8501=first; model_desk_8501=second"], {"model_desk_8501": "first"}),
        (['model_desk_8501="abc"'], {}),
        (["model_desk_8501=a\\142c"], {}),
        (["model_desk_8501; =x;;; model_desk_8501 =  y  "], {"model_desk_8501": "y"}),
        (["model_desk_8501=" + "a" * 8_001], {}),
        ([], {}),
    ],
)  # fmt: skip
def test_only_what_is_ours_and_plain_goes_on(headers: list[str], kept: dict[str, str]) -> None:
    assert bounded(*headers) == kept


def test_other_headers_stay_as_they_are() -> None:
    scope = {"type": "http", "headers": [(b"host", b"x"), (b"cookie", b"a=b"), (b"accept", b"*/*")]}
    assert cookies.bounded(scope, NAMES)["headers"] == [(b"host", b"x"), (b"accept", b"*/*")]


@pytest.mark.parametrize("cookie", ['a="' + "\\a" * 4_000 + '"', "a=b;" * 4_000, "=" * 16_000, ";" * 16_000])
def test_no_cookie_takes_more_than_linear_time(cookie: str) -> None:
    def cost(text: str) -> float:
        costs = []
        for _ in range(5):
            began = time.process_time()
            for _ in range(20):
                bounded(text)
            costs.append(time.process_time() - began)
        return min(costs)

    assert cost(cookie + "; " + cookie) <= 3 * cost(cookie) + 0.002
