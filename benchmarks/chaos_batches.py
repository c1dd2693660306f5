"""`python -m benchmarks.chaos_batches`: what batch generation does while all that it stands on goes away.

One job of 2,000 items, 10 at once, under 20 kill -9 of a worker or its child and 10 stops (SIGTERM, or SIGSTOP past
the lease); once in the meantime storage is away, the key is revoked with a second job beside, and Postgres is shut down
as if it had crashed. Then ten jobs are cancelled in the moment in which their last reply is there. On SQLite and on
Postgres. Prints what was lost, what was paid for twice and whether it was counted, and all that does not hold
(`tests/faults/batch_invariant.py`); writes results/chaos_batches.json. Ends with 1 where any of it is.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.chaos import a_database
from core import access, db, rooms, storage
from core import settings as settings_module
from core.db import migrate
from tests.faults.batch_desk import LEASE_S, Desk
from tests.faults.batch_storm import BatchOutcome, BatchStorm, rage
from tests.servers.claude_process import claude_process

RESULTS = Path(__file__).parent / "results" / "chaos_batches.json"
LATENCY_S = 0.3


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--database", choices=["sqlite", "postgres", "all"], default="all")
    parser.add_argument("--items", type=int, default=2_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--stops", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    rooms.load()
    storm = BatchStorm(n_items=chosen.items, n_kills=chosen.kills, n_stops=chosen.stops, seed=chosen.seed)
    figures = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    clean = True
    for kind in ["sqlite", "postgres"] if chosen.database == "all" else [chosen.database]:
        outcome = _run(kind, storm)
        figures[kind] = _figures(storm, outcome)
        RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
        clean = clean and outcome.clean
        print(kind, json.dumps(figures[kind], indent=1), flush=True)
        for found in outcome.wrong:
            print(f"  wrong: {found}", flush=True)
    return 0 if clean else 1


def _run(kind: str, storm: BatchStorm) -> BatchOutcome:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="model-desk-chaos-"))
        url, crash = stack.enter_context(a_database(kind, folder))
        settings = settings_module.read(
            _env_file=None, data_dir=folder, database_url=url, storage_url="", log_level="error"
        )
        database = db.connect(settings.database)
        stack.callback(database.engine.dispose)
        migrate.upgrade(database)
        user = access.settle_local_user()
        claude = stack.enter_context(claude_process(latency_s=LATENCY_S, tells_apart=True))
        return rage(storm, Desk(settings, user, claude, storage.from_settings(settings)), crash=crash)


def _figures(storm: BatchStorm, outcome: BatchOutcome) -> dict[str, Any]:
    return {
        "items": storm.n_items,
        "at_once": storm.at_once,
        "kills": storm.n_kills,
        "stops": storm.n_stops,
        "lost": outcome.lost,
        "wrong": len(outcome.wrong),
        "paid_twice": outcome.again,
        "counted_as_maybe_twice": outcome.maybe_twice,
        "in_flight_at_the_faults": outcome.in_flight,
        "attempts": outcome.attempts,
        "cancels": storm.n_cancels,
        "cancelled_in_time": outcome.cancelled,
        "paused_after_revoking_s": round(outcome.paused_s, 2),
        "lease_s": LEASE_S,
        "workers_started": outcome.n_workers_started,
        "seconds": round(outcome.seconds, 1),
        "load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    sys.exit(main())
