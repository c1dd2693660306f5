"""A model's file of the format `bytes`: model and code in a zip of our own making, recognised by its hash."""

from __future__ import annotations

import io
import zipfile
from typing import Final

MODEL, PREDICT = "model.bin", "predict.py"
BOUNDS: Final = {MODEL: 200_000_000, PREDICT: 200_000}  # bytes of each


def unpacked(content: bytes) -> dict[str, bytes]:
    """The two files of a model, by their names; the hash of what `pack` wrote was checked before."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in BOUNDS}
