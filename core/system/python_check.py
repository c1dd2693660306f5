"""The Python that runs the app: whether it has faults that its maker has mended since."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from core.check import Check, State
from core.room import CheckContext

COOKIE_FAULT_MENDED: Final = (3, 11, 10)


def known_fault(version: tuple[int, ...] = sys.version_info[:3]) -> str:
    """A sentence about the fault that this version has; empty where it has none that we know of.

    Source: CVE-2024-7592, quadratic time for the quotes of a cookie.
    """
    if version >= COOKIE_FAULT_MENDED:
        return ""
    mended = ".".join(map(str, COOKIE_FAULT_MENDED))
    return (
        "It takes very long to read some cookies (CVE-2024-7592). The app lets none of them through; "
        f"{mended} or newer has no such fault."
    )


def look(_context: CheckContext) -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("Python", "Version", State.OK, " ".join(filter(None, (f"{version}.", known_fault()))))
