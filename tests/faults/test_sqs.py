"""Real worker processes whose tasks SQS carries, while SQS itself fails: nothing is lost, done twice or left over."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.tasks import TaskRow
from core.settings import Settings
from tests.faults import harm, steps
from tests.faults.invariant import examine
from tests.faults.storm import Storm, rage
from tests.servers.sqs import SqsServer

pytestmark = pytest.mark.faults


def test_sqs_that_vanishes_repeats_itself_and_brings_garbage_changes_no_effect(
    postgres_database: db.Database, settings: Settings, user: db.User, sqs_server: SqsServer
) -> None:
    steps.make_tables()
    storm = Storm(n_tasks=10, n_steps=3, n_kills=1, n_stops=1, n_workers=2, lease_s=2.0, deadline_s=60)
    quiet = settings.model_copy(update={"log_level": "error"})
    with harm.sqs_by_wire(quiet, gone_s=2.0, server=sqs_server) as by_wire:
        outcome = rage(storm, by_wire.settings, user, midway=by_wire.harm)
        assert outcome.findings.clean, outcome.findings
        assert by_wire.drain() == 0
        assert examine(every_task(), n_steps=storm.n_steps).clean, "what was left in the queue did harm"


def every_task() -> list[UUID]:
    with db.session_scope(db.WORKER) as session:
        return list(session.execute(sa.select(TaskRow.id)).scalars())
