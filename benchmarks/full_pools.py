"""How soon a prediction starts while every other pool of its worker is full; a part of `benchmarks.queue`.

One embedded worker with `WORKERS=1`: tasks that do not end hold the slot for training and the two for generation, one
more of each kind waits, and then something is enqueued for scoring. Measured as elsewhere in the queue: from before
the enqueueing transaction to the handler's first line, in a child of its own.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil

from core import db, queue, rooms
from core.db.tables.tasks import TaskRow
from core.queue import Pool
from core.settings import Settings
from core.worker.pools import IDLE_S
from core.worker.runner import Runner
from tests.clocks import JumpingClock
from tests.faults import steps
from tests.faults.pooled_steps import GENERATION, MODULES, TRAINING
from tests.servers.waiting import wait_for

TARGET_MS = 2_000.0
N_WARM, N_RESTED = 20, 3
PAUSE_S = 0.1
ENDLESS = {"n_steps": 1_000_000, "step_s": 0.2}
OTHERS = {TRAINING: Pool.TRAINING.n_slots(1), GENERATION: Pool.GENERATION.n_slots(1)}


def measure(settings: Settings, user: db.User, folder: Path) -> dict[str, float]:
    """Milliseconds, with a warm child and with one that is started anew after `IDLE_S` without work."""
    clock, note = JumpingClock(), folder / "begun"
    modules = (*rooms.task_modules(), *MODULES)
    runner = Runner(settings, slots=1, is_embedded=True, modules=modules, now=clock.now)
    runner.start()
    try:
        rested_ms = [_after_a_rest(user, note, clock) for _ in range(N_RESTED)]
        others = _fill(user)
        warm_ms = [_start_ms(user, note) for _ in range(N_WARM)]
        _end(user, others)
    finally:
        runner.stop()
    return {
        "beside_full_pools_p50_ms": round(statistics.median(warm_ms), 1),
        "beside_full_pools_max_ms": round(max(warm_ms), 1),
        "beside_full_pools_rested_p50_ms": round(statistics.median(rested_ms), 1),
        "beside_full_pools_rested_max_ms": round(max(rested_ms), 1),
    }


def _after_a_rest(user: db.User, note: Path, clock: JumpingClock) -> float:
    """The same for a scoring child that was ended, as nobody needed it for ten minutes."""
    _start_ms(user, note)
    clock.jump(2 * IDLE_S)
    wait_for(lambda: not _children(), deadline_s=60, what="the children to be ended")
    others = _fill(user)
    taken_ms = _start_ms(user, note)
    _end(user, others)
    return taken_ms


def _start_ms(user: db.User, note: Path) -> float:
    """One task for scoring, from before it is enqueued to the handler's first line; waits until it is settled."""
    threading.Event().wait(PAUSE_S)
    asked_ns = time.time_ns()
    (task_id,) = _add(user, steps.KIND, 1, n_steps=0, note=str(note))
    wait_for(lambda: note.exists() and note.read_text().endswith("\n"), deadline_s=120, every_s=0.005)
    begun_ns = int(note.read_text().split()[0])
    note.unlink()
    _wait(lambda: _states([task_id]) == [queue.TaskState.SUCCEEDED], what="the task to be settled")
    return (begun_ns - asked_ns) / 1e6


def _fill(user: db.User) -> list[UUID]:
    """Tasks that do not end in every slot of the other pools, and one more of each kind that waits."""
    task_ids = [
        task_id for kind, n_slots in OTHERS.items() for task_id in _add(user, kind, n_slots + 1, **ENDLESS)
    ]
    full = sorted(["QUEUED"] * len(OTHERS) + ["RUNNING"] * sum(OTHERS.values()))
    _wait(lambda: sorted(_states(task_ids)) == full, what="the other pools to be full")
    return task_ids


def _end(user: db.User, task_ids: list[UUID]) -> None:
    with db.session_scope(user, write=True) as session:
        for task_id in reversed(task_ids):
            queue.cancel(session, task_id=task_id)
    _wait(lambda: set(_states(task_ids)) == {queue.TaskState.CANCELLED}, what="the others to be cancelled")


def _add(user: db.User, kind: str, n: int, **payload: Any) -> list[UUID]:
    with db.session_scope(user, write=True) as session:
        return [steps.enqueue(session, user=user, kind=kind, **payload) for _ in range(n)]


def _states(task_ids: list[UUID]) -> list[str]:
    with db.session_scope(db.WORKER) as session:
        return [row.state for task_id in task_ids if (row := session.get(TaskRow, task_id)) is not None]


def _children() -> list[int]:
    """Process ids of the worker's children; this process may have others, such as a server's."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # it was ended just now
            if "core.worker.child_main" in child.cmdline():
                found.append(child.pid)
    return found


def _wait(is_so: Callable[[], bool], *, what: str) -> None:
    wait_for(is_so, deadline_s=120, every_s=0.02, what=what)
