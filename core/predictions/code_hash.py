"""What computes a result, by name: our own source, and the machine's arithmetic."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from threadpoolctl import threadpool_info

# The rooms that decide a result's bytes: how a file is read, what a model is, how it is scored. What is drawn of the
# counts (core/metrics, core/ui) changes none, nor does where bytes lie (core/storage, core/db).
ROOMS: Final = ("models", "predictions", "uploads")


def sha256(package: Traversable | None = None) -> str | None:
    """Of the source in ROOMS, in hex; None where no source is installed beside the compiled files.

    The same wherever it lies, with whatever line ends it was checked out. package: the folder that holds the rooms.
    """
    digest = hashlib.sha256()
    n_modules = 0
    for room in ROOMS:
        for name, source in _modules((package or files("core")) / room, room):
            text = source.replace(b"\r\n", b"\n")
            digest.update(f"{name}\n{len(text)}\n".encode() + text)
            n_modules += 1
    return digest.hexdigest() if n_modules else None


def _modules(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Every module at or below a folder with its name from the rooms on, in the order of names."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            yield from _modules(entry, name)
        elif entry.name.endswith(".py"):
            yield name, entry.read_bytes()


def machine() -> dict[str, str]:
    """The processor's kind, and for which of its kinds numpy's sums of products were built."""
    kinds = {
        f"{library['internal_api']} {library['architecture']}"
        for library in threadpool_info()
        if library["user_api"] == "blas" and "architecture" in library
    }
    return {
        "processor": platform.machine(),
        "arithmetic": ", ".join(sorted(kinds)) or f"numpy {version('numpy')}",
    }
