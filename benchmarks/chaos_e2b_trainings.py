"""`python -m benchmarks.chaos_e2b_trainings`: each fault in each stage of a training at E2B's emulator.

Workers in processes of their own train the least code that keeps the bargain. Their child is killed (kill -9), stopped,
told of a cancel, or stands still past its lease; the sandbox goes, once; the emulator comes back without any, or is
away for OUTAGE_S. Every training has to end as its fault says, and within GONE_S no sandbox may be there that no row
wants. On both databases, where none is named. Writes results/chaos_e2b_trainings.json after each; ends with 1 where
anything did not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from benchmarks.chaos import a_database
from core import access, db, rooms, sandboxes
from core import settings as settings_module
from core.db import migrate
from core.settings import Settings
from core.training.deployments.rounds import Rounds
from core.training.states import SETTLED, Status
from tests.faults.training_desk import FAULTS, LEASE_S, SLOW, Desk
from tests.servers.e2b import E2BServer
from tests.servers.waiting import wait_for

RESULTS = Path(__file__).parent / "results" / "chaos_e2b_trainings.json"
STAGES = (Status.PROVISIONING, Status.TRAINING, Status.COLLECTING)
GONE_S, OUTAGE_S = 60.0, 30.0


class RemoteDesk(Desk):
    """Whose trainings run at the emulator; what no row wants is ended as the app does it."""

    gone_s = GONE_S

    def __init__(self, settings: Settings, user: db.User, server: E2BServer) -> None:
        super().__init__(settings, user)
        self.server = server
        backend = sandboxes.configured(self.settings)
        assert isinstance(backend, sandboxes.E2BBackend)
        self.rounds = Rounds(backend)

    def sandboxes(self) -> Sequence[object]:
        if self.rounds.is_due():
            self.rounds.look()
        return self.server.machines.all()

    def gone(self, stage: Status) -> None:
        """Its sandbox goes as soon as there is one: it is made anew, once, and the training says so."""
        self._loses(stage, lambda: [self.server.machines.kill(one.id) for one in self.server.machines.all()])

    def restarted(self, stage: Status) -> None:
        """E2B is back without any sandbox."""
        self._loses(stage, self.server.restart)

    def away(self, stage: Status) -> None:
        """E2B is back with all its sandboxes: the training goes on."""
        training_job_id = self.begun(SLOW, stage)
        self.server.vanish()
        time.sleep(OUTAGE_S)
        self.server.come_back()
        self.at(training_job_id, Status.SUCCEEDED)
        self.holds(training_job_id)

    def _loses(self, stage: Status, lose: Callable[[], object]) -> None:
        training_job_id = self.begun(SLOW, stage)

        def is_there() -> bool:
            return bool(self.server.machines.all()) or self.bench.job(training_job_id).status in SETTLED

        wait_for(is_there, what="a sandbox", every_s=0.005)
        lose()
        self.at(training_job_id, Status.SUCCEEDED)
        if stage is Status.TRAINING:
            assert any("was gone at" in said for _, said in self.bench.messages(training_job_id))
        self.holds(training_job_id)


REMOTE: Final = {
    **FAULTS,
    "gone": RemoteDesk.gone,
    "restarted": RemoteDesk.restarted,
    "away": RemoteDesk.away,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--database", choices=["sqlite", "postgres", "all"], default="all")
    chosen = parser.parse_args().database
    rooms.load()
    kinds = ["sqlite", "postgres"] if chosen == "all" else [chosen]
    return 1 if [wrong for kind in kinds for wrong in _run(kind)] else 0


def _run(kind: str) -> list[str]:
    took: dict[str, dict[str, float]] = {name: {} for name in REMOTE}
    wrong: list[str] = []
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="model-desk-chaos-"))
        url, _ = stack.enter_context(a_database(kind, folder))
        server = stack.enter_context(E2BServer(Path(folder) / "emulator"))
        os.environ["SSL_CERT_FILE"] = server.ca
        settings = settings_module.read(
            _env_file=None,
            data_dir=folder,
            database_url=url,
            storage_url="",
            log_level="error",
            **server.settings,
        )
        database = db.connect(settings.database)
        stack.callback(database.engine.dispose)
        migrate.upgrade(database)
        desk = RemoteDesk(settings, access.settle_local_user(), server)
        stack.callback(desk.end)
        desk.start()
        for name, fault in REMOTE.items():
            for stage in STAGES:
                began = time.monotonic()
                try:
                    fault(desk, stage)
                except (AssertionError, TimeoutError) as error:
                    wrong.append(f"{name} in {stage}: {error}")
                took[name][stage] = round(time.monotonic() - began, 1)
                print(kind, name, stage, took[name][stage], wrong[-1:], flush=True)
                _write(kind, took, wrong)
    return wrong


def _write(kind: str, took: dict[str, dict[str, float]], wrong: list[str]) -> None:
    figures: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    figures[kind] = {
        "n_faults": sum(map(len, took.values())),
        "n_wrong": len(wrong),
        "wrong": wrong,
        "took_s": took,
        "lease_s": LEASE_S,
        "sandbox_gone_within_s": GONE_S,
        "load": round(os.getloadavg()[0], 1),
    }
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
