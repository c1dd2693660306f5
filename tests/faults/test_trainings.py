"""Real workers on real trainings, killed, stopped, frozen and cancelled: job, model and task never disagree.

One of each here, on SQLite those that write past a process that died or stood still; `python -m
benchmarks.chaos_trainings` does each to each stage on both.
"""

from __future__ import annotations

import pytest

from core import db
from core.settings import Settings
from core.training.states import Status
from tests.faults.training_desk import FAULTS, Desk
from tests.trainings import require_sandbox

pytestmark = pytest.mark.faults


def test_a_training_outlives_what_happens_to_its_worker(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    require_sandbox(settings.data_dir)
    desk = Desk(settings, user)
    try:
        desk.start()
        for name, fault in FAULTS.items():
            if name in ("kill", "freeze") or not database.is_sqlite:
                fault(desk, Status.TRAINING)
    finally:
        desk.end()
