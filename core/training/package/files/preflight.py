"""What a training on this machine needs, looked at before anything is told. Needs the standard library alone."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from typing import Any, Final

OLDEST: Final = (3, 11)
NEEDED: Final = ("numpy", "pyarrow")  # to lay out what the code expects
ROWS: Final = "rows.parquet"  # which rows are learnt from, which held out, and which belong together


class InTheWay(Exception):
    """Something on this machine keeps it from training."""


def require_python() -> None:
    """Raises InTheWay."""
    if sys.version_info < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise InTheWay(f"This is Python {sys.version.split()[0]}, and {oldest} or newer is needed.")


def require_libraries() -> None:
    """Raises InTheWay where one is missing without which no code could begin."""
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise InTheWay(
            f"This Python has no {' and no '.join(missing)} ({sys.executable}). "
            f"Run: {Path(sys.executable).name} -m pip install -r requirements.txt"
        )


def require_data(path: Path, known: dict[str, Any]) -> None:
    """Raises InTheWay where the file is not the one that the package was made of."""
    if not path.exists():
        cure = f"Download it from {known['url']} and name it by --data PATH." if known.get("url") else ""
        raise InTheWay(f"There is no {path}. {cure}".strip())
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != known["sha256"]:
        raise InTheWay(
            f"{path} is not the file that this package was made of (its hash is {found}). Download it anew."
        )
