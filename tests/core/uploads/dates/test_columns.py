"""Many cells at once are read as each by itself."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from core.uploads.dates import columns, texts

ODD = [
    "", "n/a", "31.02.2024", "31/02/2024", "12/25/2024", "25-12/2024", "2024-12-31T23:59:60", "2567-02-29", "\0",
    "2024-07-12 24:00", "12 Jul 2024", "2024-07-12T14:30Z", "x", "07/12/24", "1800-01-01", "0999-01-01",
]  # fmt: skip


@pytest.mark.parametrize("order", ["", "dmy", "mdy", "ymd", "time", "epoch", "epoch_ms", "excel"])
def test_at_once_and_one_by_one_are_the_same(order: str) -> None:
    draw = np.random.default_rng(3)
    parts = [(int(a), int(b), int(c)) for a, b, c in draw.integers([1, 1, 1000], [33, 14, 2300], (600, 3))]
    cells = [f"{day}/{month}/{year}" for day, month, year in parts]
    cells += [f"{month:02}-{day:02}-{year} {day % 26}:{month * 5:02}" for day, month, year in parts]
    cells += [f"{day:02}.{month:02}.{year}" for day, month, year in parts]
    cells += [f" {year}-{month:02}-{day:02}T{day % 25:02}:30:{month * 5:02}" for day, month, year in parts]
    cells += [f"{day:02}/{month:02}/{year} {day % 25:02}:30" for day, month, year in parts]
    cells += [
        f"{year}-{month:02}-{day:02} {day % 25:02}:30:15.250 +0{day % 10}:00" for day, month, year in parts
    ]
    cells += [str(count) for count in draw.integers(0, 10 ** draw.integers(1, 15, 900))]
    cells += ODD * 2
    days, bad = columns.days(pa.array(cells, pa.string()), order)
    expected = [texts.read(cell.strip(), order) for cell in cells]
    assert np.array_equal(days, [np.nan if one is None else one for one in expected], equal_nan=True)
    missing = [cell.strip().lower() in ("", "n/a") for cell in cells]
    assert bad.tolist() == [one is None and not gap for one, gap in zip(expected, missing, strict=True)]
    assert bad.any()


def test_a_dictionary_and_nulls_are_read_too() -> None:
    column = pa.array(["2024-07-12", None, "x", "2024-07-12"]).dictionary_encode()
    days, bad = columns.days(column, texts.CERTAIN)
    assert np.array_equal(days, [19916, np.nan, np.nan, 19916], equal_nan=True)
    assert bad.tolist() == [False, False, True, False]
