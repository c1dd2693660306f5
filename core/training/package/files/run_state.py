"""What this folder knows of its training from one run to the next, and that one run at a time has it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, Final
from uuid import UUID, uuid4

from core.training.package.files.spool import Unreadable, replace_text

STATE: Final = "state.json"
CONFIG: Final = "config.json"
PINNED: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,99})\s*==")
MOST_NAMED: Final = 20  # of the libraries that requirements.txt names: the app takes no more


@dataclass
class RunState:
    """The training of this folder.

    attempt: how often it was begun. is_ended: the next run is another training. package: the hash of the config.json
    that it was begun with, as another package may have been unpacked over this one; empty where nobody noted it.
    """

    path: Path
    job_id: str
    attempt: int
    is_ended: bool = False
    package: str = ""

    @classmethod
    def read(cls, folder: Path) -> RunState | None:
        """None in a folder that has trained nothing yet. Raises Unreadable, OSError."""
        path = folder / STATE
        if not path.exists():
            return None
        try:
            known = json.loads(path.read_text("utf-8"))
            job_id, attempt = str(UUID(known["job_id"])), int(known["attempt"])
            is_ended, package = known.get("is_ended", False) is True, str(known.get("package", ""))
            return cls(path, job_id, attempt, is_ended, package)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Unreadable(path, "Remove it: the next run is then another training.") from error

    @classmethod
    def next_of(cls, folder: Path) -> RunState:
        """Of a run that begins now: the same training until it has ended. Raises Unreadable, OSError."""
        last, package = cls.read(folder), hashlib.sha256((folder / CONFIG).read_bytes()).hexdigest()
        if last is None or last.is_ended or last.package not in ("", package):
            return cls(folder / STATE, str(uuid4()), 1, package=package)
        return cls(folder / STATE, last.job_id, last.attempt + 1, package=package)

    def write(self) -> None:
        """Raises OSError."""
        known = {name: value for name, value in asdict(self).items() if name != "path"}
        replace_text(self.path, json.dumps(known))


class InUse(OSError):
    """Another run has this folder."""


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold this folder until the end of the process at the latest. Raises InUse, OSError."""
    with path.open("a+b") as file:
        try:
            _lock(file)
        except OSError as error:
            raise InUse("Another run is at work in this folder. Wait for it, or stop it first.") from error
        yield


def _lock(file: IO[bytes]) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # of Windows alone
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def environment(requirements: Path) -> dict[str, str]:
    """Where it runs, and with which versions of what the package asks for."""
    found = {"host": platform.node()[:100], "system": f"{platform.system()} {platform.machine()}"[:100]}
    found["python"] = platform.python_version()
    lines = requirements.read_text("utf-8", errors="replace").splitlines() if requirements.exists() else []
    pinned = [match[1] for line in lines if (match := PINNED.match(line.strip()))]
    return found | {name: _version(name) for name in pinned[:MOST_NAMED]}


def _version(name: str) -> str:
    try:
        return metadata.version(name)[:100]
    except metadata.PackageNotFoundError:
        return "missing"
