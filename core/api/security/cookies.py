"""The cookies of a request, taken apart in linear time; whatever is behind the gate sees ours and Streamlit's alone.

Python's own way of undoing the quotes of a cookie takes quadratic time (CVE-2024-7592, mended in 3.11.10), and
Starlette and Streamlit use it for each request. None of ours is quoted, so none that is reaches them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.types import Scope

LONGEST = 8_000  # characters of a value
STREAMLITS: Final = ("_streamlit_xsrf", "_streamlit_session")


def bounded(scope: Scope, names: Iterable[str]) -> Scope:
    """The scope with those cookies alone, each once, the first of its name, in one header."""
    raw = [value for name, value in scope["headers"] if name == b"cookie"]
    if not raw:
        return scope
    wanted, kept = frozenset(names), dict[str, str]()
    for header in raw:
        for pair in header.decode("latin-1").split(";"):
            name, equals, value = pair.partition("=")
            name, value = name.strip(), value.strip()
            if equals and name in wanted and len(value) <= LONGEST and not {'"', "\\"} & set(value):
                kept.setdefault(name, value)
    headers = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
    if kept:
        cookie = "; ".join(f"{name}={value}" for name, value in kept.items())
        headers.append((b"cookie", cookie.encode("latin-1")))
    return {**scope, "headers": headers}
