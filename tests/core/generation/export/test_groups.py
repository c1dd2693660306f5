"""Near-duplicates are joined, others are not, and a group goes to one side whatever else is exported."""

from __future__ import annotations

import numpy as np

from core.generation.export import groups


def signatures(n: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**32, (n, groups.N_NUMBERS), dtype=np.uint32)


def like(of: np.ndarray, share: float, *, seed: int = 1) -> np.ndarray:
    """Signatures that agree with these in that share of their numbers, as MinHash has it of texts."""
    chance = np.random.default_rng(seed)
    return np.where(chance.random(of.shape) < share, of, signatures(len(of), seed=seed + 1))


def n_groups(found: np.ndarray) -> int:
    return len(np.unique(found))


def test_texts_with_five_percent_of_other_words_are_joined_and_others_are_not() -> None:
    first = signatures(2_000)
    found = groups.joined(np.concatenate([first, like(first, 0.75)]))
    assert (found[:2_000] == np.arange(2_000)).all()
    assert (found[2_000:] == found[:2_000]).mean() >= 0.99
    apart = groups.joined(np.concatenate([first, like(first, 0.3)]))
    assert n_groups(apart) >= 3_990


def test_groups_are_closed() -> None:
    a = signatures(1)
    b, far = like(a, 0.8, seed=5), signatures(1, seed=9)
    c = like(b, 0.8, seed=7)
    assert groups.joined(np.concatenate([c, far, a, b])).tolist() == [0, 1, 0, 0]


def test_what_all_begin_with_joins_nobody_and_the_same_joins_all() -> None:
    first = signatures(3_000)
    first[:, :8] = 7
    assert n_groups(groups.joined(first)) == 3_000
    found = groups.joined(np.concatenate([first, like(first[:500], 0.8)]))
    assert (found[3_000:] == found[:500]).mean() >= 0.97
    assert n_groups(groups.joined(np.repeat(signatures(1), 3_000, axis=0))) == 1
    assert groups.joined(signatures(0)).tolist() == []


def test_a_place_is_even_and_depends_on_seed_and_name_alone() -> None:
    places = [groups.place(7, f"{n}".encode()) for n in range(4_000)]
    assert places == [groups.place(7, f"{n}".encode()) for n in range(4_000)]
    assert all(0 <= one < 1 for one in places)
    assert abs(np.mean(places) - 0.5) < 0.02
    assert places[0] != groups.place(8, b"0")
