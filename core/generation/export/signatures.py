"""Signatures of conversations that have none in their row: as many numbers as a MinHash has, of the words as they are.

The same words give the same signature, whatever their case, spacing and marks; other words share no band of it.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence

from core.generation.export.groups import N_BYTES


def signature(messages: Sequence[Mapping[str, str]]) -> bytes:
    """N_BYTES bytes, N_NUMBERS little-endian uint32."""
    said = unicodedata.normalize("NFKC", " ".join(one["content"] for one in messages)).casefold()
    words = " ".join("".join(letter if letter.isalnum() else " " for letter in said).split())
    return hashlib.shake_256(words.encode("utf-8", "surrogatepass")).digest(N_BYTES)
