"""`python -m benchmarks.chaos`: what the queue does while its workers are killed and frozen.

20 kill -9 and 10 SIGSTOP past the lease over 120 tasks of 6 steps: on SQLite; on Postgres, which is also
shut down in the middle as if it had crashed; and on Postgres with SQS as the transport, which then vanishes
for 10 s too, after it has repeated every message out of order and brought garbage. Prints what was lost,
done twice or left stuck, and how long each hit task waited for its next attempt; writes
results/chaos.json. Ends with 1 when anything is lost, twice, stuck, or left in the queue.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from core import access, db
from core import settings as settings_module
from core.db import migrate
from tests.faults import harm, steps
from tests.faults.storm import Outcome, Storm, rage
from tests.servers.parts import find
from tests.servers.postgres import Cluster

RESULTS = Path(__file__).parent / "results" / "chaos.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--database", choices=["sqlite", "postgres", "sqs", "all"], default="all")
    parser.add_argument("--tasks", type=int, default=120)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--stops", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    kinds = ["sqlite", "postgres", "sqs"] if chosen.database == "all" else [chosen.database]
    storm = Storm(
        n_tasks=chosen.tasks,
        n_steps=6,
        n_kills=chosen.kills,
        n_stops=chosen.stops,
        step_s=0.15,
        seed=chosen.seed,
        deadline_s=600,
    )
    figures = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    clean = True
    for kind in kinds:
        outcome, n_left = _run(kind, storm)
        figures[kind] = _figures(storm, outcome) | ({} if n_left is None else {"messages_left": n_left})
        clean = clean and outcome.findings.clean and not n_left
        print(kind, json.dumps(figures[kind], indent=1), flush=True)
        for name in ("lost", "twice", "stuck", "apart"):
            for found in getattr(outcome.findings, name):
                print(f"  {name}: {found}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if clean else 1


def _run(kind: str, storm: Storm) -> tuple[Outcome, int | None]:
    """What a storm left, and how many messages; None where there is no queue of messages."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="model-desk-chaos-"))
        url, crash = stack.enter_context(a_database(kind, folder))
        settings = settings_module.read(
            _env_file=None, data_dir=folder, database_url=url, storage_url="", log_level="error"
        )
        database = db.connect(settings.database)
        stack.callback(database.engine.dispose)
        migrate.upgrade(database)
        steps.make_tables()
        user = access.settle_local_user()
        if kind != "sqs":
            return rage(storm, settings, user, midway=crash), None
        by_wire = stack.enter_context(harm.sqs_by_wire(settings, gone_s=10.0))

        def midway() -> None:
            by_wire.harm()
            if crash is not None:
                crash()

        return rage(storm, by_wire.settings, user, midway=midway), by_wire.drain()


@contextmanager
def a_database(kind: str, folder: str) -> Iterator[tuple[str, Callable[[], None] | None]]:
    """The address of a new database, and what crashes and restarts its server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/chaos.sqlite3", None
        return
    program = find("postgresql")
    if program is None:
        sys.exit("Postgres is not installed: apt-get install postgresql")
    cluster = Cluster(program)

    try:
        yield cluster.create("chaos"), cluster.crash
    finally:
        cluster.stop()


def _figures(storm: Storm, outcome: Outcome) -> dict[str, Any]:
    findings = outcome.findings
    return {
        "tasks": storm.n_tasks,
        "steps": storm.n_steps,
        "kills": outcome.n_kills,
        "freezes": outcome.n_stops,
        "lost": len(findings.lost),
        "done_twice": len(findings.twice),
        "stuck": len(findings.stuck),
        "resource_apart_from_task": len(findings.apart),
        "takeovers": findings.n_takeovers,
        "hits": len(outcome.resume_s),
        "lease_s": storm.lease_s,
        "resume_s_p50": round(statistics.median(outcome.resume_s), 2) if outcome.resume_s else None,
        "resume_s_max": round(max(outcome.resume_s), 2) if outcome.resume_s else None,
        "workers_started": outcome.n_workers_started,
        "seconds": round(outcome.seconds, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
