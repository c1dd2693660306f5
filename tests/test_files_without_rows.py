"""kill -9 between a file and its row, with real processes: what is left of it goes, and nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psutil

from core import access, db, queue, storage
from core.models import models
from core.predictions import predictions
from core.settings import Settings
from core.storage import Storage
from core.system import installation, unreferenced_files
from core.worker.file_sweep import TURN_S, FileSweep
from tests import journeys
from tests.servers import forks
from tests.servers.processes import PROJECT
from tests.servers.waiting import PATIENCE_S, wait_for

UPLOADS = """
import os, signal, sys
from pathlib import Path
from core import access, db, settings, storage
from core.uploads import uploads

class Killed(storage.LocalStorage):
    def put(self, key, source):
        super().put(key, source)
        os.kill(os.getpid(), signal.SIGKILL)

config = settings.current()
db.connect_configured(config)
with storage.stage(config.staging_dir) as staged:
    staged.write(b"name,age\\nAda,36\\n")
    staged.close()
    uploads.receive(access.local_user(), storage=Killed(config.files_dir), staged=staged, file_name="people.csv")
"""


def test_what_a_kill_between_file_and_row_leaves_is_removed_and_nothing_else(
    scored_model: Path, tmp_path: Path
) -> None:
    config = installed(scored_model, tmp_path / "data")
    files = storage.from_settings(config)
    before = set(files.keys(""))
    ended = forks.run(
        [sys.executable, "-c", UPLOADS], cwd=PROJECT, env={**os.environ, **config.environment()}, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    user = access.local_user()
    large = journeys.upload_bytes(
        user, journeys.sample_bytes(tmp_path, n_rows=300_000, seed=3), settings=config, files=files
    )
    before.add(large.storage_key)
    with db.session_scope(user) as session:
        ready = models.ready(session)[0]
    prediction = journeys.queue_prediction(user, large, ready)
    killed_with_a_file(config, user, prediction)

    left = set(files.keys("")) - before
    assert sorted(key.split("/")[0] for key in left) == ["results", "uploads"]
    for key in before | left:
        written_at = (config.files_dir / key).stat().st_mtime - unreferenced_files.KEPT_S - 60
        os.utime(config.files_dir / key, (written_at, written_at))
    swept(files)
    assert {key.split("/")[0] for key in set(files.keys("")) - before} == {"results"}, "it is still pending"
    wait_for(lambda: _is_abandoned(user, prediction), what="the lease to run out")
    with db.session_scope(user, write=True) as session:
        predictions.cancel(session, prediction_id=prediction)
    swept(files)
    assert set(files.keys("")) == before
    db.current().dispose()


def installed(scored: Path, folder: Path) -> Settings:
    """An installation with a model and its scores, whose storage has its mark."""
    shutil.copytree(scored, folder)
    config = journeys.embedded(folder).model_copy(update={"lease_s": 2.0})
    db.connect_configured(config)
    installation.mark(storage.from_settings(config), access.local_user().id, staging_dir=config.staging_dir)
    return config


def killed_with_a_file(config: Settings, user: db.User, prediction_id: UUID) -> None:
    """Have a worker score, and kill it when the file is there and the row knows nothing of it."""
    files = storage.from_settings(config)

    def status() -> str:
        return journeys.ask(
            user, lambda session: predictions.get(session, prediction_id=prediction_id)
        ).status

    before = set(config.staging_dir.iterdir())

    def is_written() -> bool:
        return any(path.stat().st_size for path in set(config.staging_dir.iterdir()) - before)

    with worker(config) as process:
        wait_for(is_written, what="a child to write its result", every_s=0.002)
        process.suspend()  # its children go on
        wait_for(lambda: list(files.keys(f"results/{prediction_id}/")), what="the file to be stored")
        assert status() == "PROCESSING", "the row was quicker than the test"


@contextmanager
def worker(config: Settings) -> Iterator[psutil.Process]:
    """A worker with its children, killed at the end."""
    command = [sys.executable, "-m", "core.worker"]
    started = forks.popen(command, cwd=PROJECT, env={**os.environ, **config.environment()})
    process = psutil.Process(started.pid)
    try:
        yield process
    finally:
        children = process.children(recursive=True)
        for one in (process, *children):
            one.kill()
        started.wait(PATIENCE_S)
        psutil.wait_procs(children, timeout=PATIENCE_S)


def swept(files: Storage) -> None:
    """As a worker does it, whose clock goes on between two turns."""
    at = iter((0.0, 0.0, TURN_S, TURN_S, TURN_S))
    sweep = FileSweep(files, now=lambda: next(at))
    sweep.turn()
    sweep.turn()


def _is_abandoned(user: db.User, prediction_id: UUID) -> bool:
    with db.session_scope(user) as session:
        task_id = predictions.get(session, prediction_id=prediction_id).task_id
        return queue.claimable_kind(session, task_id=task_id) is not None
