"""Near-duplicates: a signature of a conversation, and who has one like it.

Two conversations are compared by the share of word triples that they have in common (Jaccard's index J). MinHash keeps
of each conversation N_HASHES numbers, of which two share about J of theirs (Broder 1997, "On the resemblance and
containment of documents"); its standard error at J = 0.75 is 0.05. So that not all have to be compared with all,
the numbers are cut into N_BANDS bands of N_ROWS, and only who has one band in common is looked at: at J = 0.75, what
one word in twenty changed leaves, 1 - (1 - 0.75⁴)¹⁶ = 99.8 %; at J = 0.2 2.5 % (Leskovec, Rajaraman, Ullman, "Mining of
massive datasets", 3.4).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.generation.quality.talk import WORD

N_BANDS, N_ROWS = 16, 4
N_HASHES: Final = N_BANDS * N_ROWS
SIZE_BYTES: Final = 4 * N_HASHES
BAND_BYTES: Final = 4 * N_ROWS
N_WORDS: Final = 3  # of a shingle
MOST_WORDS: Final = 10_000  # of a conversation
MOST_CHARACTERS: Final = 100_000
_AT_ONCE: Final = 1_024  # shingles, so that memory stays flat
_RANDOM: Final = np.random.default_rng(1997)
_FACTORS: Final = _RANDOM.integers(1, 2**63, N_HASHES, dtype=np.uint64) | np.uint64(1)
_MIXED: Final = np.array([1, 0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35], dtype=np.uint32)
_SUMMANDS: Final = _RANDOM.integers(0, 2**63, N_HASHES, dtype=np.uint64)


def signature(messages: Sequence[Mapping[str, Any]]) -> bytes:
    """SIZE_BYTES bytes: N_HASHES little-endian numbers of 32 bits, of the first MOST_WORDS words in any case."""
    text = "\n".join(str(one.get("content", ""))[:MOST_CHARACTERS] for one in messages)[:MOST_CHARACTERS]
    words = WORD.findall(text.casefold().encode("utf-8", "replace").decode())[:MOST_WORDS]
    known: dict[str, int] = {}
    ids = [known.get(word) or known.setdefault(word, zlib.crc32(word.encode())) for word in words]
    ids += [0] * (N_WORDS - len(ids))
    hashes = np.array(ids, dtype=np.uint64)
    n = len(hashes) - N_WORDS + 1
    shingles = np.zeros(n, dtype=np.uint64)
    for at in range(N_WORDS):
        shingles = (shingles ^ hashes[at : at + n]) * np.uint64(0x9E3779B97F4A7C15)
    least = np.full(N_HASHES, 2**32 - 1, dtype=np.uint32)
    distinct = np.unique(shingles)
    for begin in range(0, len(distinct), _AT_ONCE):
        some = distinct[begin : begin + _AT_ONCE, None] * _FACTORS + _SUMMANDS
        np.minimum(least, (some >> np.uint64(32)).min(axis=0).astype(np.uint32), out=least)
    return least.astype("<u4").tobytes()


def bands(minhash: bytes) -> Iterator[bytes]:
    """What two that are to be compared have one of in common, each at its own place."""
    for at in range(N_BANDS):
        yield minhash[at * BAND_BYTES : (at + 1) * BAND_BYTES]


def similarity(minhash: bytes, others: Sequence[bytes]) -> NDArray[np.float64]:
    """(n,) shares from 0 to 1: how like each of n others is."""
    if not others:
        return np.zeros(0)
    shares: NDArray[np.float64] = (_numbers(others) == _numbers([minhash])).mean(axis=1)
    return shares


class Signatures:
    """Those of one job, in memory, compared all at once: 320 bytes and some 10 ns each."""

    def __init__(self) -> None:
        self._table = np.zeros((64, N_HASHES), dtype="<u4")
        self._keys = np.zeros((64, N_BANDS), dtype=np.uint32)
        self._ids: list[UUID] = []
        self._known: set[UUID] = set()

    def add(self, row_id: UUID, minhash: bytes) -> None:
        """A second time for the same one it changes nothing."""
        self.extend([(row_id, minhash)])

    def extend(self, more: Sequence[tuple[UUID, bytes]]) -> None:
        """Many at once; what is no signature, or is known already, is left out."""
        new = [one for one in more if one[0] not in self._known and len(one[1]) == SIZE_BYTES]
        begin, end = len(self._ids), len(self._ids) + len(new)
        while end > len(self._table):
            self._table = np.concatenate((self._table, np.zeros_like(self._table)))
            self._keys = np.concatenate((self._keys, np.zeros_like(self._keys)))
        if new:
            self._table[begin:end] = _numbers([minhash for _, minhash in new])
            self._keys[begin:end] = _keys(self._table[begin:end])
            self._ids += [row_id for row_id, _ in new]
            self._known.update(row_id for row_id, _ in new)

    def nearest(self, minhash: bytes, *, but_not: UUID | None = None) -> tuple[UUID, float] | None:
        """The one that is most like it, and how like; None where none shares a band. but_not: itself."""
        n, mine = len(self._ids), _numbers([minhash])
        shared = np.flatnonzero((self._keys[:n] == _keys(mine)).any(axis=1))
        shares = (self._table[shared] == mine).mean(axis=1)
        for at in np.argsort(-shares, kind="stable")[:2]:
            row_id = self._ids[int(shared[at])]
            if row_id != but_not:
                return row_id, float(shares[at])
        return None


def _numbers(minhashes: Sequence[bytes]) -> NDArray[np.uint32]:
    """(n, N_HASHES)"""
    return np.frombuffer(b"".join(minhashes), dtype="<u4").reshape(-1, N_HASHES)


def _keys(table: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """(n, N_BANDS) of (n, N_HASHES): a number for each band; the same for the same band, and seldom for another."""
    return np.asarray(table.reshape(-1, N_BANDS, N_ROWS) @ _MIXED, dtype=np.uint32)
