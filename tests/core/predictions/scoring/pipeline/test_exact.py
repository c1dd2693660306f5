"""A linear regression writes the number of its exact sum, in whatever order the terms were added."""

from __future__ import annotations

import copy
import csv
import io
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.pipeline import Pipeline

from core.models import recipes
from core.models.schema import Schema, frame
from core.predictions.results import rounding
from core.predictions.scoring.fast import compiled, features
from core.predictions.scoring.fast.additive import Additive
from core.predictions.scoring.fast.linear import LinearTables
from core.predictions.scoring.fast.reading import Reader
from core.predictions.scoring.pipeline import exact
from core.predictions.scoring.pipeline.exact import LinearModel
from core.predictions.scoring.pipeline.pipeline_scorer import PipelineScorer
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from tests.core.predictions.conftest import Model
from tests.core.predictions.scoring.fast.conftest import DIALECTS, customers, fitted, opaque, written

FAR = 990_000.0  # twelve digits are written: many a last one hangs on the order of the sum


@pytest.fixture
def model() -> Model:
    return fitted(recipes.LINEAR, "regression", least=FAR)


def at_edges(n: int) -> Iterator[tuple[LinearModel, Schema, pa.Table, float]]:
    """A steep model, bent so that its exact answer to the last of a few rows lies between two written numbers.

    Gives the model, the rows as text, and what must be written.
    """
    model = copy.deepcopy(fitted(recipes.LINEAR, "regression"))
    linear = exact.of(model.pipeline)
    assert linear is not None
    linear.model.coef_ *= 1_000.0  # large terms of both signs: their sums lose more bits
    rows = pa.table(customers(n, seed=9).cells)
    terms = linear.columns.transform(frame(rows, model.schema, ".")) * linear.model.coef_
    for row in range(n):
        linear.model.intercept_ = 700.1234565 - math.fsum(terms[row])
        answer = rounding.rounded(np.array([math.fsum((*terms[row], linear.model.intercept_))]))
        yield linear, model.schema, rows[: row + 1], float(answer[0])


def test_a_sum_at_an_edge_is_written_as_the_exact_one() -> None:
    n_apart = 0
    for linear, schema, rows, expected in at_edges(40):
        pipeline = Pipeline([("columns", linear.columns), ("model", linear.model)])
        given = frame(rows, schema, ".")
        n_apart += bool(rounding.rounded(pipeline.predict(given))[-1] != expected)
        for some in (given, given[-1:], given[-3:]):
            assert rounding.rounded(exact.predicted(pipeline, some))[-1] == expected
            assert rounding.rounded(linear.summed(some))[-1] == expected
    assert n_apart > 5  # else there was nothing to settle


def test_tables_write_a_sum_at_an_edge_as_the_exact_one() -> None:
    n_apart = 0
    for linear, schema, rows, expected in at_edges(12):
        lines = [",".join(cells) for cells in zip(*rows.to_pydict().values(), strict=True)]
        read = Reader(rows.column_names, Dialect(), schema).read("\n".join(lines).encode())
        assert read is not None
        given = features.of_table(read, schema)
        sums = Additive(linear.columns, linear.model, schema).sums(given)[:, 0]
        n_apart += bool(rounding.rounded(sums)[-1] != expected)
        assert rounding.rounded(LinearTables(linear, schema).answers(given))[-1] == expected
    assert n_apart > 1


@pytest.mark.parametrize("block_bytes", [900, 4 << 20])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_rows_in_doubt_are_settled_alike_by_tables_and_pipeline(
    model: Model, block_bytes: int, n_threads: int
) -> None:
    data = written(6_000, DIALECTS["comma"], seed=3, schema=model.schema, bad=0.0005)
    result, scored = model.score(data, block_bytes=block_bytes, n_threads=n_threads)
    header, body = data.split(b"\n", 1)
    plain = PipelineScorer(tuple(header.decode().split(",")), DIALECTS["comma"], model.pipeline, model.schema)
    answers = rounding.rounded(plain.answer(plain.read(body)).answers)
    assert (
        list(map(float, (row["prediction"] for row in csv.DictReader(io.StringIO(result.decode())))))
        == answers.tolist()
    )
    # records that may be shorter are read as text
    ragged = replace(DIALECTS["comma"], is_ragged=True, names=("note", *customers(1, 0).cells, "outcome"))
    expected, plainly = model.score(data, ragged)
    assert (plainly.why_pipeline, plainly.n_pipeline_rows) == (None, 0)
    given = frame(stream.read_table(io.BytesIO(data), DIALECTS["comma"]), model.schema, ".")
    slack = compiled.build(model.pipeline, model.schema).slack
    assert len(rounding.in_doubt(model.pipeline.predict(given), slack)) > 0
    assert result == expected
    assert scored.why_pipeline is None


def test_a_pipeline_of_another_kind_predicts_as_it_does(model: Model) -> None:
    given = frame(pa.table(customers(20, seed=9).cells), model.schema, ".")
    strange = opaque(model).pipeline
    assert exact.of(strange) is None
    assert (exact.predicted(strange, given) == model.pipeline.predict(given)).all()
