"""The runner and its children: every way in which a task can end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from structlog.testing import capture_logs

from core import db
from core.db.tables.tasks import TaskRow, WorkerRow
from core.db.types import now_plus
from core.queue import Pool, workers
from core.settings import Settings
from core.worker.runner import STAGING_S
from tests.core.worker.conftest import Desk, desk_of
from tests.faults import pooled_steps, steps
from tests.servers import forks
from tests.servers.postgres import Cluster
from tests.servers.waiting import PATIENCE_S, wait_for


def test_a_task_is_done_step_by_step_and_its_result_kept(desk: Desk) -> None:
    desk.runner()
    task_id = desk.add(n_steps=3)
    row = desk.wait(task_id)
    assert (row.state, row.result, row.done, row.total) == ("SUCCEEDED", {"steps": 3, "attempt": 1}, 3, 3)
    assert steps.effects(task_id) == [0, 1, 2]
    assert steps.resource(task_id) == ("SUCCEEDED", None)


def test_what_an_attempt_stored_is_kept_only_of_a_success(desk: Desk) -> None:
    desk.runner()
    done, dead = desk.add(stores=True), desk.add(stores=True, fault="die", max_attempts=2)
    refused, stubborn = (
        desk.add(stores=True, fault="refuse"),
        desk.add(stores=True, follow_fails_at="SUCCEEDED", max_attempts=1),
    )
    for task_id in (dead, refused, stubborn):
        assert desk.wait(task_id).state == "FAILED"
    assert desk.wait(done).state == "SUCCEEDED"
    assert desk.stored() == [f"results/steps/{done}-1.txt"]


def test_a_worker_that_was_overtaken_removes_what_it_stored_and_nothing_else(desk: Desk) -> None:
    desk.runner(lease_s=60.0)
    task_id = desk.add(stores=True, linger_s=2.0, lease_s=60.0)
    mine = f"results/steps/{task_id}-1.txt"
    wait_for(lambda: desk.stored() == [mine], what="the file to be stored")
    with db.session_scope(db.WORKER, write=True) as session:  # as another worker takes it over
        session.get_one(TaskRow, task_id).attempt = 2
    wait_for(lambda: desk.stored() == [], what="the file to be removed")
    assert (desk.row(task_id).state, desk.row(task_id).attempt) == ("RUNNING", 2)


def test_one_warm_child_does_many_tasks(desk: Desk) -> None:
    desk.runner()
    for task_id in [desk.add() for _ in range(5)]:
        assert desk.wait(task_id).state == "SUCCEEDED"
    assert len({pid for pid, _ in desk.starts()}) == 1


def test_what_can_not_work_fails_at_once_with_its_reason(desk: Desk) -> None:
    desk.runner()
    task_id = desk.add(fault="refuse")
    row = desk.wait(task_id)
    assert (row.state, row.attempt) == ("FAILED", 1)
    assert row.error == {
        "code": "invalid",
        "message": "this can't work",
        "hint": "Try something else.",
        "traceback": "",
    }
    assert steps.resource(task_id) == ("FAILED", "invalid")


def test_a_mistake_of_ours_is_tried_again_and_then_kept_with_its_traceback(desk: Desk) -> None:
    desk.runner()
    task_id = desk.add(fault="raise", n_steps=2, at_step=1, max_attempts=2)
    row = desk.wait(task_id)
    assert (row.state, row.attempt) == ("FAILED", 3), "the first, which did a step, does not count"
    assert row.error is not None
    assert row.error["code"] == "internal_error"
    assert "ZeroDivisionError: on purpose" in row.error["traceback"]
    assert steps.effects(task_id) == [0], "a later attempt did not go on from the checkpoint"
    assert [attempt for _, attempt in desk.starts()] == [1, 2, 3]
    assert steps.resource(task_id) == ("FAILED", "internal_error")


def test_a_child_that_dies_each_time_fails_its_task_after_exactly_its_attempts(desk: Desk) -> None:
    desk.runner()
    poison = desk.add(fault="die", max_attempts=2)
    row = desk.wait(poison)
    assert (row.state, row.attempt) == ("FAILED", 2)
    assert row.error is not None
    assert "killed by signal 9" in row.error["message"]
    assert len({pid for pid, _ in desk.starts()}) == 2
    assert steps.resource(poison) == ("FAILED", "worker_lost")
    assert desk.wait(desk.add()).state == "SUCCEEDED", "the runner did not survive the poison"


def test_what_a_killed_child_had_staged_is_removed(desk: Desk) -> None:
    desk.runner()
    task_id = desk.add(fault="hang", max_attempts=1)
    ((pid, _),) = wait_for(desk.starts, what="the task to begin")
    left = desk.settings.staging_dir / f"{pid}-half"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"half a result")
    os.kill(pid, signal.SIGKILL)
    assert desk.wait(task_id).state == "FAILED"
    assert not left.exists()


def test_each_death_of_a_child_is_a_line_in_the_log_also_inside_the_app(desk: Desk) -> None:
    with capture_logs() as said:
        desk.runner()
        poison = desk.add(fault="die", max_attempts=2)
        row = desk.wait(poison)
    deaths = [line for line in said if "died" in line["event"]]
    assert [(line["log_level"], line["pid"], line["signal"], line["attempt"]) for line in deaths] == [
        ("warning", pid, 9, attempt) for pid, attempt in desk.starts()
    ]
    assert {(line["task"], line["kind"]) for line in deaths} == {(str(poison), steps.KIND)}
    assert row.error is not None
    assert row.error["message"] == "The process that ran this was killed by signal 9. It was tried twice."


def test_a_place_whose_child_died_is_not_counted_until_the_next_is_warm(desk: Desk) -> None:
    desk.runner()

    def slots() -> list[int]:
        with db.session_scope(db.WORKER) as session:
            return [worker.slots for worker in workers.alive(session)]

    wait_for(lambda: slots() == [1], what="the child to be warm")
    desk.add(fault="die", max_attempts=1)
    wait_for(lambda: slots() == [0], what="the death to be told")
    wait_for(lambda: slots() == [1], what="the next child to be warm")


def test_a_child_that_falls_silent_is_replaced(desk: Desk) -> None:
    desk.runner(silence_s=1.5)
    task_id = desk.add(fault="hang", max_attempts=1)
    row = desk.wait(task_id)
    assert row.error is not None
    assert (row.state, row.error["code"]) == ("FAILED", "worker_silent")
    ((pid, _),) = desk.starts()
    assert not psutil.pid_exists(pid), "the frozen child is still there"
    assert desk.wait(desk.add()).state == "SUCCEEDED"


@pytest.mark.parametrize("fault", ["nul", "nan"])
def test_what_a_database_can_not_hold_still_ends_as_a_reason(desk: Desk, fault: str) -> None:
    desk.runner()
    task_id = desk.add(fault=fault, max_attempts=1)
    row = desk.wait(task_id)
    assert row.error is not None
    assert (row.state, row.error["code"]) == ("FAILED", "internal_error")
    assert desk.wait(desk.add()).state == "SUCCEEDED"


def test_a_resource_that_can_not_follow_fails_its_task_and_no_other(desk: Desk) -> None:
    desk.runner()
    stubborn = desk.add(follow_fails_at="SUCCEEDED", max_attempts=1)
    row = desk.wait(stubborn)
    assert row.error is not None
    assert (row.state, row.error["code"]) == ("FAILED", "internal_error")
    assert "the resource refuses" in row.error["traceback"]
    assert steps.resource(stubborn) == ("FAILED", "internal_error")
    assert desk.wait(desk.add()).state == "SUCCEEDED"


def test_a_task_that_can_not_begin_holds_no_other_up(desk: Desk) -> None:
    stubborn = desk.add(follow_fails_at="RUNNING", priority=-5)
    desk.runner()
    assert [desk.wait(desk.add()).state for _ in range(2)] == ["SUCCEEDED"] * 2
    row = desk.row(stubborn)
    assert row.error is not None
    assert (row.state, row.attempt, row.error["code"]) == ("QUEUED", 0, "not_followed")
    assert "the resource refuses" in row.error["traceback"]
    assert steps.resource(stubborn) == ("QUEUED", None)


def test_a_task_whose_lease_ran_out_while_it_is_done_is_not_begun_again(desk: Desk) -> None:
    """As after a clock was set, or a machine slept."""
    desk.runner(slots=2)
    task_id = desk.add(n_steps=12, step_s=0.1, lease_s=30.0, max_attempts=1)
    desk.wait_done(task_id, 1)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(TaskRow).where(TaskRow.id == task_id).values(lease_until=now_plus(-3_600.0))
        )
    row = desk.wait(task_id)
    assert (row.state, row.attempt, len(desk.starts())) == ("SUCCEEDED", 1, 1)


def test_storage_that_does_not_answer_holds_no_running_task_up(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole:  # takes connections and says nothing
        desk.runner(
            slots=2,
            storage_url="s3://desk",
            s3_endpoint_url=f"http://127.0.0.1:{hole.getsockname()[1]}",
            aws_access_key_id="somebody",
            aws_secret_access_key=SecretStr("something"),
        )
        long, refused = desk.add(n_steps=1_000, step_s=0.05), desk.add(fault="refuse")
        desk.wait_done(long, 1)
        assert desk.wait(refused).state == "FAILED"  # and what it stored is to be removed
        done = desk.row(long).done
        desk.wait_done(long, done + 20)
        desk.cancel(long)
        assert desk.wait(long).state == "CANCELLED"


def test_a_frozen_child_that_is_to_read_much_holds_no_running_task_up(desk: Desk) -> None:
    desk.runner(slots=2)
    first, second = (desk.add(n_steps=1_000, step_s=0.05) for _ in range(2))
    for task_id in (first, second):
        desk.wait_done(task_id, 1)
    pids = {pid for pid, _ in desk.starts()}
    desk.cancel(second)
    assert desk.wait(second).state == "CANCELLED"
    idle = wait_for(lambda: next(filter(desk.is_idle, pids), None), what="a child to be idle")
    os.kill(idle, signal.SIGSTOP)
    try:
        much = desk.add(more="x" * 1_000_000)
        desk.wait(much, "RUNNING")
        desk.wait_done(first, desk.row(first).done + 20)
        desk.cancel(first)
        assert desk.wait(first).state == "CANCELLED"
    finally:
        os.kill(idle, signal.SIGCONT)
    assert desk.wait(much).state == "SUCCEEDED"


def test_a_running_task_shows_its_progress_and_stops_when_cancelled(desk: Desk) -> None:
    desk.runner()
    task_id = desk.add(n_steps=1_000, step_s=0.05)
    row = desk.wait_done(task_id, 3)
    assert row.state == "RUNNING"
    wait_for(lambda: desk.row(task_id).total == 1_000, what="the total to be shown")
    assert desk.cancel(task_id).cancel_requested
    assert desk.wait(task_id).state == "CANCELLED"
    assert steps.resource(task_id)[0] == "CANCELLED"
    ((pid, _),) = desk.starts()
    assert psutil.pid_exists(pid), "a child that stopped by itself is kept"


def test_a_child_that_does_not_listen_is_killed_when_its_task_is_cancelled(desk: Desk) -> None:
    desk.runner()
    task_id = desk.add(fault="deaf")
    wait_for(desk.starts, what="the task to begin")
    desk.cancel(task_id)
    assert desk.wait(task_id).state == "CANCELLED"
    ((pid, _),) = desk.starts()
    assert not psutil.pid_exists(pid)


def test_a_task_cancelled_while_it_waits_is_never_begun(desk: Desk) -> None:
    cancelled = desk.add()
    desk.cancel(cancelled)
    desk.runner()
    after = desk.add()
    assert desk.wait(after).state == "SUCCEEDED"
    assert desk.row(cancelled).state == "CANCELLED"
    assert len(desk.starts()) == 1


def test_without_slots_nothing_is_taken_unless_somebody_asks(desk: Desk) -> None:
    runner = desk.runner(slots=0)
    left, wanted, also_wanted = desk.add(), desk.add(), desk.add()
    for task_id in (wanted, also_wanted):
        runner.run_now(task_id)
        assert desk.wait(task_id).state == "SUCCEEDED"
    row = desk.row(left)
    assert (row.state, row.attempt) == ("QUEUED", 0)
    with db.session_scope(db.WORKER) as session:
        assert workers.alive(session) == [], "a runner that takes nothing by itself is not a worker"


def test_what_is_done_by_hand_is_tried_again_though_nothing_is_taken(desk: Desk) -> None:
    runner = desk.runner(slots=0)
    task_id, left = desk.add(fault="die", max_attempts=2), desk.add()
    runner.run_now(task_id)
    row = desk.wait(task_id)
    assert (row.state, row.attempt, len(desk.starts())) == ("FAILED", 2, 2)
    assert desk.row(left).state == "QUEUED"


def test_what_goes_on_later_goes_on_though_nothing_is_taken(desk: Desk) -> None:
    runner = desk.runner(slots=0, modules=pooled_steps.MODULES)
    task_id = desk.add(kind=pooled_steps.GENERATION, does="go on later", rounds=2, delay_s=0.1)
    runner.run_now(task_id)
    row = desk.wait(task_id)
    assert (row.state, row.n_released, row.result) == ("SUCCEEDED", 2, {"round": 2})


def test_what_is_asked_for_once_is_not_gone_on_with(desk: Desk) -> None:
    runner = desk.runner(slots=0, modules=pooled_steps.MODULES)
    once, other = (
        desk.add(kind=pooled_steps.GENERATION, does="go on later", rounds=2, delay_s=0.0) for _ in range(2)
    )
    runner.run_now(once, once=True)
    wait_for(lambda: desk.row(once).n_released == 1, what="the first round")
    runner.run_now(other)
    assert desk.wait(other).n_released == 2, "the runner has looked for what goes on"
    row = desk.row(once)
    assert (row.state, row.n_released) == ("QUEUED", 1)
    runner.run_now(once, once=True)
    wait_for(lambda: desk.row(once).n_released == 2, what="the second round")


def test_a_click_is_not_lost_while_the_database_is_away(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    with desk_of(settings, user, tmp_path) as desk:
        runner = desk.runner(slots=0)
        task_id = desk.add()
        file = settings.data_dir / "model_desk.sqlite3"
        with capture_logs() as said:
            file.rename(file.with_suffix(".away"))
            runner.run_now(task_id)
            wait_for(lambda: [line for line in said if "is unavailable" in line["event"]], what="the outage")
            file.with_suffix(".away").rename(file)
            assert desk.wait(task_id).state == "SUCCEEDED"


def test_what_somebody_waits_for_does_not_wait_for_a_busy_slot(desk: Desk) -> None:
    runner = desk.runner(slots=1)
    long = desk.add(n_steps=1_000, step_s=0.05)
    desk.wait_done(long, 1)
    urgent = desk.add()
    runner.run_now(urgent)
    assert desk.wait(urgent).state == "SUCCEEDED"
    assert desk.row(long).state == "RUNNING"
    desk.cancel(long)


def test_asking_for_a_task_that_is_settled_does_nothing(desk: Desk) -> None:
    runner = desk.runner(slots=0)
    task_id, other = desk.add(), desk.add()
    desk.cancel(task_id)
    runner.run_now(task_id)
    runner.run_now(other)
    assert desk.wait(other).state == "SUCCEEDED"
    assert desk.row(task_id).state == "CANCELLED"


def test_a_stopped_runner_hands_back_and_another_goes_on_from_the_checkpoint(desk: Desk) -> None:
    first = desk.runner(lease_s=60.0)
    task_id = desk.add(n_steps=12, step_s=0.1, lease_s=60.0)
    desk.wait_done(task_id, 2)
    assert first.stop(timeout_s=PATIENCE_S)
    row = desk.row(task_id)
    assert (row.state, row.n_released, row.lease_owner) == ("QUEUED", 1, None)
    assert steps.resource(task_id)[0] == "QUEUED"
    with db.session_scope(db.WORKER) as session:
        assert workers.alive(session) == []
    desk.runner()
    row = desk.wait(task_id)
    assert (row.state, row.attempt) == ("SUCCEEDED", 2)
    assert steps.effects(task_id) == list(range(12))


def test_a_draining_runner_ends_what_it_has_and_begins_nothing(desk: Desk) -> None:
    runner = desk.runner()
    begun = desk.add(n_steps=8, step_s=0.1)
    desk.wait_done(begun, 1)
    drained = threading.Event()
    runner.drain(drained)
    waiting = desk.add()
    assert drained.wait(PATIENCE_S)
    assert (desk.row(begun).state, desk.row(begun).attempt) == ("SUCCEEDED", 1)
    with db.session_scope(db.WORKER) as session:
        assert [worker.slots for worker in workers.alive(session)] == [0], "it promises nothing any more"
    assert runner.stop(timeout_s=PATIENCE_S)
    assert desk.row(waiting).attempt == 0


def test_a_runner_is_present_while_it_lives(desk: Desk) -> None:
    runner = desk.runner(slots=2)

    def alive() -> list[workers.Worker]:
        with db.session_scope(db.WORKER) as session:
            return workers.alive(session)

    wait_for(alive, what="the runner to be present")
    wait_for(lambda: alive()[0].slots == 2, what="both places to be warm")
    (worker,) = alive()
    assert (worker.id, worker.pid, worker.slots, worker.is_embedded) == (runner.id, os.getpid(), 2, True)


def test_the_children_of_a_stopped_runner_are_gone(desk: Desk) -> None:
    runner = desk.runner(slots=2)
    task_id = desk.add(n_steps=1_000, step_s=0.05)
    desk.wait_done(task_id, 1)
    ((pid, _),) = desk.starts()
    assert runner.stop(timeout_s=PATIENCE_S)
    assert not psutil.pid_exists(pid)
    assert not any(steps.__name__ in command for command in forks.children(os.getpid()).values())


@pytest.mark.postgres
def test_a_runner_survives_a_restart_of_postgres_and_finishes(postgres: Cluster, postgres_desk: Desk) -> None:
    desk = postgres_desk
    desk.runner()
    task_id = desk.add(n_steps=40, step_s=0.05, lease_s=3.0, max_attempts=5)
    desk.wait_done(task_id, 3)
    with capture_logs() as said:
        postgres.halt(signal.SIGQUIT)
        wait_for(
            lambda: [line for line in said if "is unavailable" in line["event"]], what="the outage to be told"
        )
        postgres.start()
        row = desk.wait(task_id)
        assert row.state == "SUCCEEDED"
        assert steps.effects(task_id) == list(range(40))
        assert desk.wait(desk.add()).state == "SUCCEEDED"
    told = [line["event"] for line in said if "the database is" in line["event"]]
    begin, end = "the database is unavailable; retrying every second", "the database is available again"
    assert told == [begin, end] * (len(told) // 2), "an outage is told once when it begins, once when it ends"


def test_a_runner_forgets_what_nobody_asks_for_any_more(desk: Desk) -> None:
    old, young, gone = desk.add(), desk.add(), uuid4()
    for task_id in (old, young):
        desk.cancel(task_id)
    with db.session_scope(db.WORKER, write=True) as session:
        workers.beat(session, worker_id=gone, pools={Pool.SCORING: 1}, is_embedded=True)
        session.execute(
            sa.update(WorkerRow).where(WorkerRow.id == gone).values(beat_at=now_plus(-8 * 86_400.0))
        )
        session.execute(
            sa.update(TaskRow).where(TaskRow.id == old).values(finished_at=now_plus(-3 * 86_400.0))
        )

    def left() -> tuple[bool, bool, bool]:
        with db.session_scope(db.WORKER) as session:
            return (
                session.get(TaskRow, old) is not None,
                session.get(TaskRow, young) is not None,
                session.get(WorkerRow, gone) is not None,
            )

    desk.runner(keep_tasks_days=2)
    wait_for(lambda: left() == (False, True, False), what="the old task and the worker to be forgotten")


def test_what_dead_processes_have_staged_is_removed_every_ten_minutes(desk: Desk) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(PATIENCE_S)
    first, second = (desk.settings.staging_dir / f"{gone.pid}-{name}" for name in ("first", "second"))
    first.parent.mkdir(parents=True, exist_ok=True)
    first.write_bytes(b"half a file")
    runner = desk.runner(slots=0)
    wait_for(lambda: not first.exists(), what="the first sweep")
    second.write_bytes(b"half a file")
    desk.time.jump(STAGING_S + 1)
    runner.run_now(uuid4())  # wakes it
    wait_for(lambda: not second.exists(), what="the next one")
