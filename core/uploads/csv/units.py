"""Code units: the smallest pieces of a text's bytes, and a view of them that is true for ASCII."""

from __future__ import annotations

import numpy as np

_BEYOND_ASCII = 0x80


def unit_bytes(codec: str) -> int:
    """2 in UTF-16, else 1."""
    return 2 if codec.startswith("utf-16") else 1


def narrow(text: bytes, codec: str) -> bytes:
    """One byte a code unit, those beyond ASCII being no ASCII byte; `text` itself where that already holds."""
    if unit_bytes(codec) == 1:
        return text
    order = ">u2" if codec.endswith("be") else "<u2"
    units = np.frombuffer(text, order, count=len(text) // 2)
    narrowed: bytes = np.minimum(units, _BEYOND_ASCII).astype(np.uint8).tobytes()
    return narrowed
