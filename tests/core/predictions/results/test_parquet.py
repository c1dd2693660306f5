"""Results as Parquet: numbers where every cell is one, text else."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.predictions.errors import ResultUnreadable
from core.predictions.results import parquet
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.report.examine import examine
from tests.core.predictions.conftest import Model


def converted(data: bytes, dialect: Dialect | None = None) -> pa.Table:
    """The CSV, written as Parquet and read again."""
    sink = io.BytesIO()
    parquet.to_parquet(io.BytesIO(data), sink, dialect or Dialect())
    return pq.read_table(io.BytesIO(sink.getvalue()))


def test_the_same_result_becomes_the_same_parquet_bytes(make: Callable[..., Model]) -> None:
    data = b"age,colour\n" + b"".join(
        b"%d,%s\n" % (18 + i % 70, (b"red", b"blue")[i % 2]) for i in range(900)
    )
    results = [make().score(data, n_threads=n, block_bytes=2_000)[0] for n in (1, 2)]
    made = []
    for result in results:
        sink = io.BytesIO()
        parquet.to_parquet(io.BytesIO(result), sink, Dialect())
        made.append(sink.getvalue())
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "-20", ""], [1, -20, None]),
        (["1", "2.50", "1e-7"], [1.0, 2.5, 1e-7]),
        (["007", "12", "13"], ["007", "12", "13"]),
        (["1,234", "5", "6"], ["1,234", "5", "6"]),
        (["+49", "5", "6"], ["+49", "5", "6"]),
        (["1234567890123456789012", "1", "2"], ["1234567890123456789012", "1", "2"]),
        (["0.12345678901234567", "1", "2"], ["0.12345678901234567", "1", "2"]),
        (["1", "NA", "2"], ["1", "NA", "2"]),
        ([" 1", "2", "3"], [" 1", "2", "3"]),
        (["", "", ""], [None, None, None]),
        (['a "quoted"\nnote', "", "x"], ['a "quoted"\nnote', None, "x"]),
    ],
)
def test_a_column_gets_the_type_that_says_all_its_cells_say(cells: list[str], values: list[object]) -> None:
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    data = "id,cell\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(quoted))
    table = converted(data.encode())
    assert table["cell"].to_pylist() == values
    assert table["id"].to_pylist() == [0, 1, 2]


def test_whole_numbers_stay_whole() -> None:
    assert converted(b"a,b,c\n1,1.0,x\n").schema.types == [pa.int64(), pa.float64(), pa.string()]


def test_a_decimal_comma_becomes_a_number() -> None:
    dialect = Dialect(delimiter=";", decimal=",", encoding="utf-16-le")
    table = converted("p;q;r\n0,25;1.5;1.234,5\n1;2;3\n".encode("utf-16-le"), dialect)
    assert table.to_pydict() == {"p": [0.25, 1.0], "q": ["1.5", "2"], "r": ["1.234,5", "3"]}


def test_a_late_text_cell_makes_the_column_text_from_its_first_row() -> None:
    note = b"a note that makes the file longer than a block " * 20
    data = b"n,x,note\n" + b"".join(b"%d,1.5,%s\n" % (i, note) for i in range(6_000)) + b"end,2,\n"
    assert len(data) > parquet.BLOCK_BYTES
    table = converted(data)
    assert table.num_rows == 6_001
    assert table["n"][0].as_py() == "0"
    assert table["x"].type == pa.float64()


def test_a_result_without_rows_keeps_its_columns() -> None:
    assert converted(b"a,prediction\n").schema.names == ["a", "prediction"]


ADDED = {"added": ["p", "q", "caution", "reason_1"], "caution": "caution", "reasons": ["reason_1"]}


def test_added_columns_have_the_same_types_whatever_their_cells() -> None:
    sink = io.BytesIO()
    data = b"a,p,q,caution,reason_1\n1,7,1,,\n2,8,0,,\n"
    types = parquet.types_of_added(ADDED)
    parquet.to_parquet(io.BytesIO(data), sink, Dialect(), types=types)
    table = pq.read_table(io.BytesIO(sink.getvalue()))
    assert table.schema.types == [pa.int64(), pa.int64(), pa.float64(), pa.string(), pa.string()]
    assert table["caution"].to_pylist() == [None, None]
    regression = {"added": ["p", "caution"], "caution": "caution", "reasons": []}
    assert parquet.types_of_added(regression) == {"p": pa.float64(), "caution": pa.string()}
    assert parquet.types_of_added({"added": ["p", "q"]}) == {"q": pa.float64()}


def test_an_added_column_that_holds_something_else_is_typed_by_its_cells() -> None:
    sink = io.BytesIO()
    parquet.to_parquet(io.BytesIO(b"q\n0.5\nx\n"), sink, Dialect(), types={"q": pa.float64()})
    assert pq.read_table(io.BytesIO(sink.getvalue())).to_pydict() == {"q": ["0.5", "x"]}


@pytest.mark.parametrize("with_reasons", [False, True])
def test_csv_and_parquet_hold_the_same_values(tmp_path: Path, model: Model, with_reasons: bool) -> None:
    text = (
        "Customers\n\nage;colour;pay;code;note\n20,5;red;1.234,50 €;007;=1\n;pink;7,10 €;8;\n"
        "30;blue;2.000,00 €;9;x;\nTotal;;;;\n"
    )
    path = tmp_path / "staged"
    path.write_text(text)
    dialect = examine(path, file_name="customers.csv").dialect
    result, scored = model.score(text.encode(), dialect, with_reasons=with_reasons)
    added = {"added": scored.added, "caution": scored.caution, "reasons": scored.reasons}
    sink = io.BytesIO()
    parquet.to_parquet(io.BytesIO(result), sink, dialect, types=parquet.types_of_added(added))
    table = pq.read_table(io.BytesIO(sink.getvalue()))
    cells = stream.read_table(io.BytesIO(result), dialect)
    assert table.column_names == cells.column_names
    for name in table.column_names:
        for value, cell in zip(table[name].to_pylist(), cells[name].to_pylist(), strict=True):
            assert value == cell or (value is None and cell == "") or value == float(cell.replace(",", "."))
    assert table["age"].to_pylist() == [20.5, None, 30.0]
    assert table["pay"].to_pylist() == [1234.5, 7.1, 2000.0]
    assert table["code"].to_pylist() == ["007", "8", "9"]
    assert table["caution"].to_pylist() == [None, "unseen: colour", None]


class Changing(io.BytesIO):
    """A file whose second reading finds other bytes."""

    def __init__(self) -> None:
        super().__init__(b"a\n1\n")
        self.readings = itertools.count()

    def seek(self, offset: int, whence: int = 0) -> int:
        super().seek(0)
        super().write(b"a\nx\n")
        return super().seek(offset, whence)


def test_a_result_that_changes_meanwhile_is_refused() -> None:
    with pytest.raises(ResultUnreadable, match="Download it again"):
        parquet.to_parquet(Changing(), io.BytesIO(), Dialect())
