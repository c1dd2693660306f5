"""A model's file of the format `bytes`: model and code in a zip of our own making, recognised by its hash."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

MODEL, PREDICT = "model.bin", "predict.py"
BOUNDS: Final = {MODEL: 200_000_000, PREDICT: 200_000}  # bytes of each


def unpacked(path: Path) -> Iterator[tuple[str, BinaryIO]]:
    """The two files of a model, each open until the next; the hash of what `pack` wrote was checked before."""
    with zipfile.ZipFile(path) as archive:
        for name in BOUNDS:
            with archive.open(name) as entry:
                yield name, cast("BinaryIO", entry)
