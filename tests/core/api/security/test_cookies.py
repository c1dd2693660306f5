"""The cookies that reach the app: ours and Streamlit's, as they were sent, and nothing that costs time to unquote."""

from __future__ import annotations

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
