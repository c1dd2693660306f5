"""The fast path answers as the pipeline does, byte for byte and count for count, whatever the file."""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.models import recipes
from core.models.schema import Feature, Schema, frame
from core.predictions.results.run_summary import RunSummary
from core.predictions.scoring.fast import compiled
from core.predictions.scoring.fast.compiled import Tables
from core.predictions.scoring.fast.features import FeatureValues, ScoreChanges
from core.predictions.scoring.fast.path import FastScorer
from core.predictions.scoring.fast.reading import Reader
from core.predictions.scoring.fast.unsupported import Unsupported
from core.predictions.scoring.pipeline.pipeline_scorer import PipelineScorer
from core.uploads.csv.dialect import ColumnRule, Dialect
from tests.core.predictions.conftest import Model
from tests.core.predictions.results.test_caution import cautions_of
from tests.core.predictions.scoring.fast.conftest import DIALECTS, KINDS, fitted, opaque, written


def with_kinds(**cases: Any) -> pytest.MarkDecorator:
    """Each case with three kinds of model, so that it meets every recipe and every task, and cases take turns at them.

    For a test of `tabled` and `case`; three cases meet every kind.
    """
    rows = [
        pytest.param(kind, case, id="-".join((*kind, name)))
        for turn, (name, case) in enumerate(cases.items())
        for place, kind in enumerate(KINDS)
        if (place // 3 + place % 3 + turn) % 3 == 0
    ]
    return pytest.mark.parametrize(("tabled", "case"), rows, indirect=["tabled"])


def both(model: Model, data: bytes, dialect: Any, **options: Any) -> tuple[RunSummary, RunSummary]:
    """The same file scored by tables and by the pipeline: the same bytes and the same statistics."""
    result, scored = model.score(data, dialect, **options)
    expected, plainly = opaque(model).score(data, dialect, **options)
    assert result == expected
    assert scored.statistics.to_json() == plainly.statistics.to_json()
    assert plainly.why_pipeline is not None
    return scored, plainly


@with_kinds(**DIALECTS)
def test_every_dialect_gives_the_same_bytes_and_counts(tabled: Model, case: Dialect) -> None:
    data = written(400, case, seed=5, schema=tabled.schema)
    scored, _ = both(tabled, data, case, block_bytes=9_000)
    assert scored.why_pipeline is None
    assert scored.n_pipeline_rows < scored.n_rows == 400


@pytest.mark.parametrize("seed", range(2))
def test_a_bad_cell_costs_its_block_no_more_than_the_fast_reading(tabled: Model, seed: int) -> None:
    data = written(600, DIALECTS["comma"], seed, schema=tabled.schema, bad=0.002)
    scored, _ = both(tabled, data, DIALECTS["comma"], block_bytes=4_000)
    assert scored.why_pipeline is None
    assert sum(scored.statistics.bad.values()) > 0
    assert scored.n_pipeline_rows < 600
    if scored.answered_by == "trees":
        assert scored.n_pipeline_rows == 0


@pytest.mark.parametrize("with_reasons", [False, True])
@with_kinds(
    is_ragged={"is_ragged": True},
    escapechar={"escapechar": "\\"},
    rules={"rules": (ColumnRule(1, missing=("44",)),)},
)
def test_a_file_written_in_an_unusual_way_is_answered_by_the_tables_too(
    tabled: Model, case: dict[str, Any], with_reasons: bool
) -> None:
    names = ("note", *(feature.name for feature in tabled.schema.features), "outcome")
    data = written(120, DIALECTS["comma"], seed=21, schema=tabled.schema, bad=0.01)
    assert header_of(data) == names
    dialect = replace(DIALECTS["comma"], names=names, **case)
    scored, _ = both(tabled, data, dialect, with_reasons=with_reasons)
    assert scored.why_pipeline is None
    if scored.answered_by == "trees":
        assert scored.n_pipeline_rows == 0


@pytest.mark.parametrize("recipe", [recipes.TREES, recipes.LINEAR])
def test_yes_and_no_in_other_words_are_what_they_were_in_training(recipe: str) -> None:
    draw = np.random.default_rng(8)
    member, age = draw.integers(0, 2, 400), draw.uniform(18, 90, 400)
    words = ("Nein", "Ja")
    features = Feature("member", "category", categories=words), Feature("age", "number")
    schema = Schema(features, "outcome", "binary", ("no", "yes"), "yes")
    table = pa.table({"member": [words[one] for one in member], "age": [str(one) for one in age]})
    outcome = np.array(("no", "yes"))[(member + draw.normal(0, 0.4, 400) > 0.5).astype(int)]
    pipeline = recipes.build(recipe, schema, n_rows=400, with_missing=frozenset(), known={"member": words})
    model = Model(pipeline.fit(frame(table, schema, "."), outcome), schema)
    learnt, other = ("Nein", "Ja", "Ja", "Nein", ""), ("no", "JA", "true", "N", "n/a")
    as_learnt, scored = (
        both(model, "\n".join(["member,age", *(f"{one},40" for one in cells)]).encode(), DIALECTS["comma"])[0]
        for cells in (learnt, other)
    )
    assert (scored.why_pipeline, scored.statistics.to_json()) == (None, as_learnt.statistics.to_json())
    assert scored.statistics.unseen == {}


@pytest.mark.parametrize("n_threads", [1, 2])
@with_kinds(tiny=700, small=50_000, whole=4 << 20)
def test_blocks_and_threads_change_no_byte(tabled: Model, case: int, n_threads: int) -> None:
    data = written(300, DIALECTS["comma"], seed=2, schema=tabled.schema, bad=0.001)
    expected, plainly = opaque(tabled).score(data)
    result, scored = tabled.score(data, block_bytes=case, n_threads=n_threads)
    assert result == expected
    assert scored.why_pipeline is None
    assert (scored.n_threads, plainly.answered_by) == (n_threads, "pipeline")
    assert scored.answered_by in ("trees", "curves", "blend")


def test_threads_change_no_count(tabled: Model) -> None:
    data = written(400, DIALECTS["comma"], seed=12, schema=tabled.schema, bad=0.002)
    one, *others = (
        json.dumps(tabled.score(data, block_bytes=3_000, n_threads=n)[1].statistics.to_json())
        for n in (1, 2, 3)
    )
    assert set(others) == {one}


def test_numbers_at_every_cut_of_the_model_are_scored_alike() -> None:
    for kind in (recipes.TREES, recipes.LINEAR):
        model = fitted(kind, "binary")
        columns = model.pipeline[0].named_transformers_["numbers"]
        if kind == recipes.TREES:
            nodes = np.concatenate([tree.nodes for trees in model.pipeline[1]._predictors for tree in trees])
            cuts = np.unique(nodes["num_threshold"][nodes["is_leaf"] == 0])
        else:
            cuts = np.unique(columns.named_steps["quantiles"].quantiles_)
        around = np.concatenate(
            [cuts, np.nextafter(cuts, np.inf), np.nextafter(cuts, -np.inf), [1e300, -1e300]]
        )
        rows = [f"{float(x)!r},pro,{float(x)!r},région 3,{float(x)!r},{float(x)!r}" for x in around]
        data = "\n".join(["age,plan,spent,region,visits,debt", *rows]).encode()
        scored, _ = both(model, data, DIALECTS["comma"])
        assert scored.n_pipeline_rows == 0


def test_a_pipeline_of_another_kind_answers_for_itself(model: Model) -> None:
    _, scored = model.score(b"age,colour\n20,red\n")
    assert scored.why_pipeline == "a SimpleImputer comes before the linear model"
    assert scored.n_pipeline_rows == scored.n_rows == 1


def test_a_file_of_few_rows_is_compared_in_all_of_them(tabled: Model) -> None:
    data = written(3, DIALECTS["comma"], seed=4, schema=tabled.schema)
    scored, _ = both(tabled, data, DIALECTS["comma"])
    assert (scored.why_pipeline, scored.n_pipeline_rows) == (None, 0)


@pytest.mark.parametrize("block_bytes", [1_500, 4 << 20])
def test_tables_that_differ_from_the_pipeline_are_not_used(block_bytes: int) -> None:
    model = copy.deepcopy(fitted(recipes.TREES, "binary"))
    data = written(400, DIALECTS["comma"], seed=6, schema=model.schema)
    _, before = model.score(data)
    assert before.why_pipeline is None  # the tables are made now, and kept
    leaf = model.pipeline[1]._predictors[40][0].nodes
    leaf["value"][np.flatnonzero(leaf["is_leaf"])[0]] += 1e-9
    scored, _ = both(model, data, None, block_bytes=block_bytes)
    assert scored.why_pipeline == "its answers for the first rows differed from the pipeline's"
    assert scored.n_pipeline_rows > 0


def test_a_renamed_part_of_the_model_costs_speed_alone() -> None:
    model = copy.deepcopy(fitted(recipes.TREES, "binary"))
    del model.pipeline[1].is_categorical_
    data = written(50, DIALECTS["comma"], seed=7, schema=model.schema)
    scored, _ = both(model, data, None)
    assert scored.why_pipeline is not None
    assert "is_categorical_" in scored.why_pipeline
    assert scored.n_pipeline_rows == 50


def counted_cells(cells: list[str]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """How often each column is named as unseen, out of range and no number."""
    found = {kind: Counter[str]() for kind in ("unseen", "out of range", "not a number")}
    for cell in filter(None, cells):
        for part in cell.split("; "):
            kind, _, names = part.partition(": ")
            found[kind].update(names.split(", "))
    return found["unseen"], found["out of range"], found["not a number"]


@with_kinds(**DIALECTS)
def test_what_rows_say_is_what_the_metrics_count_however_they_are_answered(
    tabled: Model, case: Dialect
) -> None:
    narrow = Model(tabled.pipeline, narrowed(tabled.schema))
    data = written(300, case, seed=8, schema=narrow.schema, bad=0.01)
    results = [
        model.score(data, case, n_threads=n_threads, block_bytes=block_bytes)
        for model, n_threads, block_bytes in (
            (narrow, 1, 3_000),
            (narrow, 2, 4 << 20),
            (opaque(narrow), 1, 4 << 20),
            (opaque(narrow), 2, 3_000),
        )
    ]
    assert len({result for result, _ in results}) == 1
    result, scored = results[0]
    assert results[-1][1].why_pipeline is not None
    statistics = scored.statistics
    cells = cautions_of(result, case)
    assert not any("more" in cell for cell in cells)
    assert counted_cells(cells) == (statistics.unseen, statistics.outside, statistics.bad)
    assert all((statistics.unseen, statistics.outside, statistics.bad))
    assert statistics.n_cautioned == sum(cell != "" for cell in cells)


def narrowed(schema: Schema) -> Schema:
    """The schema of a training that saw but part of the ages."""
    age, *others = schema.features
    return replace(schema, features=(replace(age, minimum=20.0, maximum=60.0), *others))


@with_kinds(**{name: DIALECTS[name] for name in ("comma", "UTF-16", "decimal comma between commas")})
def test_reasons_are_the_same_bytes_however_they_are_found(tabled: Model, case: Dialect) -> None:
    data = written(150, case, seed=11, schema=tabled.schema, bad=0.004)
    results = [
        model.score(data, case, with_reasons=True, n_threads=n_threads, block_bytes=block_bytes)
        for model, n_threads, block_bytes in (
            (tabled, 1, 4 << 20),
            (tabled, 2, 4_000),
            (opaque(tabled), 2, 4 << 20),
        )
    ]
    assert len({result for result, _ in results}) == 1
    assert [scored.why_pipeline is None for _, scored in results] == [True, True, False]
    assert results[1][1].n_pipeline_rows < results[1][1].n_rows


@dataclass(frozen=True)
class Doubting:
    """Tables that are sure of no change in every third row, and are wrong there."""

    tables: Tables
    slack: float = 0.0

    def answers(self, given: FeatureValues) -> Any:
        return self.tables.answers(given)

    def changes(self, given: FeatureValues, answers: Any) -> ScoreChanges:
        found = self.tables.changes(given, answers)
        assert found is not None
        doubtful = np.arange(given.n_rows) % 3 == 0
        return ScoreChanges(np.where(doubtful, 7.0, found.values), doubtful)


def test_rows_whose_reasons_are_in_doubt_are_asked_of_the_pipeline(tabled: Model) -> None:
    data = written(60, DIALECTS["comma"], seed=12, schema=tabled.schema)
    rows = data.split(b"\n", 1)[1]
    plain = PipelineScorer(
        header_of(data), DIALECTS["comma"], tabled.pipeline, tabled.schema, gives_reasons=True
    )
    tables = Doubting(compiled.build(tabled.pipeline, tabled.schema))
    fast = FastScorer(Reader(plain.header, plain.dialect, plain.schema), tables, plain)
    for read in (fast.read(rows), fast.read_texts(plain.read(rows))):
        assert read is not None
        found = fast.answer(rows, read)
        assert found is not None
        assert found.reasons == plain.answer(plain.read(rows)).reasons


def test_tables_whose_reasons_differ_from_the_pipeline_are_not_used() -> None:
    model = fitted(recipes.TREES, "binary")
    age, *others = model.schema.features
    data = written(60, DIALECTS["comma"], seed=13, schema=model.schema)
    tables = compiled.build(model.pipeline, model.schema)
    plain = PipelineScorer(
        header_of(data), DIALECTS["comma"], model.pipeline, model.schema, gives_reasons=True
    )
    other = replace(model.schema, features=(replace(age, median=20.0), *others))
    asked = replace(plain, schema=other)
    fast = FastScorer(Reader(plain.header, plain.dialect, other), tables, asked)
    with pytest.raises(Unsupported, match="reasons"):
        fast.compare(data.split(b"\n", 1)[1], 50)


def header_of(data: bytes) -> tuple[str, ...]:
    """The names in a file's first line."""
    return tuple(data.split(b"\n", 1)[0].decode().split(","))
