"""`make bench ONLY=batch_pages`: what pages cost with a batch job of 100,000 items in the middle of its work.

On SQLite and on Postgres, in the running app over its own websocket, after one visit that warms it: opening each page,
and each refresh that it makes by itself. Beside the job stand N_OTHERS finished ones. Median of REPEATS. Writes
results/batch_pages.json; exits non-zero where one takes longer than its limit.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from benchmarks.queue import database_url
from benchmarks.visitor import Visitor
from core import access, db, queue, rooms
from core.db import migrate
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchItemRow, BatchJobRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.db.tables.tasks import TaskRow
from core.generation import errors
from core.generation.jobs import follow
from core.generation.templates import shipped
from core.queue import Reason, TaskState
from tests.servers.app import running

RESULTS = Path(__file__).parent / "results" / "batch_pages.json"
OPEN_MS, REFRESH_MS = 1_000.0, 150.0
REPEATS = 7
N_ITEMS, N_OTHERS, N_ITEMS_OF_OTHERS = 100_000, 200, 20
STATES = {"completed": 0.60, "failed": 0.01, "processing": 0.001}  # shares; the others wait
CHUNK = 5_000
NANO = 1_000_000_000


def main() -> None:
    """Measure, print and keep."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=RESULTS)
    arguments.add_argument("--database", choices=("sqlite", "postgres"), nargs="+")
    given = arguments.parse_args()
    rooms.load()
    report: dict[str, Any] = {"n_items": N_ITEMS, "n_others": N_OTHERS, "cores": os.cpu_count()}
    for kind in given.database or ("sqlite", "postgres"):
        with tempfile.TemporaryDirectory() as folder, database_url(kind, folder) as url:
            report[kind] = _measure(kind, Path(folder), url)
        report[kind]["load"] = round(os.getloadavg()[0], 1)
    given.out.write_text(json.dumps(report, indent=2) + "\n")
    limits = {"open_ms": OPEN_MS, "refresh_ms": REFRESH_MS}
    missed = [
        f"{kind}: {name} ({what}) {found:.0f} ms"
        for kind in ("sqlite", "postgres")
        if kind in report
        for what, limit in limits.items()
        for name, found in report[kind][what].items()
        if found > limit
    ]
    if missed:
        sys.exit("Above their limit: " + "; ".join(missed))


def _measure(kind: str, folder: Path, url: str) -> dict[str, Any]:
    job_id = _write(url)
    pages = {
        "A job": ("job", f"id={job_id}"),
        "A job, failed items": ("job", f"id={job_id}&state=failed"),
        "A job, a page deep in it": ("job", f"id={job_id}&state=completed&page=900"),
        "Batch jobs": ("jobs", ""),
        "Generator": ("generator", ""),
        "Home": ("", ""),
    }
    opened: dict[str, float] = {}
    refreshed: dict[str, float] = {}
    with running(folder, DATABASE_URL=url, WORKERS="0") as app:
        for name, (page, query) in pages.items():
            times, again = _visit(app.port, page, query)
            opened[name] = _told(kind, f"{name} opens", times)
            for at, of_one in enumerate(again):
                part = f"{name}, part {at + 1}" if len(again) > 1 else name
                refreshed[part] = _told(kind, f"{part} refreshes", of_one)
    return {"open_ms": opened, "refresh_ms": refreshed}


def _visit(port: int, page: str, query: str) -> tuple[list[float], list[list[float]]]:
    """Seconds to open a page in sessions of their own, and of each of its refreshes."""
    opened: list[float] = []
    refreshed: list[list[float]] = []
    for n in range(REPEATS + 1):
        with Visitor(port) as visitor:
            took_s = visitor.visit(page, query)
            again = [visitor.refresh(page, query, at=at) for at in range(len(visitor.fragment_ids))]
        if n:
            opened.append(took_s)
            refreshed = [
                [*before, one] for before, one in zip(refreshed or [[] for _ in again], again, strict=True)
            ]
    return opened, refreshed


def _told(kind: str, name: str, times: list[float]) -> float:
    median_ms = round(statistics.median(times) * 1000, 1)
    print(f"{kind:<9} {name:<45} {median_ms:>7.1f} ms", flush=True)
    return median_ms


def _write(url: str) -> UUID:
    """Migrate the database, fill it for its local user, and return the large job."""
    db.connect(url)
    migrate.upgrade(db.current())
    user = access.settle_local_user()
    shipped.ensure()
    for n in range(N_OTHERS):
        _job(user, f"Batch {n}", N_ITEMS_OF_OTHERS, {"completed": 1.0}, status="completed", days_ago=n % 14)
    job_id = _job(user, "A hundred thousand", N_ITEMS, STATES, status="processing", days_ago=0)
    db.current().engine.dispose()
    return job_id


def _job(
    user: db.User, name: str, n_items: int, shares: dict[str, float], *, status: str, days_ago: int
) -> UUID:
    at = datetime.now(UTC) - timedelta(days=days_ago, hours=1)
    made = random.Random(n_items)  # no secret
    failed = Reason.of(errors.BadReply(problem="it is no valid JSON", place=", line 3, column 14")).to_json()
    with db.session_scope(db.WORKER, write=True) as session:
        template_id = session.execute(sa.select(PromptTemplateRow.id).limit(1)).scalar_one()
        task_id = queue.enqueue(session, kind_name=follow.KIND, user_id=user.id, payload={}, total=n_items)
        running_now = status == "processing"
        session.execute(
            sa.update(TaskRow)
            .where(TaskRow.id == task_id)
            .values(
                state=TaskState.RUNNING if running_now else TaskState.SUCCEEDED,
                attempt=1,
                lease_owner=uuid4() if running_now else None,
                lease_until=at + timedelta(days=9) if running_now else None,
            )
        )
        job = BatchJobRow(
            id=uuid4(), user_id=user.id, name=name, template_id=template_id, provider="anthropic",
            model="claude-haiku-5-5", concurrency=100, max_tokens=2_000, max_cost=500 * NANO, n_items=n_items,
            task_id=task_id, status=status, created_at=at, started_at=at,
        )  # fmt: skip
        session.add(job)
        session.flush()
        states = [state for state, share in shares.items() for _ in range(round(share * n_items))]
        states += ["queued"] * (n_items - len(states))
        made.shuffle(states)
        for begin in range(0, n_items, CHUNK):
            part = list(enumerate(states[begin : begin + CHUNK], start=begin))
            session.execute(
                sa.insert(BatchItemRow), [_item(job.id, idx, state, failed) for idx, state in part]
            )
            calls = [
                _call(job.id, idx, at + timedelta(seconds=idx / 100))
                for idx, state in part
                if state in ("completed", "failed")
            ]
            if calls:
                session.execute(sa.insert(BatchCallRow), calls)
        return job.id


def _item(job_id: UUID, idx: int, state: str, failed: dict[str, str]) -> dict[str, Any]:
    return {
        "id": uuid4(), "batch_job_id": job_id, "idx": idx, "state": state,
        "n_asked": int(state != "queued"), "error": failed if state == "failed" else None,
        "params": {"product": f"product {idx % 100}", "complaint": f"what went wrong, case {idx}"},
    }  # fmt: skip


def _call(job_id: UUID, idx: int, at: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(), "batch_job_id": job_id, "item_idx": idx, "n": 1, "model": "claude-haiku-5-5",
        "status": 200, "n_input": 620, "n_output": 640, "cost": 382_000, "latency_s": 3.0, "asked_at": at,
    }  # fmt: skip


if __name__ == "__main__":
    main()
