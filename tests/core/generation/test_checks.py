"""What the System page and a monitor are told of generation."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core import db, queue
from core.access.errors import NotAllowed
from core.check import Check, State
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchJobRow
from core.db.tables.tasks import TaskRow
from core.db.types import now_plus
from core.generation import checks
from core.generation.deletions import deletions
from core.llm import KeyRefused
from core.settings import Settings
from core.system import gauges
from tests import generation
from tests.batches import NANO, Bench
from tests.core.generation.deletions.carried_out import delete, finish
from tests.core.system.contexts import looked_at

KEY = "sk-ant-only-for-this-test"


def found(settings: Settings) -> dict[str, Check]:
    return {line.name: line for one in checks.CHECKS for line in one.look(looked_at(settings))}


def test_without_a_key_the_offline_generator_is_named_and_nothing_of_money(
    sqlite_database: db.Database, settings: Settings
) -> None:
    told = found(settings)
    assert list(told) == ["Provider"]
    assert (told["Provider"].state, "offline generator" in told["Provider"].message) == (State.OK, True)


def test_what_was_deleted_and_is_not_removed_is_told_after_ten_minutes(
    database: db.Database, user: db.User, settings: Settings
) -> None:
    made = delete(user, deletions.named, ids=generation.conversations(user, 2))
    assert "Deleted" not in found(settings)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(TaskRow).where(TaskRow.id == made.id).values(run_at=now_plus(-601.0)))
    line = found(settings)["Deleted"]
    assert (line.state, line.message.startswith("2 deleted things wait")) == (State.WARN, True)
    finish(made.id, settings)
    assert "Deleted" not in found(settings)


def test_a_key_is_said_to_be_there_and_never_shown(small_bench: Bench) -> None:
    told = found(small_bench.settings)
    assert "A key is set." in told["Provider"].message
    assert KEY not in "".join(line.message + line.hint for line in told.values())
    assert told["Spent today"].message.startswith("$0.00 since midnight UTC. No daily limit")


def test_a_model_without_a_price_is_broken_with_its_cure(small_bench: Bench) -> None:
    config = small_bench.settings.model_copy(update={"anthropic_model": "claude-unheard-of"})
    line = found(config)["Provider"]
    assert line.state is State.BROKEN
    assert "MODEL_PRICES" in line.hint


@pytest.mark.parametrize(("limit", "state"), [("9", State.OK), ("3.1", State.WARN)])
def test_todays_spend_stands_against_the_limit(small_bench: Bench, limit: str, state: State) -> None:
    job_id = small_bench.create(1)
    small_bench.attempt(job_id)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(BatchCallRow).values(cost=3 * NANO))
    config = small_bench.settings.model_copy(update={"max_cost_usd_per_day": Decimal(limit)})
    line = found(config)["Spent today"]
    assert (line.state, line.message.startswith("$3.00 of $")) == (state, True)


def test_jobs_that_wait_for_a_better_key_are_told(bench: Bench) -> None:
    job_id = bench.create(1)
    assert "Key" not in found(bench.settings)
    refused = queue.Reason.of(KeyRefused(provider="Claude", status_text="401", said=""))
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(BatchJobRow)
            .where(BatchJobRow.id == job_id)
            .values(status="paused", reason=refused.to_json())
        )
    line = found(bench.settings)["Key"]
    assert (line.state, line.hint) == (State.BROKEN, KeyRefused.hint)


def test_a_monitor_is_told_jobs_open_items_and_spend(bench: Bench) -> None:
    bench.attempt(bench.create(2))
    bench.create(3)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(BatchCallRow).values(cost=NANO // 4))
    with db.session_scope(replace(bench.user, role="admin")) as session:
        told = {(gauge.name, *of): value for gauge, values in gauges.read(session) for of, value in values}
    assert (told["batch_jobs", "queued"], told["batch_jobs", "completed"]) == (1, 1)
    assert (told["batch_items", "queued"], told["batch_items", "completed"]) == (3, 0)
    assert told["generation_spend_today_usd",] == 0.5


def test_nobody_but_an_admin_is_told_them(bench: Bench) -> None:
    with db.session_scope(bench.user) as session, pytest.raises(NotAllowed):
        list(gauges.read(session))
