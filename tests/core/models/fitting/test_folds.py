"""No group is parted, every class is on both sides, and the latest are never learnt from."""

from __future__ import annotations

import numpy as np
import pytest

from core.models.fitting import folds


def test_groups_stay_together_and_classes_are_spread() -> None:
    draw = np.random.default_rng(0)
    groups = draw.integers(0, 120, 1000)
    values = np.where(draw.random(120) < 0.2, "yes", "no")[groups]
    found = folds.grouped(values, groups, "binary")
    assert len(found) == 5
    assert sorted(np.concatenate([held_out for _, held_out in found]).tolist()) == list(range(1000))
    share = np.mean(values == "yes")
    for learnt, held_out in found:
        assert not set(groups[learnt]) & set(groups[held_out])
        assert np.mean(values[held_out] == "yes") == pytest.approx(share, abs=0.06)


def test_groups_of_one_row_are_spread_as_any_rows() -> None:
    values = np.repeat(["a", "b", "c"], [50, 30, 20])
    found = folds.grouped(values, np.arange(100), "multiclass")
    assert [np.unique(values[held_out], return_counts=True)[1].tolist() for _, held_out in found] == [
        [10, 6, 4]
    ] * 5


def test_a_class_in_two_groups_makes_two_folds() -> None:
    values = np.array(["rare"] * 4 + ["usual"] * 96)
    found = folds.grouped(values, np.repeat(np.arange(50), 2), "binary")
    assert [np.sum(values[held_out] == "rare") for _, held_out in found] == [2, 2]


def test_a_class_in_one_group_makes_none() -> None:
    assert folds.grouped(np.array(["rare"] * 5 + ["usual"] * 20), np.repeat(np.arange(5), 5), "binary") == []


def test_numbers_are_spread_by_the_size_of_groups() -> None:
    groups = np.repeat(np.arange(10), np.arange(1, 11))
    found = folds.grouped(np.linspace(0, 1, 55), groups, "regression")
    assert [len(held_out) for _, held_out in found] == [11] * 5


def test_the_latest_fifth_is_held_out_with_all_of_its_first_moment() -> None:
    times = np.array([3.0, 1.0, 2.0, 4.0, 5.0, 5.0, 0.0, np.nan, 2.5, 1.5, 0.5])
    learnt, held_out = folds.latest(times, None)
    assert held_out.tolist() == [4, 5]
    assert learnt.tolist() == [0, 1, 2, 3, 6, 7, 8, 9, 10]


def test_a_moment_of_most_rows_stays_on_one_side() -> None:
    learnt, held_out = folds.latest(np.array([1.0] * 9 + [2.0]), None)
    assert (len(learnt), held_out.tolist()) == (9, [9])


def test_copies_of_the_latest_are_not_learnt_from() -> None:
    learnt, held_out = folds.latest(np.arange(10.0), np.array([0, 1, 2, 3, 4, 5, 6, 7, 0, 9]))
    assert held_out.tolist() == [8, 9] and 0 not in learnt
