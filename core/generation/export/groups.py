"""Near-duplicates among conversations, told by MinHash signatures, and the side of a split that each group goes to.

Of two texts whose sets of word triples overlap by the Jaccard index J, each of the 64 numbers of their signatures is
the same with the probability J. The numbers are compared in 16 bands of 4: two texts share a band with the probability
1 − (1 − J⁴)¹⁶, which is .998 at J = .75, what 5 % of other words leave (Leskovec, Rajaraman, Ullman, Mining of Massive
Datasets, 3.4). What shares a band is compared in full, and joined where at least half of the numbers are the same;
where very many share one, as by a sentence that all begin with, each is compared with those whose next band is nearest.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

N_NUMBERS: Final = 64
N_BANDS: Final = 16
N_BYTES: Final = 4 * N_NUMBERS
LEAST_SHARED: Final = N_NUMBERS // 2
MOST_COMPARED: Final = 50  # others that share a band
N_AT_ONCE: Final = 20_000  # pairs in memory
_N_IN_BAND: Final = N_NUMBERS // N_BANDS


def joined(signatures: np.ndarray) -> np.ndarray:
    """Which group each belongs to: the smallest index in it.

    signatures: (n, N_NUMBERS) uint32. Returns (n,) int64.
    """
    groups = np.arange(len(signatures), dtype=np.int64)
    shares = _shares(signatures, 0)
    for band in range(N_BANDS):
        next_shares = _shares(signatures, (band + 1) % N_BANDS)
        order = np.lexsort((next_shares, shares))
        _join_band(groups, signatures, order, shares[order])
        shares = next_shares
    return _roots(groups)


def _shares(signatures: np.ndarray, band: int) -> np.ndarray:
    """Equal where the numbers of this band are."""
    numbers = np.ascontiguousarray(signatures[:, band * _N_IN_BAND : (band + 1) * _N_IN_BAND])
    _, same = np.unique(numbers.view(f"V{4 * _N_IN_BAND}").ravel(), return_inverse=True)
    found: np.ndarray = same.astype(np.int32)
    return found


def _join_band(groups: np.ndarray, signatures: np.ndarray, order: np.ndarray, ranked: np.ndarray) -> None:
    """Join those of one band. order: those that share it lie side by side, as `ranked` says."""
    longest = int(np.bincount(ranked).max(initial=1))
    for distance in range(1, min(longest, MOST_COMPARED + 1)):
        groups[:] = _roots(groups)
        left, right = order[:-distance], order[distance:]
        wanted = (ranked[:-distance] == ranked[distance:]) & (groups[left] != groups[right])
        at = np.flatnonzero(wanted)
        for begin in range(0, len(at), N_AT_ONCE):
            some = at[begin : begin + N_AT_ONCE]
            n_shared = (signatures[left[some]] == signatures[right[some]]).sum(axis=1)
            _join(groups, left[some], right[some], n_shared >= LEAST_SHARED)


def _join(groups: np.ndarray, left: np.ndarray, right: np.ndarray, wanted: np.ndarray) -> None:
    """Union of the wanted pairs by the smaller root; `groups` holds each one's parent."""
    for one, other in zip(left[wanted].tolist(), right[wanted].tolist(), strict=True):
        a, b = _root(groups, one), _root(groups, other)
        if a != b:
            groups[max(a, b)] = min(a, b)


def _root(groups: np.ndarray, index: int) -> int:
    while (parent := int(groups[index])) != index:
        groups[index] = index = int(groups[parent])
    return index


def _roots(groups: np.ndarray) -> np.ndarray:
    while not np.array_equal(further := groups[groups], groups):
        groups = further
    return groups


def place(seed: int, name: bytes) -> float:
    """Where a group lies between 0 and 1, evenly spread, the same for the same seed and name of a group."""
    digest = hashlib.sha256(f"{seed}/".encode() + name).digest()
    return int.from_bytes(digest[:8]) / 2**64
