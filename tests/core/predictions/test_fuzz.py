"""Any upload that reads can be scored by a model whose columns are there: every row once, every byte in its place."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import AppError
from core.models.schema import Feature, Schema
from core.predictions.errors import FeatureRetyped, LabelUnquotable
from core.predictions.scoring import engine
from core.uploads.csv import stream
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine
from core.uploads.report.overrides import ReadingOverrides
from tests.core.uploads.test_fuzz import CODECS, PIECES, READINGS, TABLES


class Answers:
    """A pipeline that answers by the row's first cell, so that a row in another's place shows."""

    classes_ = ("No", "Yes")

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        p = np.array([len(str(cell)) % 7 / 7 for cell in frame.iloc[:, 0]])
        return np.column_stack([1 - p, p])


def examined(data: bytes, overrides: ReadingOverrides | None) -> Examination | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        try:
            return examine(path, file_name="file.csv", overrides=overrides)
        except AppError:
            return None


def scored(data: bytes, found: Examination, block_bytes: int) -> tuple[bytes, engine.Scored] | None:
    columns = found.columns[-3:]
    features = tuple(
        Feature(column.name, "number" if column.kind == "number" else "category") for column in columns
    )
    schema = Schema(features, found.columns[0].name + "?", "binary", Answers.classes_, "Yes")
    sink = io.BytesIO()
    try:
        run = engine.score(
            io.BytesIO(data),
            sink,
            dialect=found.dialect,
            pipeline=Answers(),
            schema=schema,
            progress=lambda _: None,
            block_bytes=block_bytes,
        )
    except (FeatureRetyped, LabelUnquotable) as refused:
        assert refused.message
        return None
    return sink.getvalue(), run


def own_bytes(data: bytes, found: Examination) -> bytes:
    """What a result holds of a file: its bytes, or where its receipt says otherwise the cells as they were laid out."""
    if not found.dialect.is_laid_out:
        return data
    assert any(note.startswith("Results have its cells with tabs instead of ") for note in found.notes)
    file = stream.open_csv(io.BytesIO(data), found.dialect, keeps_behind=True)
    return b"".join((file.header_bytes, *file.blocks, *file.behind))


def check(data: bytes, overrides: ReadingOverrides | None = None) -> None:
    found = examined(data, overrides)
    if found is None:
        return
    small, large = scored(data, found, 32), scored(data, found, 4 << 20)
    if small is None or large is None:
        return
    result, run = large
    assert small[0] == result
    assert run.n_rows == found.n_rows
    left = iter(result)
    assert all(byte in left for byte in own_bytes(data, found))
    if not found.dialect.has_header:
        return
    before = stream.read_table(io.BytesIO(data), found.dialect.verbatim)
    after = stream.read_table(io.BytesIO(result), found.dialect.of_results(run.last_line).verbatim)
    assert after.column_names == [*before.column_names, *run.added]
    assert after.select(before.column_names).to_pydict() == before.to_pydict()
    assert set(after[run.added[0]].to_pylist()) <= {"No", "Yes"}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    rows=TABLES,
    mark=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    codec=CODECS,
)
def test_no_table_that_reads_breaks_its_scoring(
    rows: list[list[str]], mark: str, end: str, codec: str
) -> None:
    check(end.join(mark.join(row) for row in [["a", "b"], *rows]).encode(codec, "replace"))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(pieces=st.lists(PIECES, max_size=40), overrides=READINGS)
def test_no_text_that_reads_as_a_user_says_breaks_its_scoring(
    pieces: list[str], overrides: ReadingOverrides
) -> None:
    check("".join(["a,b\n1,2\n", *pieces]).encode(), overrides)
