"""Tasks that messages carry: each is done once, whatever becomes of its messages. The server is fauxqs."""

from __future__ import annotations

import threading
import time
from functools import partial
from uuid import uuid4

import pytest

from core import queue
from core.queue import SqsQueue
from core.settings import Settings
from core.worker.sqs_transport import SqsTransport
from tests.core.worker.conftest import Desk
from tests.faults import steps
from tests.servers import sqs
from tests.servers.sqs import SqsServer, n_left, notice
from tests.servers.waiting import PATIENCE_S, wait_for
from tests.servers.wire import Wire


@pytest.fixture
def sqs_desk(sqs_server: SqsServer, postgres_desk: Desk) -> Desk:
    """A desk whose tasks go through a queue of its own."""
    return with_sqs(postgres_desk, sqs_server)


def with_sqs(desk: Desk, server: SqsServer) -> Desk:
    desk.settings = Settings(**{**desk.settings.model_dump(), **server.settings()})
    SqsQueue(desk.settings).prepare()
    return desk


def is_empty(desk: Desk) -> bool:
    return n_left(desk.settings) == 0


def wait_empty(desk: Desk) -> None:
    wait_for(lambda: is_empty(desk), what="the queue to be empty", every_s=0.1)


def dead_letters(desk: Desk) -> str:
    dead = SqsQueue(desk.settings).dead_letters()
    assert dead is not None
    return dead.url


def test_a_task_goes_by_a_message_and_leaves_none(desk: Desk, sqs_server: SqsServer) -> None:
    with_sqs(desk, sqs_server).runner()
    task_ids = [desk.add() for _ in range(12)]
    for task_id in task_ids:
        row = desk.wait(task_id)
        assert (row.state, row.attempt) == ("SUCCEEDED", 1)
        assert row.published_at is not None
        assert row.started_at is not None
        assert row.started_at >= row.published_at
    assert len(desk.starts()) == 12
    wait_empty(desk)


def test_a_process_without_slots_sends_and_another_does(sqs_desk: Desk) -> None:
    desk = sqs_desk
    desk.runner(slots=0)
    task_id = desk.add()
    wait_for(lambda: n_left(desk.settings) == 1, what="the message")
    assert desk.row(task_id).state == "QUEUED"
    desk.runner()
    assert desk.wait(task_id).state == "SUCCEEDED"
    wait_empty(desk)


def test_copies_garbage_and_strangers_are_removed_and_nothing_is_done_twice(sqs_desk: Desk) -> None:
    desk = sqs_desk
    task_id = desk.add(step_s=0.5)
    copies = [notice(task_id)] * 6
    sqs.post(desk.settings, "garbage", "{}", notice(uuid4()), *copies, notice(task_id, attempt=7))
    desk.runner(slots=2)
    row = desk.wait(task_id)
    assert (row.state, row.attempt) == ("SUCCEEDED", 1)
    wait_empty(desk)
    assert len(desk.starts()) == 1
    assert steps.effects(task_id) == [0]


def test_messages_that_were_purged_are_sent_again(sqs_desk: Desk) -> None:
    desk = sqs_desk
    desk.runner(slots=0)
    task_id = desk.add()
    wait_for(lambda: n_left(desk.settings) == 1, what="the message")
    sqs.client(desk.settings).purge_queue(QueueUrl=desk.settings.predictions_queue_url)
    assert n_left(desk.settings) == 0
    sent_at = desk.row(task_id).published_at
    desk.runner()
    row = desk.wait(task_id)
    assert (row.state, row.attempt) == ("SUCCEEDED", 1)
    assert row.published_at is not None
    assert sent_at is not None
    assert row.published_at > sent_at
    wait_empty(desk)


def test_a_message_stays_hidden_while_its_task_runs_and_the_task_begins_once(
    sqs_server: SqsServer, postgres_desk: Desk
) -> None:
    desk, asked = postgres_desk, b"AmazonSQS.ChangeMessageVisibility"
    with Wire(sqs_server.endpoint) as wire:
        config = {**desk.settings.model_dump(), **sqs_server.settings(endpoint=wire.endpoint)}
        desk.settings = Settings(**config)
        SqsQueue(desk.settings).prepare()
        desk.runner(slots=1, lease_s=60.0)
        task_id = desk.add(n_steps=1_000, step_s=0.05, lease_s=60.0)
        desk.wait_done(task_id, 1)

        def is_hidden_again(n_before: int) -> bool:
            return wire.requests.count(asked) > n_before

        for _ in range(3):  # each time before others would see it
            n_before = wire.requests.count(asked)
            desk.time.jump(25.0)
            wait_for(partial(is_hidden_again, n_before), what="the message to be hidden again")
        assert SqsQueue(desk.settings).receive(limit=10, visible_s=0, wait_s=0) == []
        desk.runner(slots=1, lease_s=60.0)
        assert desk.row(task_id).state == "RUNNING"
        desk.cancel(task_id)
        assert desk.wait(task_id).state == "CANCELLED"
        assert len(desk.starts()) == 1
        wait_empty(desk)


def test_work_done_by_hand_needs_no_message_and_its_message_is_removed(sqs_desk: Desk) -> None:
    desk = sqs_desk
    runner = desk.runner(slots=0)
    task_id = desk.add(step_s=0.2)
    wait_for(lambda: n_left(desk.settings) == 1, what="the message")
    runner.run_now(task_id)
    assert desk.wait(task_id).state == "SUCCEEDED"
    desk.runner()
    wait_empty(desk)
    assert len(desk.starts()) == 1


def test_a_cancelled_task_leaves_no_message(sqs_desk: Desk) -> None:
    desk = sqs_desk
    desk.runner(slots=0)
    task_id = desk.add()
    wait_for(lambda: n_left(desk.settings) == 1, what="the message")
    assert desk.cancel(task_id).state is queue.TaskState.CANCELLED
    desk.runner()
    wait_empty(desk)
    assert (desk.row(task_id).state, desk.starts()) == ("CANCELLED", [])


def test_a_failed_attempt_gets_a_new_message_when_it_is_due(sqs_desk: Desk) -> None:
    desk = sqs_desk
    desk.runner()
    task_id = desk.add(fault="die", max_attempts=2)
    row = desk.wait(task_id)
    assert (row.state, row.attempt) == ("FAILED", 2)
    assert steps.resource(task_id) == ("FAILED", "worker_lost")
    assert [attempt for _, attempt in desk.starts()] == [1, 2]
    wait_empty(desk)


def test_a_dead_letter_becomes_a_failed_row_with_its_reason(sqs_desk: Desk) -> None:
    desk = sqs_desk
    desk.runner(slots=0)
    task_id, done_id = desk.add(), desk.add()
    wait_for(lambda: n_left(desk.settings) == 2, what="the messages")
    desk.cancel(done_id)
    line = SqsQueue(desk.settings)
    for _ in range(10):  # somebody takes them and never comes back
        line.hide(line.receive(limit=10, visible_s=60), visible_s=0)
    line.receive(limit=10, visible_s=60, wait_s=0)
    assert sqs.n_left(desk.settings, queue=dead_letters(desk)) == 2
    desk.runner()
    row = desk.wait(task_id)
    assert (row.state, row.attempt) == ("FAILED", 0)
    assert row.error is not None
    assert row.error["message"] == (
        "SQS gave up on this task: its message was delivered 10 times, but no worker finished it."
    )
    assert steps.resource(task_id) == ("FAILED", "dead_letter")
    assert desk.row(done_id).state == "CANCELLED"
    wait_for(lambda: sqs.n_left(desk.settings, queue=dead_letters(desk)) == 0, what="no dead letters")


def test_a_dead_letter_of_an_attempt_long_over_harms_nobody(sqs_desk: Desk) -> None:
    desk = sqs_desk
    running_id = desk.add(n_steps=5, step_s=0.5)
    waiting_id = desk.add()
    dead = dead_letters(desk)
    sqs.post(desk.settings, "garbage", notice(uuid4()), notice(waiting_id, attempt=3), to=dead)
    desk.runner()
    desk.wait(running_id, "RUNNING")
    sqs.post(desk.settings, notice(running_id), to=dead)
    assert desk.wait(running_id).state == "SUCCEEDED"
    assert desk.wait(waiting_id).state == "SUCCEEDED"
    wait_empty(desk)


def test_sqs_can_be_switched_on_and_off_with_work_in_the_queue(sqs_desk: Desk) -> None:
    desk = sqs_desk
    before = [desk.add() for _ in range(3)]  # nobody was there to send them
    sender = desk.runner(slots=0)
    wait_for(lambda: n_left(desk.settings) == 3, what="the messages")
    assert sender.stop()
    off = desk.runner(predictions_queue_url="")
    assert [desk.wait(task_id).state for task_id in before] == ["SUCCEEDED"] * 3
    assert off.stop()
    after = [desk.add() for _ in range(3)]
    desk.runner()
    assert [desk.wait(task_id).state for task_id in after] == ["SUCCEEDED"] * 3
    wait_empty(desk)
    assert len(desk.starts()) == 6


def test_without_sqs_the_table_transports(sqs_desk: Desk) -> None:
    desk = sqs_desk
    there = desk.settings.sqs_endpoint_url
    desk.runner(sqs_endpoint_url="http://127.0.0.1:1")
    task_id = desk.add()
    row = desk.wait(task_id)
    assert (row.state, row.attempt) == ("SUCCEEDED", 1)
    assert n_left(desk.settings.model_copy(update={"sqs_endpoint_url": there})) == 0


def test_sqs_that_takes_calls_and_answers_none_holds_nothing_up(sqs_desk: Desk) -> None:
    desk = sqs_desk
    slow = SqsServer()
    try:
        desk.settings = Settings(**{**desk.settings.model_dump(), **slow.settings()})
        SqsQueue(desk.settings).prepare()
        desk.runner()
        assert desk.wait(desk.add()).state == "SUCCEEDED"
        slow.freeze()
        task_ids = [desk.add() for _ in range(3)]
        assert [desk.wait(task_id).attempt for task_id in task_ids] == [1, 1, 1]
        slow.thaw()
        wait_empty(desk)
        assert desk.wait(desk.add()).state == "SUCCEEDED"
        assert len(desk.starts()) == 5
    finally:
        slow.stop()


def test_what_nobody_wants_any_more_is_given_back_at_once(sqs_desk: Desk) -> None:
    settings = sqs_desk.settings.model_copy(update={"lease_s": 600.0})
    arrived = threading.Event()
    transport = SqsTransport(settings, poke=arrived.set, now=time.monotonic)
    transport.start()
    try:
        transport.want(1)
        sqs.post(settings, notice(uuid4()))
        assert arrived.wait(PATIENCE_S)
        transport.pause()
        again = wait_for(
            lambda: SqsQueue(settings).receive(limit=1, visible_s=60, wait_s=0),
            what="the message to come again",
        )
        assert len(again) == 1
    finally:
        transport.stop()


def test_a_transport_knows_whether_a_message_can_be_expected(sqs_desk: Desk) -> None:
    settings, server = sqs_desk.settings, SqsServer()
    with Wire(server.endpoint) as wire:
        asked = {**settings.model_dump(), **server.settings(endpoint=wire.endpoint)}
        transport = SqsTransport(Settings(**asked), poke=lambda: None, now=time.monotonic)
        transport.start()
        try:
            for n_free in (1, 0):  # also where the slots are full of what the table gave
                transport.want(1)
                wire.vanish()
                wait_for(lambda: transport.is_out, what="the refusal to be noticed")
                transport.want(n_free)
                wire.come_back()
                SqsQueue(Settings(**asked)).prepare()
                wait_for(lambda: not transport.is_out, what="the return to be noticed")
            transport.want(1)
            server.freeze()
            wait_for(lambda: transport.is_out, what="the silence to be noticed")
            server.thaw()
            wait_for(lambda: not transport.is_out, what="the answer to be noticed")
        finally:
            transport.stop()
            server.stop()


def test_a_runner_that_ends_gives_back_what_it_did_not_finish(sqs_desk: Desk) -> None:
    desk = sqs_desk
    first = desk.runner()
    task_id = desk.add(n_steps=4, step_s=0.4)
    desk.wait_done(task_id, 1)
    assert first.stop()
    assert desk.row(task_id).state == "QUEUED"
    # none is held back; one may wait already for whoever comes next
    wait_for(lambda: SqsQueue(desk.settings).attributes().n_in_flight == 0, what="nothing to be in flight")
    desk.runner()
    row = desk.wait(task_id)
    assert (row.state, row.attempt, row.n_released) == ("SUCCEEDED", 2, 1)
    assert steps.effects(task_id) == list(range(4))
    wait_empty(desk)
