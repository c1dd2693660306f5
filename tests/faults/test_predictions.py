"""Real predictions under real kills: none is forgotten, none is half done, and each says what became of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.predictions import PredictionRow
from core.db.tables.tasks import TaskRow
from core.predictions import predictions
from core.predictions.states import OF_TASK
from core.queue import TaskState
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys
from tests.servers import app as servers
from tests.servers import forks
from tests.servers.app import App
from tests.servers.waiting import PATIENCE_S, wait_for

pytestmark = pytest.mark.faults


def test_a_prediction_whose_worker_is_killed_each_time_is_failed_with_its_reason(
    sqlite_database: db.Database, settings: Settings, storage: LocalStorage, user: db.User, tmp_path: Path
) -> None:
    """On one kind of database: a task that loses its child each time is tested on both with the runner."""
    upload = journeys.upload_bytes(user, journeys.sample_bytes(tmp_path), settings=settings, files=storage)
    large = journeys.upload_bytes(
        user, repeated(journeys.sample_bytes(tmp_path), times=300), settings=settings, files=storage
    )
    with journeys.running(settings):
        model = journeys.train(user, upload)
        prediction_id = journeys.queue_prediction(user, large, model)
        for attempt in (1, 2, 3):
            wait_for(lambda n=attempt: has_begun(user, prediction_id, attempt=n), what=f"attempt {attempt}")  # type: ignore[misc]
            for pid, command in forks.children(os.getpid()).items():
                if "core.worker.child_main" in command:
                    os.kill(pid, signal.SIGKILL)
        prediction = journeys.settled(user, prediction_id)
        assert prediction.status == "FAILED"
        assert (
            prediction.error_message
            == "The process that ran this was killed by signal 9. It was tried 3 times."
        )
        assert "memory" in (prediction.error_hint or "")
        assert_none_is_apart()

        with db.session_scope(user, write=True) as session:
            predictions.retry(session, prediction_id=prediction_id)
        assert journeys.settled(user, prediction_id).status == "COMPLETED"
    assert_none_is_apart()


def test_an_app_killed_in_mid_scoring_finishes_the_work_after_its_next_start(
    scored_model: Path, tmp_path: Path
) -> None:
    content = repeated(journeys.sample_bytes(tmp_path), times=500)
    shutil.copytree(scored_model, tmp_path / "data")
    with servers.running(tmp_path, LEASE_S="2") as app:
        prediction_id = json.loads(posted(app, content))["prediction_id"]
        wait_for(
            lambda: b'"PROCESSING"' in got(app, f"predictions/{prediction_id}"), what="the scoring to begin"
        )
        os.kill(app.pid, signal.SIGKILL)
    with servers.running(tmp_path, LEASE_S="2") as app:
        wait_for(
            lambda: b'"COMPLETED"' in got(app, f"predictions/{prediction_id}"),
            what="the result",
        )
        assert got(app, f"predictions/download_predictions/{prediction_id}").count(b"\n") == 200_001
        assert list((app.data_dir / "staging").iterdir()) == []


def test_a_worker_killed_in_mid_scoring_changes_no_byte_of_the_result(
    postgres_database: db.Database, settings: Settings, storage: LocalStorage, user: db.User, tmp_path: Path
) -> None:
    """On one kind of database: that a task is taken over is tested on both in `test_faults.py`."""
    config = settings.model_copy(update={"lease_s": 2.0})
    sample = journeys.upload_bytes(user, journeys.sample_bytes(tmp_path), settings=config, files=storage)
    content = repeated(journeys.sample_bytes(tmp_path), times=300)
    large = journeys.upload_bytes(user, content, settings=config, files=storage)
    with a_worker(config) as first:
        model = journeys.train(user, sample)
        undisturbed = journeys.settled(user, journeys.queue_prediction(user, large, model))
        disturbed_id = journeys.queue_prediction(user, large, model)
        wait_for(lambda: is_writing(config), what="the first bytes of a result", every_s=0.002)
        first.kill()
        first.wait(PATIENCE_S)
    with a_worker(config):
        disturbed = journeys.settled(user, disturbed_id)
    assert (undisturbed.task.attempt, disturbed.task.attempt) == (1, 2)
    assert (undisturbed.status, disturbed.status) == ("COMPLETED", "COMPLETED")
    one, other = (storage.root / str(found.output_key) for found in (undisturbed, disturbed))
    assert other.read_bytes() == one.read_bytes()
    assert undisturbed.receipt is not None
    assert disturbed.receipt is not None
    for part in ("ingredients", "result"):
        assert disturbed.receipt[part] == undisturbed.receipt[part]
    assert disturbed.metrics_json is not None
    assert undisturbed.metrics_json is not None
    assert disturbed.metrics_json["tally"] == undisturbed.metrics_json["tally"]
    assert_none_is_apart()


@contextmanager
def a_worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m core.worker`, as it is started by hand; killed at the end, if it still lives."""
    process = forks.popen(
        [sys.executable, "-m", "core.worker"],
        env={**os.environ, **settings.environment(), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def is_writing(settings: Settings) -> bool:
    """The first bytes of a result are there."""
    return any(path.stat().st_size > 0 for path in settings.staging_dir.glob("*"))


def repeated(content: bytes, *, times: int) -> bytes:
    """The file with its rows again and again, so that scoring it takes a while."""
    header, rows = content.split(b"\n", 1)
    return header + b"\n" + rows * times


def has_begun(user: db.User, prediction_id: UUID, *, attempt: int) -> bool:
    """A child has been given this attempt and has said so."""
    with db.session_scope(user) as session:
        found = predictions.get(session, prediction_id=prediction_id)
    return found.status == "PROCESSING" and found.task.attempt == attempt


def assert_none_is_apart() -> None:
    """Every prediction is where its task is."""
    rows = sa.select(PredictionRow.status, TaskRow.state).join(TaskRow, PredictionRow.task_id == TaskRow.id)
    with db.session_scope(db.WORKER) as session:
        found = session.execute(rows).all()
    assert found
    assert [status for status, _ in found] == [OF_TASK[TaskState(state)] for _, state in found]


def got(app: App, path: str) -> bytes:
    with urllib.request.urlopen(f"{app.url}/api/{path}", timeout=PATIENCE_S) as answer:
        return bytes(answer.read())


def posted(app: App, content: bytes) -> bytes:
    """The answer to an upload of these bytes, to be scored by whoever takes it."""
    boundary = "of-this-test"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="large.csv"\r\n\r\n'.encode()
        + content
        + f"\r\n--{boundary}--\r\n".encode()
    )
    request = urllib.request.Request(
        f"{app.url}/api/csv", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return bytes(answer.read())
