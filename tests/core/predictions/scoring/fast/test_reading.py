"""What the fast reader reads is what the plain reading would; what it is not sure of it leaves alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from core.models.schema import Feature, Schema
from core.predictions.scoring.fast import features
from core.predictions.scoring.fast.reading import Reader
from core.uploads.csv import cells
from core.uploads.csv.dialect import Dialect

SCHEMA = Schema(
    (Feature("x", "number"), Feature("c", "category", categories=("a", "b"))),
    "y",
    "binary",
    ("NA", "Yes"),
    "Yes",
)
HEADER = ("x", "c", "y")
SPELLINGS = [
    *sorted(cells.MISSING),
    *(missing.upper() for missing in sorted(cells.MISSING)),
    *("Nan", "nAn", " nan", "NaN ", "None", "none", "  ", "\t", "\u00a0", "N.A."),
    *("1", "-1", "+1", "01", "1.", ".5", "-.5", "1e5", "1E+05", "1e-400", "1e999", "-1e999", "1,5", "1.5"),
    *("1,234.5", "1.234,5", "1 234", "1_000", "0x10", "1d5", "1e", "e5", "--1", "1-", "$5", "5 %", "٣", "½"),
    *("inf", "-inf", "Infinity", "nan(1)", "true", "2020-01-01", "9" * 400, "0." + "1" * 400, "5e-324"),
    *(" 7", "7 ", "\t7", "7\u00a0", "1.7976931348623157e308", "123456789012345678901234567890"),
]


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_number_is_read_as_elsewhere_or_not_at_all(spelling: str, decimal: str, quote: str) -> None:
    dialect = Dialect(delimiter=";", decimal=decimal)
    block = f"{quote}{spelling}{quote};a;Yes\n".encode()
    table = Reader(HEADER, dialect, SCHEMA).read(block)
    expected, bad = cells.numbers(pa.array([spelling]), decimal)
    if table is None:
        return
    assert not bad[0]
    given = features.of_table(table, SCHEMA)
    np.testing.assert_array_equal(given.numbers["x"], expected)
    assert given.missing == ({"x": 1} if np.isnan(expected[0]) else {})


@pytest.mark.parametrize("cell", ["12", "12.5", "", "NA", "null", '"12.5"', '""', " 12"])
def test_usual_numbers_and_gaps_are_read(cell: str) -> None:
    assert Reader(HEADER, Dialect(), SCHEMA).read(f"{cell},a,Yes\n".encode()) is not None


def test_categories_are_trimmed_and_counted() -> None:
    rows = "1,a,Yes\n1, b ,Yes\n1,new,Yes\n1,?,Yes\n1,,Yes\n1,NULL,Yes\n1,A,Yes\n"
    table = Reader(HEADER, Dialect(), SCHEMA).read(rows.encode())
    assert table is not None
    given = features.of_table(table, SCHEMA)
    assert given.texts["c"].codes(np.array([10, 11, 12, 13])).tolist() == [10, 11, 12, 13, 13, 13, 12]
    assert given.missing == {"c": 3}
    assert {name: rows.tolist() for name, rows in given.unseen.items()} == {"c": [2, 6]}


def test_an_outcome_that_reads_like_a_gap_stays_a_label() -> None:
    table = Reader(HEADER, Dialect(), SCHEMA).read(b"1,a,NA\n2,b,\n")
    assert table is not None
    assert table.column("y").to_pylist() == ["NA", ""]


@pytest.mark.parametrize("block", [b"1,a\n", b"1,a,Yes,2\n", b"1,a,\xff\n", b"word,a,Yes\n", b"\n\n", b""])
def test_a_block_in_doubt_is_left_alone(block: bytes) -> None:
    assert Reader(HEADER, Dialect(), SCHEMA).read(block) is None
