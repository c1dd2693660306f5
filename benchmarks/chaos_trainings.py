"""`python -m benchmarks.chaos_trainings`: trainings whose worker is killed, stopped or frozen, or that are cancelled.

Each fault in each stage, on SQLite and on Postgres, N_ROUNDS times. Prints how long each took until all held again
(`tests/faults/training_desk.py`), and what did not; writes results/chaos_trainings.json. Ends with 1 where anything
did not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.chaos import a_database
from core import access, db, rooms
from core import settings as settings_module
from core.db import migrate
from core.training.states import Status
from tests.faults.training_desk import FAULTS, GONE_S, LEASE_S, Desk

RESULTS = Path(__file__).parent / "results" / "chaos_trainings.json"
STAGES = (Status.GENERATING, Status.PROVISIONING, Status.TRAINING, Status.COLLECTING)
N_ROUNDS = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--database", choices=["sqlite", "postgres", "all"], default="all")
    parser.add_argument("--rounds", type=int, default=N_ROUNDS)
    chosen = parser.parse_args()
    rooms.load()
    figures = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    n_wrong = 0
    for kind in ["sqlite", "postgres"] if chosen.database == "all" else [chosen.database]:
        figures[kind], wrong = _run(kind, chosen.rounds)
        n_wrong += len(wrong)
        RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
        print(kind, json.dumps(figures[kind], indent=1), flush=True)
        for found in wrong:
            print(f"  wrong: {found}", flush=True)
    return 1 if n_wrong else 0


def _run(kind: str, n_rounds: int) -> tuple[dict[str, Any], list[str]]:
    took: dict[str, dict[str, float]] = {name: {} for name in FAULTS}
    wrong: list[str] = []
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="model-desk-chaos-"))
        url, _ = stack.enter_context(a_database(kind, folder))
        settings = settings_module.read(
            _env_file=None, data_dir=folder, database_url=url, storage_url="", log_level="error"
        )
        database = db.connect(settings.database)
        stack.callback(database.engine.dispose)
        migrate.upgrade(database)
        desk = Desk(settings, access.settle_local_user())
        stack.callback(desk.end)
        desk.start()
        for name, fault in FAULTS.items():
            for stage in STAGES * n_rounds:
                began = time.monotonic()
                try:
                    fault(desk, stage)
                except (AssertionError, TimeoutError) as error:
                    wrong.append(f"{name} in {stage}: {error}")
                seconds = round(time.monotonic() - began, 1)
                took[name][stage] = max(seconds, took[name].get(stage, 0.0))
    return {
        "n_faults": len(FAULTS) * len(STAGES) * n_rounds,
        "n_wrong": len(wrong),
        "longest_s": took,
        "lease_s": LEASE_S,
        "sandbox_gone_within_s": GONE_S,
        "load": round(os.getloadavg()[0], 1),
    }, wrong


if __name__ == "__main__":
    sys.exit(main())
