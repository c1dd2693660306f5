"""`make bench ONLY=quality_at_size`: near-duplicates beside 100,000 approved conversations, on SQLite and Postgres.

Milliseconds to look one up, N_LOOKS in a transaction; to save an edit of a conversation that is compared with its job
of 50,000 too; to approve one, and 1,000 at once. Medians of REPEATS. Writes results/quality_at_size.json; exits
non-zero where one takes longer than its limit.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from benchmarks.queue import database_url
from core import access, db, queue, rooms
from core.db import migrate
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.conversations import messages, review
from core.generation.conversations.states import Status
from core.generation.jobs import follow
from core.generation.quality import nearest
from core.generation.templates import shipped

RESULTS = Path(__file__).parent / "results" / "quality_at_size.json"
N_APPROVED, N_OF_JOB, N_PENDING = 100_000, 50_000, 2_000
CHUNK, REPEATS, N_LOOKS = 5_000, 20, 20
LIMITS_MS = {"look up": 5.0, "save an edit": 300.0, "approve one": 50.0, "approve 1,000": 4_000.0}


def main() -> None:
    """Measure, print and keep."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=RESULTS)
    arguments.add_argument(
        "--database", choices=("sqlite", "postgres"), nargs="+", default=("sqlite", "postgres")
    )
    given = arguments.parse_args()
    rooms.load()
    report: dict[str, Any] = {"n_approved": N_APPROVED, "n_of_job": N_OF_JOB, "cores": os.cpu_count()}
    for kind in given.database:
        with tempfile.TemporaryDirectory() as folder, database_url(kind, folder) as url:
            report[kind] = _measured(url)
        report[kind]["load"] = round(os.getloadavg()[0], 1)
        print(kind, json.dumps(report[kind]), flush=True)
    given.out.write_text(json.dumps(report, indent=1) + "\n")
    missed = [
        f"{kind}: {name} {report[kind][name]} ms"
        for kind in given.database
        for name, limit in LIMITS_MS.items()
        if report[kind][name] > limit
    ]
    if missed:
        sys.exit("Above their limit: " + "; ".join(missed))


def _measured(url: str) -> dict[str, float]:
    dice = random.Random(7)
    db.connect(url)
    migrate.upgrade(db.current())
    user = access.settle_local_user()
    job_id, template_id = _job(user)
    signatures = [dice.randbytes(256) for _ in range(N_APPROVED + N_PENDING)]
    ids = _write(user, job_id, template_id, signatures)
    if not db.current().is_sqlite:
        with db.current().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("analyze"))
    waiting = ids[N_APPROVED:]
    edited = iter(waiting[1_200:])

    def look_up() -> None:
        with db.session_scope(db.WORKER) as session:
            for minhash in dice.sample(signatures[:N_APPROVED], N_LOOKS):
                assert nearest.approved(session, minhash, row_id=uuid4(), user_id=user.id) is not None

    def edit() -> None:
        said = _talk(f"Question {dice.random()}?", f"Here is answer {dice.random()} for you.")
        with db.session_scope(user, write=True) as session:
            review.edit(session, row_id=next(edited), row_version=1, new=said)

    def approve(some: list[UUID]) -> None:
        with db.session_scope(user, write=True) as session:
            review.decide(session, decision=Status.APPROVED, ids=some)

    one = iter(waiting[1_000:1_200])
    return {
        "look up": round(_median_ms(look_up) / N_LOOKS, 2),
        "save an edit": _median_ms(edit),
        "approve one": _median_ms(lambda: approve([next(one)])),
        "approve 1,000": _median_ms(lambda: approve(waiting[:1_000]), 1),
    }


def _talk(ask: str, answer: str) -> messages.Messages:
    return [{"role": "user", "content": ask}, {"role": "assistant", "content": answer}]


def _job(user: db.User) -> tuple[UUID, UUID]:
    """Its id, and its template's."""
    shipped.ensure()
    with db.session_scope(db.WORKER, write=True) as session:
        template_id = session.execute(sa.select(PromptTemplateRow.id).limit(1)).scalar_one()
        job = BatchJobRow(
            id=uuid4(), user_id=user.id, name="Fifty thousand", template_id=template_id, provider="offline",
            model="offline", concurrency=10, max_tokens=2_000, n_items=N_OF_JOB, status="completed",
            task_id=queue.enqueue(session, kind_name=follow.KIND, user_id=user.id, payload={}),
        )  # fmt: skip
        session.add(job)
        session.flush()
        return job.id, template_id


def _median_ms(verb: Callable[[], None], n: int = REPEATS) -> float:
    took = []
    for _ in range(n):
        began = time.perf_counter()
        verb()
        took.append(time.perf_counter() - began)
    return round(statistics.median(took) * 1e3, 2)


def _write(user: db.User, job_id: UUID, template_id: UUID, signatures: list[bytes]) -> list[UUID]:
    """All of them; the last ones wait, and N_OF_JOB are of one job."""
    said = messages.columns(_talk("How is it done?", "It is done like this, step by step."))
    ids = [uuid4() for _ in signatures]
    for begin in range(0, len(ids), CHUNK):
        rows = [
            {
                "id": row_id, "conversation_id": uuid4(), "user_id": user.id, "idx": idx, "params": {},
                "batch_job_id": job_id if idx >= len(ids) - N_OF_JOB else None, "template_id": template_id,
                "provider": "offline", "model": "offline", "is_offline": True, "score": 100, "findings": [],
                "status": "approved" if idx < N_APPROVED else "pending", "minhash": signatures[idx], **said,
            }
            for idx, row_id in enumerate(ids[begin : begin + CHUNK], start=begin)
        ]  # fmt: skip
        with db.session_scope(db.WORKER, write=True) as session:
            session.execute(sa.insert(ConversationRow), rows)
    return ids


if __name__ == "__main__":
    main()
