"""Names of files in a sandbox: plain ones, which are no paths."""

from __future__ import annotations

import re
from typing import Final

from core.sandboxes.errors import FileRefused

NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


def require_plain(name: str) -> None:
    """Raises FileRefused."""
    if not NAME.fullmatch(name):
        raise FileRefused(name=name, problem="a name has letters, digits, dots, dashes and underlines alone")
