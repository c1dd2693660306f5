"""What this folder knows of its training from one run to the next, and that one run at a time has it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO
from uuid import uuid4

from core.training.package.files.spool import replace_text

STATE = "state.json"


@dataclass
class RunState:
    """The training of this folder. attempt: how often it was begun. is_ended: the next run is another training."""

    path: Path
    job_id: str
    attempt: int
    is_ended: bool = False

    @classmethod
    def read(cls, folder: Path) -> RunState | None:
        """None in a folder that has trained nothing yet. Raises OSError, ValueError."""
        path = folder / STATE
        return cls(path, **json.loads(path.read_text("utf-8"))) if path.exists() else None

    @classmethod
    def next_of(cls, folder: Path) -> RunState:
        """Of a run that begins now: the same training until it has ended. Raises OSError, ValueError."""
        last = cls.read(folder)
        if last is None or last.is_ended:
            return cls(folder / STATE, str(uuid4()), 1)
        return cls(folder / STATE, last.job_id, last.attempt + 1)

    def write(self) -> None:
        """Raises OSError."""
        known = {"job_id": self.job_id, "attempt": self.attempt, "is_ended": self.is_ended}
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
    for line in requirements.read_text("utf-8").splitlines():
        name = line.partition("==")[0].strip()
        if name and not name.startswith("#"):
            found[name] = _version(name)
    return found


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"
