"""`python -m benchmarks.chaos`: what the queue does while its workers are killed and frozen.

20 kill -9 and 10 SIGSTOP past the lease over 120 tasks of 6 steps, on SQLite and on Postgres,
which is also shut down in the middle as if it had crashed. Prints what was lost, done twice or
left stuck, and how long each hit task waited for its next attempt; writes results/chaos.json.
Ends with 1 when anything is lost, twice or stuck.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import access, db
from core import settings as settings_module
from core.db import migrate
from tests.faults import steps
from tests.faults.storm import Outcome, Storm, rage
from tests.servers.parts import find
from tests.servers.postgres import Cluster

RESULTS = Path(__file__).parent / "results" / "chaos.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--tasks", type=int, default=120)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--stops", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    kinds = ["sqlite", "postgres"] if chosen.database == "both" else [chosen.database]
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
        outcome = _run(kind, storm)
        figures[kind] = _figures(storm, outcome)
        clean = clean and outcome.findings.clean
        print(kind, json.dumps(figures[kind], indent=1), flush=True)
        for name in ("lost", "twice", "stuck", "apart"):
            for found in getattr(outcome.findings, name):
                print(f"  {name}: {found}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if clean else 1


def _run(kind: str, storm: Storm) -> Outcome:
    with (
        tempfile.TemporaryDirectory(prefix="model-desk-chaos-") as folder,
        _database(kind, folder) as (url, crash),
    ):
        settings = settings_module.read(
            _env_file=None, data_dir=folder, database_url=url, storage_url="", log_level="error"
        )
        database = db.connect(settings.database)
        migrate.upgrade(database)
        steps.make_tables()
        outcome = rage(storm, settings, access.settle_local_user(), midway=crash)
        database.engine.dispose()
    return outcome


@contextmanager
def _database(kind: str, folder: str) -> Iterator[tuple[str, Callable[[], None] | None]]:
    """The address of a new database, and what crashes and restarts its server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/chaos.sqlite3", None
        return
    program = find("postgresql")
    if program is None:
        sys.exit("Postgres is not installed: apt-get install postgresql")
    cluster = Cluster(program)

    def crash() -> None:
        cluster.halt()
        cluster.start()

    try:
        yield cluster.create("chaos"), crash
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
        "noun_apart_from_task": len(findings.apart),
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
