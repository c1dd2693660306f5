"""kill -9 of the app in a running export, and of whoever removes what was deleted: nothing is left of either."""

from __future__ import annotations

import os
import random
import signal
import sys
import zipfile
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psutil
import pytest
import sqlalchemy as sa

from core import access, db, rooms, storage
from core import settings as settings_module
from core.db import migrate
from core.db.tables.generation.batch_jobs import BatchItemRow
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import conversations, files
from core.generation.conversations.messages import columns
from core.generation.deletions import deletions
from core.generation.deletions.errors import TooLateToUndo
from core.generation.engine.requests.reply_store import log_key, raw_key
from core.settings import Settings
from core.system import unreferenced_files
from tests import generation
from tests.core.generation.deletions.carried_out import counted, delete, finish, undo
from tests.journeys import ask
from tests.servers import app as servers
from tests.servers import forks
from tests.servers.processes import PROJECT

pytestmark = pytest.mark.faults
N_LONG, N_LETTERS = 200, 90_000
N_MANY = 500
LEFT = ("deleted_conversations", "deleted_batch_jobs", "batch_jobs", "batch_items", "conversation_revisions")

ATTEMPT = """
import os, signal, sys
from uuid import UUID
from core import db, rooms, settings, storage
from core.generation.deletions import work
from tests.batches import Told
from tests.core.generation.deletions.carried_out import claim

n_left = int(sys.argv[2])

class Killed(storage.LocalStorage):
    def delete(self, key):
        global n_left
        n_left -= 1
        if not n_left:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().delete(key)

storage.from_settings = lambda config: Killed(config.files_dir)
rooms.load()
config = settings.current()
db.connect_configured(config)
work.work(claim(UUID(sys.argv[1])), Told(), config=config)
"""


def connected(data_dir: Path) -> Settings:
    """The database of an app that does not run yet."""
    rooms.load()
    data_dir.mkdir()
    settings = settings_module.read(_env_file=None, data_dir=data_dir, sample=False)
    migrate.upgrade(db.connect(settings.database))
    return settings


def written(user: db.User, job_id: UUID, n: int, *, n_letters: int) -> list[dict[str, object]]:
    """Approved conversations of a job, as rows: what is packed stays as long as it is."""
    chance, template_id = random.Random(0), generation.template(user)
    rows = [
        {
            "id": uuid4(), "conversation_id": uuid4(), "user_id": user.id, "batch_job_id": job_id, "idx": idx,
            "template_id": template_id, "params": {}, "provider": "offline", "model": "offline", "is_offline": True,
            "status": "approved",
            **columns(generation.talk(f"Question {idx}?", f"a {chance.randbytes(n_letters // 2).hex()}")),
        }
        for idx in range(n)
    ]  # fmt: skip
    items = [
        {"id": uuid4(), "batch_job_id": job_id, "idx": row["idx"], "params": {}, "state": "completed",
         "n_asked": 1, "conversation_id": row["id"]} for row in rows
    ]  # fmt: skip
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.insert(ConversationRow), rows)
        session.execute(sa.insert(BatchItemRow), items)
    return rows


def kill(app: servers.App) -> None:
    """The app with its worker and children, all at once."""
    family = [*psutil.Process(app.pid).children(recursive=True), psutil.Process(app.pid)]
    for process in family:
        process.send_signal(signal.SIGSTOP)
    for process in family:
        process.send_signal(signal.SIGKILL)


def test_an_export_whose_app_is_killed_is_broken_off_for_all_to_see(tmp_path: Path) -> None:
    config = connected(tmp_path / "data")
    user = access.settle_local_user()
    written(user, generation.job(user), N_LONG, n_letters=N_LETTERS)
    export = "/api/conversations/export"
    with servers.running(tmp_path, WORKERS="0") as app:
        at_start = set(config.data_dir.rglob("*"))
        got = b""
        with (
            pytest.raises(httpx.RemoteProtocolError),
            httpx.stream("GET", f"{app.url}{export}", timeout=60) as answer,
        ):
            for chunk in answer.iter_raw():
                if not got:
                    kill(app)
                got += chunk
    assert got
    (tmp_path / "got.zip").write_bytes(got)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(tmp_path / "got.zip")
    assert set(config.data_dir.rglob("*")) <= at_start, "nothing was staged"
    db.current().dispose()


def test_what_removes_a_deleted_job_is_killed_and_nothing_of_it_is_left(
    sqlite_database: db.Database, user: db.User, settings: Settings
) -> None:
    stored, job_id = storage.from_settings(settings), generation.job(user)
    rows = written(user, job_id, N_MANY, n_letters=40)
    kept = generation.conversation(user, idx=1)
    keys = [files.key(row["conversation_id"]) for row in rows]  # type: ignore[arg-type]
    keys += [raw_key(job_id, n, 1) for n in range(N_MANY)]
    for key in (*keys, log_key(job_id)):  # as `put` leaves them, without waiting for the disk
        path = settings.files_dir / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")
    asked = {"with_conversations": True, "n_confirmed": N_MANY, "include_approved": True}
    made = delete(user, deletions.job, batch_job_id=job_id, **asked)
    ended = forks.run(
        [sys.executable, "-c", ATTEMPT, str(made.id), str(N_MANY + 1)],
        cwd=PROJECT, env={**os.environ, **settings.environment()}, check=False,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL
    assert 0 < counted("deleted_conversations")[0] < N_MANY, "it was killed in the middle"
    assert 0 < len(list(stored.keys("conversation-files/"))) < 2 * N_MANY
    with pytest.raises(TooLateToUndo):
        undo(user, made.id)
    finish(made.id, settings)
    assert counted("conversations", *LEFT) == [1, 0, 0, 0, 0, 0]
    assert ask(user, partial(conversations.get, row_id=kept)).id == kept
    assert list(stored.keys("conversation-files/")) == list(stored.keys("batch-logs/")) == []
    assert unreferenced_files.find(stored).n == 0
