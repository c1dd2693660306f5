"""What the System page says of trainings and live apps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from pydantic import SecretStr

from core import db
from core.check import Check, State
from core.room import CheckContext
from core.sandboxes.e2b.backend import Found
from core.training import checks
from core.training.deployments import rounds
from core.training.deployments.states import Status as Live
from tests.core.ui.training.test_home_items import become, succeeded
from tests.trainings import Bench


def look(bench: Bench, principal: db.Principal) -> dict[str, Check]:
    context = CheckContext(
        settings=bench.settings, principal=principal, now=datetime.now(UTC), has_database=True
    )
    return {check.name: check for stated in checks.CHECKS for check in stated.look(context)}


def test_trainings_and_live_apps_are_counted_for_whoever_may_see_them(
    bench: Bench, stranger: db.User
) -> None:
    bench.trigger(name="Waits")
    bench.claim(bench.trigger(name="Runs"))
    become(bench, succeeded(bench, name="Up"), Live.CHECKING, Live.LIVE)
    become(bench, succeeded(bench, name="Asleep"), Live.PAUSED)
    for principal in (bench.user, db.WORKER):
        found = look(bench, principal)
        assert found["Trainings"].message == "1 running, 1 waiting."
        assert found["Live apps"].message.startswith("1 awake, 1 asleep. At most 5 are awake at a time")
        assert found["Live apps"].state is State.OK
    assert look(bench, stranger)["Trainings"].message == "0 running, 0 waiting."
    assert look(bench, stranger)["Live apps"].message.startswith("0 awake, 0 asleep.")


def test_a_live_app_that_does_not_answer_is_worth_a_look(bench: Bench) -> None:
    become(bench, succeeded(bench, name="Shaky"), Live.CHECKING, Live.LIVE, Live.UNHEALTHY)
    found = look(bench, bench.user)["Live apps"]
    assert (found.state, found.message.split(".")[0]) == (State.WARN, "1 live app does not answer")
    assert "restart it on the page of its model" in found.hint


def test_what_is_alive_at_e2b_is_named_to_admins_alone_as_a_name_is_an_address(
    small_bench: Bench, stranger: db.User
) -> None:
    small_bench.settings = small_bench.settings.model_copy(update={"e2b_api_key": SecretStr("e2b_of_a_test")})
    since = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    found = [
        Found("i1", {"deployment": "1"}, since, False, is_paused=True),
        Found("i2", {"task": "2"}, since, True),
    ]
    told = rounds.seen()
    rounds.tell(rounds.Alive(since, found))
    try:
        admin = look(small_bench, db.WORKER)["Alive at E2B"].message
        others = look(small_bench, replace(stranger, role="user"))["Alive at E2B"].message
    finally:
        rounds.tell(told)
    assert (
        admin
        == "2 sandboxes: a live app (i1, asleep) since 04 Mar 05:06 UTC; a scoring (i2) since 04 Mar 05:06 UTC."
    )
    assert (
        others == "2 sandboxes: a live app (asleep) since 04 Mar 05:06 UTC; a scoring since 04 Mar 05:06 UTC."
    )
