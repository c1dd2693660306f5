"""One attempt at a training after another, in a real sandbox."""

from __future__ import annotations

import ast
import json
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa

from core import db, queue, sandboxes
from core.db.tables.deployments import DeploymentRow
from core.db.tables.training_jobs import TrainingMetricRow, TrainingPredictionRow
from core.storage import LocalStorage
from core.training import records
from core.training.coding.disclosure import NOT_SET_UP
from core.training.errors import OutOfDisk
from core.training.follow import KIND
from tests.trainings import TINY, Bench, ToldJob

# Tells all that it can see of the held-out rows, and of the machine.
NOSY = """
import os, pandas
print("columns", sorted(pandas.read_parquet("holdout.parquet").columns))
print("files", sorted(os.listdir(".")))
print("secrets", sorted(name for name in os.environ if "KEY" in name or "URL" in name or "SECRET" in name))
"""
SEES = {"holdout.parquet", "job.json", "train.parquet", "train.py"}


def lines(bench: Bench, training_job_id: Any) -> list[str]:
    with db.session_scope(bench.user) as session:
        return [line.text for line in records.lines(session, training_job_id=training_job_id)]


def test_code_that_keeps_the_bargain_becomes_a_model_with_figures_that_it_never_saw(sandboxed: Bench) -> None:
    told = ToldJob()
    job = sandboxed.attempt(sandboxed.trigger(code=TINY), told=told)
    assert job.status == "succeeded", job.reason
    assert sandboxed.events(job.id) == ["queued", "provisioning", "training", "collecting", "succeeded"]
    assert told.n_reports > 0
    assert job.usage is not None
    assert job.usage["wall_s"] > 0
    assert job.isolation
    assert "scikit-learn" in (job.environment or {})
    model = job.model
    assert (model.status, model.format, model.report["chosen_by"]) == ("ready", "bytes", "roc_auc")
    assert model.report["metrics"]["roc_auc"]["mean"] == 0.5  # the same answer for every row ranks nothing
    assert model.report["n_rows"] == model.report["n_fitted"] + model.report["n_held_out"] == 400
    with LocalStorage(sandboxed.settings.files_dir).open(model.artifact_key) as stream:
        assert zipfile.ZipFile(stream).namelist() == ["model.bin", "predict.py"]
    with db.session_scope(sandboxed.user) as session:
        curve = records.curve(session, training_job_id=job.id)
        assert [(point.name, point.split, point.step, point.value) for point in curve] == [
            ("loss", "train", 1, 1.0), ("loss", "train", 2, 0.5)
        ]  # fmt: skip
        held_out = records.predictions(session, training_job_id=job.id)
    assert len(held_out) == model.report["n_held_out"]
    assert {row.prediction for row in held_out} == {"Yes"}
    assert {row.actual for row in held_out} == {"Yes", "No"}
    assert {row.probability for row in held_out} == {0.75}
    assert lines(sandboxed, job.id) == ["made"]


def test_the_outcomes_of_held_out_rows_secrets_and_other_files_are_not_in_the_sandbox(
    sandboxed: Bench,
) -> None:
    job = sandboxed.attempt(sandboxed.trigger(code=NOSY))
    columns, files, secrets = lines(sandboxed, job.id)[:3]
    assert "churned" not in columns
    assert set(ast.literal_eval(files.removeprefix("files "))) == SEES
    assert secrets == "secrets []"
    assert (job.status, job.reason and job.reason["code"]) == ("failed", "no_model")


FORGED = (
    TINY
    + """
print(json.dumps({"metric": "roc_auc", "split": "holdout", "step": 0, "value": 1.0}))
print(json.dumps({"metric": "loss", "step": 3, "value": float("nan")}))
print(json.dumps({"metric": "loss", "step": "x", "value": 1}))
for step in range(11_000):
    print(json.dumps({"metric": "loss", "split": "many", "step": step, "value": 1}))
"""
)


def test_forged_and_useless_points_are_dropped_with_a_warning(sandboxed: Bench) -> None:
    job = sandboxed.attempt(sandboxed.trigger(code=FORGED))
    assert job.status == "succeeded", job.reason
    told = " ".join(job.warnings)
    for part in ("keeps for itself", "no finite number", "no whole number", "beyond 10,000"):
        assert part in told
    with db.session_scope(db.WORKER) as session:
        n_points = session.execute(
            sa.select(sa.func.count()).where(TrainingMetricRow.split.in_(("train", "many")))
        ).scalar_one()
        of_holdout = sa.select(TrainingMetricRow.value).where(
            TrainingMetricRow.split == "holdout", TrainingMetricRow.name == "roc_auc"
        )
        assert session.execute(of_holdout).scalars().all() == [0.5]
    assert n_points == 10_000


BROKEN = {
    "exits with an error": ("raise SystemExit(3)", "failed", "exit_nonzero"),
    "exits without a model": ("print('done')", "failed", "no_model"),
    "predicts too few rows": (TINY.replace("[answer] * n", "[answer] * (n - 1)"), "failed", "no_model"),
    "predicts nonsense": (TINY.replace("[0.25, 0.75]", "[0.25, float('nan')]"), "failed", "no_model"),
    "sums to two": (TINY.replace("[0.25, 0.75]", "[1, 1]"), "failed", "no_model"),
    "links to a file": (
        TINY + "\nimport os\nos.remove('model.bin')\nos.symlink('/etc/passwd', 'model.bin')",
        "failed", "no_model",
    ),
    "fills the memory": ("held = [bytearray(50_000_000) for _ in range(100)]", "failed", "oom"),
    "finds the machine's disk full": ("raise OSError(28, 'No space left on device')", "failed", "disk_full"),
    "floods": ("while True: print('x' * 5_000)", "failed", "output"),
    "never ends": ("import time\nwhile True: time.sleep(1)", "timed_out", "time_limit"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_code_that_breaks_the_bargain_fails_with_its_reason(sandboxed: Bench, case: str) -> None:
    code, status, reason = BROKEN[case]
    limit_s = 4.0 if status == "timed_out" else 120.0  # a busy machine takes its time to import
    limited = sandboxed.settings.model_copy(update={"training_limit_s": limit_s, "sandbox_memory_mb": 400})
    sandboxed.settings = limited
    job = sandboxed.attempt(sandboxed.trigger(code=code))
    assert (job.status, job.reason and job.reason["code"]) == (status, reason)
    sandboxed.agree()
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.select(DeploymentRow.id)).all() == []
        assert session.execute(sa.select(TrainingPredictionRow.row)).all() == []


def test_a_full_disk_of_the_machine_is_no_fault_of_the_code_and_is_tried_again() -> None:
    assert issubclass(sandboxes.MachineDiskFull, queue.kind(KIND).transient)
    assert not issubclass(OutOfDisk, queue.kind(KIND).transient)


def test_of_a_long_log_the_beginning_and_the_end_are_kept_and_the_cut_is_said(sandboxed: Bench) -> None:
    code = "for n in range(9_000): print('line', n)"
    job = sandboxed.attempt(sandboxed.trigger(code=code))
    with db.session_scope(sandboxed.user) as session:
        kept = [line.text for line in records.lines(session, training_job_id=job.id, limit=6_000)]
    assert len(kept) <= 5_002
    assert (kept[0], kept[3_999], kept[-1]) == ("line 0", "line 3999", "line 8999")
    assert any("cut" in line for line in kept)


def test_a_cancel_ends_the_code(sandboxed: Bench) -> None:
    job = sandboxed.attempt(
        sandboxed.trigger(code="import time\nprint('on')\nwhile True: time.sleep(1)"),
        told=ToldJob(stop=iter([False] * 8 + [True] * 1_000).__next__),
    )
    assert job.status == "cancelled"
    assert sandboxed.events(job.id)[-1] == "cancelled"
    sandboxed.agree()


def test_the_same_job_again_gives_the_same_figures_to_the_last_digit(sandboxed: Bench) -> None:
    reports = []
    for name in ("one", "other"):
        job = sandboxed.attempt(sandboxed.trigger(name=name))
        assert job.status == "succeeded", job.reason
        assert (job.code_source, len(job.code_sha256 or "")) == ("template", 64)
        assert sandboxed.messages(job.id) == [("generating", f"{NOT_SET_UP} The built-in template is used.")]
        with db.session_scope(sandboxed.user) as session:
            curve = records.curve(session, training_job_id=job.id)
            assert len(curve) >= 10
            reports.append(
                (
                    json.dumps(job.model.report["metrics"], sort_keys=True),
                    [(point.name, point.split, point.step, point.value) for point in curve],
                    job.model.artifact_sha256,
                )
            )
    assert reports[0] == reports[1]


def test_an_upload_that_was_changed_under_way_is_said(sandboxed: Bench) -> None:
    training_job_id = sandboxed.trigger(code=TINY)
    upload = sandboxed.upload()
    path = sandboxed.settings.files_dir / upload.storage_key
    path.write_bytes(b"x" * upload.size_bytes)
    job = sandboxed.attempt(training_job_id)
    assert (job.status, job.reason and job.reason["code"]) == ("failed", "changed_since_checked")


def test_an_upload_that_is_gone_is_said(sandboxed: Bench) -> None:
    training_job_id = sandboxed.trigger(code=TINY)
    sandboxed.change(training_job_id, upload_id=None)
    job = sandboxed.attempt(training_job_id)
    assert (job.status, job.reason and job.reason["code"]) == ("failed", "not_found")
