"""Scoring in a worker's child, and what it says when something it needs is gone."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyarrow import csv

import core
from core import access, db
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.metrics.binary import Binary
from core.models import changes
from core.predictions import code_hash, listing, predictions, receipt, repeats
from core.predictions.results import measures
from core.predictions.scoring import engine
from core.settings import Settings
from core.storage import LocalStorage
from core.uploads import uploads
from core.uploads.report.overrides import ReadingOverrides
from tests import journeys


@dataclass(frozen=True)
class Desk:
    """A small installation with a worker, an upload and a model."""

    settings: Settings
    files: LocalStorage
    user: db.User
    upload: UploadRow
    model: ModelRow

    def upload_again(self, content: bytes, file_name: str) -> UploadRow:
        return journeys.upload_bytes(
            self.user, content, settings=self.settings, files=self.files, file_name=file_name
        )

    def score(self, upload: UploadRow, model: ModelRow | None = None) -> PredictionRow:
        return journeys.settled(self.user, journeys.queue_prediction(self.user, upload, model or self.model))

    def path(self, key: str | None) -> Path:
        assert key is not None
        return self.files.root / key


@pytest.fixture(scope="module")
def made_once(scored_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk") / "data"
    shutil.copytree(scored_model, folder)
    settings = journeys.embedded(folder)
    db.connect(settings.database)
    user = access.local_user()
    with db.session_scope(user) as session:
        known = listing.page(session).items[0]
    with journeys.running(settings):
        yield Desk(settings, LocalStorage(settings.files_dir), user, known.upload, known.model)


@pytest.fixture
def desk(made_once: Desk) -> Desk:
    db.connect(made_once.settings.database)
    return made_once


def test_a_file_with_its_outcome_is_measured(desk: Desk) -> None:
    found = measures.of(desk.score(desk.upload))
    assert (found.n_rows, found.n_measured, found.positive_label) == (400, 400, "Yes")
    assert found.on_training_data
    assert found.metrics is not None
    assert found.metrics.to_json()["roc_auc"] > 0.7
    assert found.bands is not None
    assert sum(found.bands.counts) == 400


def test_a_threshold_decides_the_labels_and_the_figures_and_a_stored_result_keeps_its_own(desk: Desk) -> None:
    with db.session_scope(desk.user, write=True) as session:
        asked = {"upload_id": desk.upload.id, "model_id": desk.model.id}
        prediction_id = predictions.create(session, **asked, threshold=0.125).id  # type: ignore[arg-type]  # each its own
    scored = journeys.settled(desk.user, prediction_id)
    with db.session_scope(desk.user, write=True) as session:
        changes.set_threshold(session, model_id=desk.model.id, wanted=0.9)
        again_id = repeats.again(session, prediction_id=prediction_id).id
        changes.set_threshold(session, model_id=desk.model.id, wanted="half")
    result = csv.read_csv(desk.path(scored.output_key))
    reaches = [score >= 0.125 for score in result["probability"].to_pylist()]
    assert result["prediction"].to_pylist() == ["Yes" if one else "No" for one in reaches]
    found = measures.of(scored)
    assert found.threshold == 0.125
    assert isinstance(found.metrics, Binary)
    called = list(zip(reaches, result["churned"].to_pylist(), strict=True))
    assert found.metrics.threshold == 0.125
    assert found.metrics.confusion.true_positives == sum(one and truth == "Yes" for one, truth in called)
    assert found.metrics.confusion.false_positives == sum(one and truth == "No" for one, truth in called)
    assert scored.receipt is not None
    assert scored.receipt["ingredients"]["options"] == {"threshold": 0.125}
    repeated = journeys.settled(desk.user, again_id)
    assert repeated.output_sha256 == scored.output_sha256


def test_a_prediction_keeps_how_it_was_answered(desk: Desk) -> None:
    kept = desk.score(desk.upload).receipt
    assert kept is not None
    assert kept["run"]["answered_by"] in ("trees", "curves", "blend")
    assert (kept["run"]["why_pipeline"], kept["run"]["rows_by_pipeline"]) == (None, 0)


def test_the_receipt_names_what_went_in_and_what_came_out(desk: Desk) -> None:
    prediction = desk.score(desk.upload)
    kept = prediction.receipt
    assert kept is not None
    made_of = kept["ingredients"]
    stored = {name: hashlib.sha256(desk.path(key).read_bytes()).hexdigest() for name, key in {
        "input": desk.upload.storage_key, "model": desk.model.artifact_key, "result": prediction.output_key,
    }.items()}  # fmt: skip
    assert (made_of["input"]["sha256"], made_of["model"]["sha256"]) == (stored["input"], stored["model"])
    assert kept["result"]["sha256"] == stored["result"] == prediction.output_sha256
    assert kept["about"]["trained_on"]["sha256"] == stored["input"]
    assert made_of["reading"]["delimiter"] == ","
    assert made_of["code"] == {"version": core.__version__, "sha256": code_hash.sha256()}
    assert set(made_of["libraries"]) > {"python", "numpy", "scikit-learn", "pyarrow", "skops", "scipy"}
    assert kept["ingredients_sha256"] == receipt.sha256_of(made_of)
    assert prediction.metrics_json is not None
    assert kept["result"]["counts_sha256"] == receipt.sha256_of(prediction.metrics_json["tally"])
    assert (kept["result"]["rows"], kept["run"]["threads"]) == (400, engine.N_THREADS)


def test_the_receipt_tells_no_place_and_no_setting(desk: Desk) -> None:
    text = json.dumps(desk.score(desk.upload).receipt)
    assert str(desk.settings.data_dir) not in text
    assert str(Path.cwd()) not in text
    assert socket.gethostname() not in text
    assert desk.upload.storage_key not in text
    assert not re.search(r'"/|file://|sqlite|postgres', text)


def test_the_same_file_again_gives_the_same_bytes_and_counts_and_a_file_read_otherwise_is_told(
    desk: Desk, tmp_path: Path
) -> None:
    upload = desk.upload_again(journeys.sample_bytes(tmp_path, seed=21), "twice.csv")
    first = desk.score(upload)
    with db.session_scope(desk.user, write=True) as session:
        again_id = repeats.again(session, prediction_id=first.id).id
    second = journeys.settled(desk.user, again_id)
    assert first.receipt is not None
    assert second.receipt is not None
    assert desk.path(second.output_key).read_bytes() == desk.path(first.output_key).read_bytes()
    assert second.receipt["ingredients_sha256"] == first.receipt["ingredients_sha256"]
    with db.session_scope(desk.user) as session:
        found = repeats.compare(session, prediction=second)
    assert found is not None
    assert (found.earlier_id, found.same_bytes, found.same_counts, found.changed) == (
        first.id,
        True,
        True,
        (),
    )

    uploads.reread(
        desk.user,
        storage=desk.files,
        staging_dir=desk.settings.staging_dir,
        upload_id=upload.id,
        overrides=ReadingOverrides(missing=("month to month",)),
        anew=False,
    )
    third = desk.score(upload)
    with db.session_scope(desk.user) as session:
        found = repeats.compare(session, prediction=third)
    assert found is not None
    assert (found.earlier_id, found.same_bytes) == (second.id, False)
    assert [change.name for change in found.changed or ()] == ["reading.rules"]
    assert third.receipt is not None
    assert third.receipt["about"]["overruled"] == {"missing": ["month to month"]}


def test_a_file_without_its_outcome_has_scores_and_bands_but_no_metrics(desk: Desk) -> None:
    lines = desk.path(desk.upload.storage_key).read_bytes().splitlines()
    without = b"\n".join(line.rpartition(b",")[0] for line in lines)
    found = measures.of(desk.score(desk.upload_again(without, "new.csv")))
    assert found.metrics is None
    assert not found.on_training_data
    assert found.headline == ""
    assert found.scores is not None
    assert sum(found.scores.counts) == 400


def test_a_mapped_file_is_scored_as_the_same_file_under_its_own_names(desk: Desk) -> None:
    data = desk.path(desk.upload.storage_key).read_bytes()
    own = desk.score(desk.upload)
    names = {"tenure_months": b"Laufzeit", "churned": b"prediction"}
    for name, column in names.items():
        data = data.replace(name.encode(), column, 1)
    upload = desk.upload_again(data, "renamed.csv")
    with db.session_scope(desk.user, write=True) as session:
        mapping = {name: column.decode() for name, column in names.items()}
        made = predictions.create(session, upload_id=upload.id, model_id=desk.model.id, mapping=mapping)
    mapped = journeys.settled(desk.user, made.id)
    assert mapped.options == {"mapping": mapping}
    header, _, rows = desk.path(mapped.output_key).read_bytes().partition(b"\n")
    assert header.endswith(b",prediction,prediction_2,probability,caution")
    assert rows == desk.path(own.output_key).read_bytes().partition(b"\n")[2]
    before, after = measures.of(own).to_json(), measures.of(mapped).to_json()
    assert after["metrics"] == before["metrics"]
    assert after["quality"] == before["quality"]
    assert mapped.receipt is not None
    assert mapped.receipt["ingredients"]["options"] == {"mapping": mapping}
    assert mapped.receipt["run"]["why_pipeline"] is None


def test_a_file_removed_under_a_queued_prediction_fails_it_with_the_cure_and_a_retry_succeeds(
    desk: Desk, tmp_path: Path
) -> None:
    content = journeys.sample_bytes(tmp_path, seed=8)
    upload = desk.upload_again(content, "gone.csv")
    path = desk.path(upload.storage_key)
    path.unlink()
    prediction = desk.score(upload)
    assert prediction.status == "FAILED"
    assert prediction.error_message == "The stored copy of gone.csv is gone."
    assert (prediction.error_hint or "").endswith("Upload the file again and start from there.")

    path.write_bytes(content)
    with db.session_scope(desk.user, write=True) as session:
        predictions.retry(session, prediction_id=prediction.id)
    assert journeys.settled(desk.user, prediction.id).status == "COMPLETED"


def test_a_retry_writes_beside_what_an_earlier_try_left(desk: Desk, tmp_path: Path) -> None:
    upload = desk.upload_again(journeys.sample_bytes(tmp_path, seed=18), "again.csv")
    path = desk.path(upload.storage_key)
    content = path.read_bytes()
    path.unlink()
    failed = desk.score(upload)
    left = desk.path(f"results/{failed.id}/{failed.task_id}-1.csv")
    left.parent.mkdir(parents=True, exist_ok=True)
    for name in (left.name, "1.csv"):
        left.with_name(name).write_text("of a worker that was killed")
    path.write_bytes(content)
    with db.session_scope(desk.user, write=True) as session:
        predictions.retry(session, prediction_id=failed.id)
    again = journeys.settled(desk.user, failed.id)
    assert again.status == "COMPLETED"
    assert desk.path(again.output_key).read_bytes().count(b"\n") == 401


@pytest.mark.parametrize("harm", ["cut", "emptied", "zeros", "noise", "one cell", "renamed column"])
def test_a_stored_file_that_was_changed_is_not_scored_and_uploading_it_again_mends_it(
    desk: Desk, tmp_path: Path, harm: str
) -> None:
    content = journeys.sample_bytes(tmp_path, seed=9)
    upload = desk.upload_again(content, "short.csv")
    line = content.splitlines(keepends=True)[1]
    desk.path(upload.storage_key).write_bytes(
        {
            "cut": b"".join(content.splitlines(keepends=True)[:101]),
            "emptied": b"",
            "zeros": bytes(len(content)),
            "noise": random.Random(5).randbytes(len(content)),
            "one cell": content.replace(line, line.replace(b"C", b"D", 1), 1),
            "renamed column": content.replace(b"contract", b"kontract", 1),
        }[harm]
    )
    prediction = desk.score(upload)
    assert (prediction.status, prediction.output_key) == ("FAILED", None)
    assert "the stored copy of short.csv was changed" in (prediction.error_message or "")
    assert prediction.error_hint == "Upload it again."

    assert desk.upload_again(content, "short.csv").id == upload.id
    with db.session_scope(desk.user, write=True) as session:
        predictions.retry(session, prediction_id=prediction.id)
    assert journeys.settled(desk.user, prediction.id).status == "COMPLETED"


def test_a_model_is_not_trained_on_bytes_that_were_changed(desk: Desk, tmp_path: Path) -> None:
    content = journeys.sample_bytes(tmp_path, seed=19)
    upload = desk.upload_again(content, "train.csv")
    desk.path(upload.storage_key).write_bytes(content.replace(b"Yes", b"Nay", 1))
    model = journeys.train(desk.user, upload)
    assert model.status == "failed"
    assert model.error is not None
    assert model.error["code"] == "changed_since_checked"


def test_a_model_file_that_was_tampered_with_is_never_loaded_and_the_model_is_named(
    desk: Desk, tmp_path: Path
) -> None:
    upload = desk.upload_again(journeys.sample_bytes(tmp_path, seed=10), "other.csv")
    model = journeys.train(desk.user, upload)
    path = desk.path(model.artifact_key)

    def is_refused(harm: str) -> None:
        prediction = desk.score(upload, model)
        assert prediction.status == "FAILED"
        assert f"{model.name} v{model.version} was {harm}" in (prediction.error_message or "")
        assert "Train the model again" in (prediction.error_hint or "")

    path.write_bytes(path.read_bytes() + b"more")
    is_refused("changed")
    path.unlink()
    is_refused("removed")


def test_nothing_is_left_in_staging(desk: Desk) -> None:
    desk.score(desk.upload)
    assert list(desk.settings.staging_dir.iterdir()) == []
