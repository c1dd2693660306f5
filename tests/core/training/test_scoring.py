"""A model of a sandbox scores files as any other: by an object that asks its process, and believes what was checked."""

from __future__ import annotations

import csv
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from core import db, sandboxes, storage
from core.models.errors import AnswerUnusable
from core.models.schema import Schema
from core.models.served import pipeline
from core.models.served.launch import ServedModel
from core.predictions.results.run_summary import RunSummary
from core.predictions.scoring import engine
from core.training import records
from core.uploads.csv.dialect import Dialect
from tests import journeys
from tests.trainings import TINY, Bench


def served_model(bench: Bench, training_job_id: UUID) -> ServedModel:
    model = bench.model(training_job_id)
    assert model.artifact_key
    assert model.artifact_sha256
    assert model.schema
    return ServedModel(model.id, model.artifact_key, model.artifact_sha256, model.format, model.schema)


def score(bench: Bench, model: ServedModel, asked: Any) -> tuple[RunSummary, list[dict[str, str]]]:
    content = journeys.sample_bytes(bench.settings.data_dir)
    with storage.stage(bench.settings.staging_dir) as staged:
        summary = engine.score(
            BytesIO(content), staged, dialect=Dialect(), pipeline=asked, schema=Schema.from_json(model.schema),
            progress=lambda _rows: None, block_bytes=8_000,
        )  # fmt: skip
        staged.close()
        with staged.path.open(newline="") as file:
            return summary, list(csv.DictReader(file))


def test_a_file_is_scored_in_the_sandbox_with_the_answers_of_the_training(sandboxed: Bench) -> None:
    job = sandboxed.attempt(sandboxed.trigger())
    assert job.status == "succeeded", job.reason
    model = served_model(sandboxed, job.id)
    with pipeline.opened(sandboxed.settings, model) as asked:
        summary, rows = score(sandboxed, model, asked)
    assert (summary.n_rows, summary.n_pipeline_rows) == (400, 400)
    with db.session_scope(sandboxed.user) as session:
        held_out = records.predictions(session, training_job_id=job.id)
    for row in held_out:
        scored = rows[row.row - 1]
        assert (scored["churned"], scored["prediction"]) == (row.actual, row.prediction)
        assert float(scored["probability"]) == pytest.approx(row.probability, abs=1e-6)
    assert sandboxes.configured(sandboxed.settings).list() == []


WRONG = {
    "too short": "return [model] * (len(frame) - 1)",
    "not a number": "return [[float('nan'), 1.0]] * len(frame)",
    "sums to two": "return [[1.0, 1.0]] * len(frame)",
    "raises": "raise ValueError('no')",
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_answer_is_a_sentence(sandboxed: Bench, case: str) -> None:
    code = TINY.replace("return [model] * len(frame)", WRONG[case])
    model = served_model(sandboxed, sandboxed.attempt(sandboxed.trigger(code=code)).id)
    with pipeline.opened(sandboxed.settings, model) as asked, pytest.raises(AnswerUnusable):
        score(sandboxed, model, asked)


IN_THE_FIRST = "os.getpid() == FIRST"
DEATHS = {
    "of the process that was started": f"os._exit(1) if {IN_THE_FIRST} else signal.pause()",
    "of the one beside it": f"signal.pause() if {IN_THE_FIRST} else os._exit(1)",
}


def asked_by(code: str) -> str:
    """TINY, with this in place of its answer; FIRST is the process that was started, which makes one more."""
    named = TINY.replace(
        "import json\n\ndef load", "import glob, json, os, signal, time\nFIRST = os.getpid()\n\ndef load"
    )
    return named.replace("    return [model] * len(frame)", f"    {code}")


@pytest.mark.parametrize("death", DEATHS)
def test_a_sandbox_one_of_whose_processes_dies_is_a_later_try(sandboxed: Bench, death: str) -> None:
    model = served_model(sandboxed, sandboxed.attempt(sandboxed.trigger(code=asked_by(DEATHS[death]))).id)
    with pipeline.opened(sandboxed.settings, model) as asked, pytest.raises(sandboxes.SandboxLost):
        score(sandboxed, model, asked)


def test_two_blocks_are_answered_at_once(sandboxed: Bench) -> None:
    """Each answer waits for a process that has been asked another block meanwhile."""
    both = """open(f"{os.getpid()}.asked", "w").close()
    while len(glob.glob("*.asked")) < 2:
        time.sleep(0.01)
    return [model] * len(frame)"""
    model = served_model(sandboxed, sandboxed.attempt(sandboxed.trigger(code=asked_by(both))).id)
    with pipeline.opened(sandboxed.settings, model) as asked:
        summary, _ = score(sandboxed, model, asked)
    assert summary.n_pipeline_rows == 400


def test_a_model_whose_code_does_not_come_up_is_said(sandboxed: Bench) -> None:
    code = TINY.replace("def load(path):", "raise RuntimeError('no luck')\ndef load(path):")
    model = served_model(sandboxed, sandboxed.attempt(sandboxed.trigger(code=code)).id)
    with (
        pytest.raises(AnswerUnusable, match="no luck"),
        pipeline.opened(sandboxed.settings, model),
    ):
        pass
