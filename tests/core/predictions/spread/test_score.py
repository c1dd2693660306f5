"""One file over several processes: the same bytes and counts as by one, whatever happens to them."""

from __future__ import annotations

from tests.core.predictions.spread.conftest import Shared, same


def test_a_file_over_two_processes_gives_the_bytes_and_counts_of_one(shared: Shared) -> None:
    by_one, by_two = shared.alone(), shared.spread()
    same(by_one, by_two)
    assert by_two[1].spread is not None
    assert by_two[1].spread.n_ranges > 2
    assert (by_two[1].spread.n_here, by_two[1].spread.why_here) == (0, None)
    assert shared.left() == []
