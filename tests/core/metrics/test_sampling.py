from __future__ import annotations

import numpy as np

from core.metrics.sampling import Sample


def test_the_same_rows_stay_however_the_stream_is_cut() -> None:
    rows = np.arange(1_000, dtype=np.float64).reshape(-1, 1)
    kept = []
    for cuts in ([1_000], [1, 999], [400, 401, 1_000]):
        sample, start = Sample(limit=50, n_columns=1), 0
        for end in [*cuts, 1_000]:
            sample.add(rows[start:end])
            start = end
        kept.append(sample.rows.ravel().tolist())
    assert kept[0] == kept[1] == kept[2]
    assert len(kept[0]) == 50


def test_rows_of_the_whole_stream_are_drawn_evenly() -> None:
    sample = Sample(limit=2_000, n_columns=1)
    for start in range(0, 100_000, 1_000):
        sample.add(np.arange(start, start + 1_000, dtype=np.float64).reshape(-1, 1))
    per_quarter = np.histogram(sample.rows, bins=4, range=(0, 100_000))[0]
    assert per_quarter.min() > 420
    assert np.all(np.diff(sample.rows.ravel()) > 0)


def test_fewer_rows_than_the_limit_all_stay() -> None:
    sample = Sample(limit=10, n_columns=2)
    sample.add([[1, 2], [3, 4]])
    assert sample.rows.tolist() == [[1, 2], [3, 4]]
