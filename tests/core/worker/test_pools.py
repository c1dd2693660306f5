"""Pools: each has children of its own, so that no task waits behind work of another sort."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

import pytest

from core import db, queue, rooms
from core import settings as settings_module
from core.queue import Pool, workers
from core.worker.pools import IDLE_S
from tests.core.worker.conftest import Desk
from tests.faults import steps
from tests.faults.pooled_steps import GENERATION, MODULES, TRAINING
from tests.servers import forks
from tests.servers.waiting import wait_for

FOREVER = {"n_steps": 100_000, "step_s": 0.05}


def states(desk: Desk, task_ids: list[UUID]) -> list[str]:
    return [desk.row(task_id).state for task_id in task_ids]


def children() -> dict[int, tuple[str, ...]]:
    """Of this process, those that do the work of these tests: what each was told to load, by its process id."""
    return {
        pid: tuple(command[4:])
        for pid, command in forks.children(os.getpid()).items()
        if "core.worker.child_main" in command and not set(command[4:]).isdisjoint(MODULES)
    }


def rested(desk: Desk) -> bool:
    """Whether no child is left; if one is, ten minutes go by: a task may be settled before its slot counts as idle."""
    if children():
        desk.time.jump(IDLE_S)
    return not children()


def offered() -> dict[str, int]:
    """What the worker says it can do at a time in each pool."""
    with db.session_scope(db.WORKER) as session:
        return next((dict(worker.pools) for worker in workers.alive(session)), {})


def fill(desk: Desk, kind: str, *, n_slots: int) -> list[UUID]:
    """One task more than the pool of this kind does at a time."""
    task_ids = [desk.add(kind=kind, **FOREVER) for _ in range(n_slots + 1)]
    full = ["QUEUED"] + ["RUNNING"] * n_slots
    wait_for(lambda: sorted(states(desk, task_ids)) == full, what=f"a full pool of {kind}")
    return task_ids


def test_a_prediction_starts_though_every_other_pool_is_full(desk: Desk) -> None:
    desk.runner(slots=1, modules=MODULES)
    others = fill(desk, TRAINING, n_slots=1) + fill(desk, GENERATION, n_slots=2)
    before = states(desk, others)
    assert desk.wait(desk.add()).state == "SUCCEEDED"
    assert states(desk, others) == before, "it waited for one of the others, or put one aside"
    for task_id in others:
        desk.cancel(task_id)


def test_a_training_starts_though_predictions_wait(desk: Desk) -> None:
    desk.runner(slots=1, modules=MODULES)
    waiting = fill(desk, steps.KIND, n_slots=1)
    assert desk.wait(desk.add(kind=TRAINING)).state == "SUCCEEDED"
    for task_id in waiting:
        desk.cancel(task_id)


def test_children_are_started_when_needed_with_the_modules_of_their_pool_alone(desk: Desk) -> None:
    desk.runner(slots=1, modules=MODULES)
    scoring, other = MODULES[:1], MODULES[1:]
    wait_for(lambda: sorted(children().values()) == [scoring], what="the child for scoring, and no other")
    desk.wait(desk.add(kind=TRAINING))
    assert sorted(children().values()) == sorted([scoring, other])
    begun = fill(desk, GENERATION, n_slots=2)
    assert sorted(children().values()) == sorted([scoring, other, other, other])
    for task_id in begun:  # or the runner waits for them at its end
        desk.cancel(task_id)


def test_the_rooms_of_a_pool_are_all_that_its_child_loads() -> None:
    rooms.load()
    stated = {
        queue.kind(name).module for name in queue.known_kinds(Pool.TRAINING, modules=rooms.task_modules())
    }
    assert stated == {"core.models.room", "core.training.room"}
    stated = {
        queue.kind(name).module for name in queue.known_kinds(Pool.SCORING, modules=rooms.task_modules())
    }
    assert stated == {"core.predictions.room"}


def test_a_child_without_work_is_ended_after_ten_minutes_and_the_next_task_starts_another(desk: Desk) -> None:
    desk.runner(slots=1, modules=MODULES)
    for kind in (steps.KIND, TRAINING, GENERATION):
        assert desk.wait(desk.add(kind=kind)).state == "SUCCEEDED"
    before = set(children())
    assert len(before) == 3
    desk.time.jump(IDLE_S - 60)
    assert (
        desk.wait(desk.add(kind=TRAINING)).state == "SUCCEEDED"
    )  # and so is not idle for as long as the others
    assert set(children()) == before
    desk.time.jump(90)
    wait_for(lambda: len(children()) == 1, what="the children that idle to be ended")
    desk.time.jump(IDLE_S)
    wait_for(lambda: not children(), what="the last child to be ended")
    for kind in (steps.KIND, TRAINING, GENERATION):
        assert desk.wait(desk.add(kind=kind)).state == "SUCCEEDED"
    assert set(children()).isdisjoint(before)


def test_several_that_wait_after_a_rest_get_as_many_children_as_there_are_slots(desk: Desk) -> None:
    desk.runner(slots=2, modules=MODULES)
    wait_for(lambda: offered().get("scoring") == 2, what="both children to be warm")
    assert desk.wait(desk.add()).state == "SUCCEEDED"
    wait_for(lambda: rested(desk), what="the children to be ended")
    fill(desk, steps.KIND, n_slots=2)


def test_without_slots_there_are_no_children_but_for_work_by_hand_of_any_kind(desk: Desk) -> None:
    runner = desk.runner(slots=0, modules=MODULES)
    left = desk.add(kind=GENERATION)
    for kind in (steps.KIND, TRAINING):
        task_id = desk.add(kind=kind)
        runner.run_now(task_id)
        assert desk.wait(task_id).state == "SUCCEEDED"
    assert sorted(children().values()) == [MODULES]
    assert desk.row(left).state == "QUEUED"
    wait_for(lambda: rested(desk), what="the child to be ended")


def test_a_runner_that_takes_nothing_by_itself_has_no_child_before_somebody_asks(desk: Desk) -> None:
    runner = desk.runner(slots=0, modules=MODULES)
    settled = desk.add()
    desk.cancel(settled)
    runner.run_now(settled)
    asked = desk.add(does="wait", kind=TRAINING, until=str(desk.settings.data_dir / "never"))
    runner.run_now(asked)
    desk.wait(asked, "RUNNING")
    assert len(children()) == 1
    desk.cancel(asked)


def test_what_somebody_asks_for_is_done_by_the_idle_child_of_its_pool(desk: Desk) -> None:
    runner = desk.runner(slots=1, modules=MODULES)
    assert desk.wait(desk.add()).state == "SUCCEEDED"
    task_id = desk.add()
    runner.run_now(task_id)
    assert desk.wait(task_id).state == "SUCCEEDED"
    assert sorted(children().values()) == [MODULES[:1]]


def test_a_worker_says_what_it_can_do_in_each_pool(desk: Desk) -> None:
    desk.runner(slots=3, modules=MODULES)
    wait_for(lambda: offered() == {"scoring": 3, "training": 1, "generation": 2}, what="all slots")
    with db.session_scope(db.WORKER) as session:
        assert workers.alive(session)[0].slots == 6


SECRETS = {
    "oidc_client_secret": "oidc-says-hush",
    "supabase_jwt_secret": "jwt-says-hush",
    "supabase_anon_key": "anon-says-hush",
    "allowed_emails": "somebody@example.com",
    "dask_scheduler_address": "tcp://127.0.0.1:8786",
    "aws_secret_access_key": "aws-says-hush",
}


def test_a_child_finds_in_its_environment_the_settings_that_its_pool_needs_and_no_other(
    desk: Desk, started_anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():  # as where the app's own process was given them
        monkeypatch.setenv(name.upper(), value)
    given = {name: getattr(settings_module.read(_env_file=None), name) for name in SECRETS}
    for name in SECRETS:
        monkeypatch.delenv(name.upper())
    monkeypatch.setenv("OIDC_CLIENT_SECRET", SECRETS["oidc_client_secret"])
    monkeypatch.setenv("OF_THIS_MACHINE", "kept")
    desk.runner(slots=1, modules=MODULES, **given)
    for kind in (steps.KIND, TRAINING):
        assert desk.wait(desk.add(kind=kind)).state == "SUCCEEDED"
    found = {modules: environment_of(pid) for pid, modules in children().items()}
    scoring, training = found[MODULES[:1]], found[MODULES[1:]]
    for environment in (scoring, training):
        assert environment["AWS_SECRET_ACCESS_KEY"] == SECRETS["aws_secret_access_key"]  # storage may need it
        assert environment["DATABASE_URL"] == desk.settings.database_url
        assert environment["OF_THIS_MACHINE"] == "kept"
        assert {"PATH", "DATA_DIR", "LEASE_S"} < set(environment)
        known = {name.upper() for name in settings_module.Settings.model_fields}
        assert {"OIDC_CLIENT_SECRET", "SUPABASE_JWT_SECRET", "USER_DATABASE_URL", "PORT"} <= known
        assert not {"OIDC_CLIENT_SECRET", "SUPABASE_JWT_SECRET", "USER_DATABASE_URL", "PORT"} & set(
            environment
        )
        everything = "\n".join(environment.values())
        for name in ("oidc_client_secret", "supabase_jwt_secret", "supabase_anon_key", "allowed_emails"):
            assert SECRETS[name] not in everything
    assert scoring["DASK_SCHEDULER_ADDRESS"] == SECRETS["dask_scheduler_address"]
    assert "DASK_SCHEDULER_ADDRESS" not in training


def environment_of(pid: int) -> dict[str, str]:
    """What a real process was started with, as the kernel keeps it."""
    entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(entry.decode().split("=", 1) for entry in entries if entry)
