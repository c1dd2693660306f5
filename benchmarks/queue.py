"""`python -m benchmarks.queue`: how long a task waits for an idle worker, and how many pass in a second.

On SQLite and on Postgres, with one embedded slot: from before the enqueueing transaction to the
handler's first line in a warm child (p50, p95 of 60); the same from the runner's start, child cold;
and no-op tasks per second, from the first claim to the last settled. On Postgres also with two workers,
beside bare loops of the same SQL in the same run: both within 10 % is the target. On both, how soon a prediction
starts while every other pool is full. Writes results/queue.json.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from benchmarks import bare_queue, full_pools
from core import access, db, logs, queue, rooms
from core import settings as settings_module
from core.db import migrate
from core.db.tables.tasks import TaskRow
from core.settings import Settings
from core.worker.runner import Runner
from tests.faults import steps
from tests.faults.worker_process import WorkerProcess
from tests.servers.parts import find
from tests.servers.postgres import Cluster
from tests.servers.waiting import wait_for

RESULTS = Path(__file__).parent / "results" / "queue.json"
N_SAMPLES = 60
N_NO_OPS = 300
PAUSE_S = 0.1
TARGET_P50_MS = 100.0
N_WORKERS = 2


def main() -> int:
    figures: dict[str, object] = {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
        "target_p50_ms": TARGET_P50_MS,
        "target_beside_full_pools_ms": full_pools.TARGET_MS,
    }
    reached = True
    for kind in ("sqlite", "postgres"):
        with (
            tempfile.TemporaryDirectory(prefix="model-desk-queue-") as folder,
            database_url(kind, folder) as url,
        ):
            measured = _measure(url, Path(folder))
        figures[kind] = measured
        reached = reached and measured["warm_p50_ms"] < TARGET_P50_MS
        reached = reached and measured["beside_full_pools_max_ms"] <= full_pools.TARGET_MS
        print(kind, json.dumps(measured), flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if reached else 1


def _measure(url: str, folder: Path) -> dict[str, float]:
    settings = settings_module.read(
        _env_file=None, data_dir=folder, database_url=url, storage_url="", log_level="error"
    )
    logs.configure(settings)
    database = db.connect(settings.database)
    migrate.upgrade(database)
    steps.make_tables()
    user = access.settle_local_user()
    runner = Runner(
        settings, slots=1, is_embedded=True, modules=(*rooms.task_modules(), "tests.faults.steps")
    )
    note = folder / "note"

    def start_ms(asked_ns: int) -> float:
        """From `asked_ns` to the handler's first line; waits until the task is settled."""
        wait_for(lambda: note.exists() and note.read_text().endswith("\n"), every_s=0.005)
        begun_ns = int(note.read_text().split()[0])
        note.unlink()
        wait_for(lambda: _n_unsettled() == 0, every_s=0.01)
        return (begun_ns - asked_ns) / 1e6

    def add(n: int = 1, **payload: Any) -> list[UUID]:
        with db.session_scope(user, write=True) as session:
            return [steps.enqueue(session, user=user, n_steps=0, **payload) for _ in range(n)]

    add(note=str(note))
    asked_ns = time.time_ns()
    runner.start()
    cold_ms = start_ms(asked_ns)
    warm_ms = []
    pause = threading.Event()
    for _ in range(N_SAMPLES):
        pause.wait(PAUSE_S)
        asked_ns = time.time_ns()
        add(note=str(note))
        warm_ms.append(start_ms(asked_ns))
    add(N_NO_OPS)
    wait_for(lambda: _n_unsettled() == 0, deadline_s=120, every_s=0.05)
    n_per_s = N_NO_OPS / _span_s()
    runner.stop()
    beside_full_pools = full_pools.measure(settings, user, folder)
    beside = {} if database.is_sqlite else _beside_bare_loops(settings, database, add)
    database.dispose()
    return {
        "warm_p50_ms": round(statistics.median(warm_ms), 1),
        "warm_p95_ms": round(statistics.quantiles(warm_ms, n=20)[-1], 1),
        "warm_max_ms": round(max(warm_ms), 1),
        "cold_ms": round(cold_ms, 1),
        "no_op_tasks_per_s": round(n_per_s, 1),
        **beside_full_pools,
        **beside,
    }


def _beside_bare_loops(
    settings: Settings, database: db.Database, add: Callable[..., list[UUID]]
) -> dict[str, float]:
    """Two workers, each a process with a warm child, and two loops that send nothing but the same statements."""
    url = database.engine.url.render_as_string(hide_password=False)
    recorded = bare_queue.record(database, add)
    bare_p50_ms = bare_queue.start_p50_ms(url, recorded, add, n_samples=N_SAMPLES, pause_s=PAUSE_S)
    add(N_NO_OPS)
    bare_per_s = bare_queue.per_second(url, recorded, n_tasks=N_NO_OPS, n_workers=N_WORKERS)
    workers = [WorkerProcess(settings) for _ in range(N_WORKERS)]
    try:
        wait_for(lambda: _n_free() == N_WORKERS, deadline_s=60, what="two warm workers")
        add(N_NO_OPS)
        wait_for(lambda: _n_unsettled() == 0, deadline_s=120, every_s=0.05)
        per_s = N_NO_OPS / _span_s()
    finally:
        for worker in workers:
            worker.end()
    return {
        "two_workers_no_op_tasks_per_s": round(per_s, 1),
        "two_bare_loops_no_op_tasks_per_s": round(bare_per_s, 1),
        "bare_p50_ms": round(bare_p50_ms, 1),
    }


def _n_free() -> int:
    with db.session_scope(db.WORKER) as session:
        return sum(worker.slots for worker in queue.workers.alive(session))


def _n_unsettled() -> int:
    with db.session_scope(db.WORKER) as session:
        figures = queue.backlog(session)
    return figures.n_queued + figures.n_running


def _span_s() -> float:
    """From the first claim to the last end of the no-op tasks, by the database's clock."""
    with db.session_scope(db.WORKER) as session:
        query = sa.select(TaskRow.started_at, TaskRow.finished_at).order_by(TaskRow.finished_at.desc())
        rows = session.execute(query.limit(N_NO_OPS)).all()
    return float((max(row.finished_at for row in rows) - min(row.started_at for row in rows)).total_seconds())


@contextmanager
def database_url(kind: str, folder: str) -> Iterator[str]:
    """The address of a new database of its kind, `sqlite` or `postgres`."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/queue.sqlite3"
        return
    program = find("postgresql")
    if program is None:
        sys.exit("Postgres is not installed: apt-get install postgresql")
    cluster = Cluster(program)
    try:
        yield cluster.create("queue")
    finally:
        cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
