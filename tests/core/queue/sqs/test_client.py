"""The queue of SQS, over the wire. The server is fauxqs."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from core.queue import QueueUnavailable, SqsQueue
from core.queue.sqs.client import N_GIVEN_UP, Notice
from core.settings import Settings, WrongSetting, read
from tests.servers import sqs
from tests.servers.sqs import SqsServer
from tests.servers.waiting import wait_for

SOME_ID = "6f1f6f7e-3a0b-4d57-9f0e-0a3f5f1c2b11"


@pytest.fixture
def settings_with_sqs(sqs_server: SqsServer, settings: Settings) -> Settings:
    """Settings that name a queue of this test, which is not made yet."""
    return Settings(**{**settings.model_dump(), **sqs_server.settings()})


@pytest.fixture
def line(settings_with_sqs: Settings) -> SqsQueue:
    """An empty queue, and one for its dead letters."""
    line = SqsQueue(settings_with_sqs)
    line.prepare()
    return line


def test_a_queue_and_its_dead_letters_are_made_once(settings_with_sqs: Settings) -> None:
    line = SqsQueue(settings_with_sqs)
    with pytest.raises(
        QueueUnavailable, match=r"the queue does not exist; create it with python -m core\.system prepare"
    ):
        line.send([Notice(uuid4(), 0)])
    assert line.prepare()
    assert not line.prepare()
    found = line.attributes()
    assert (found.n_waiting, found.n_in_flight) == (0, 0)
    assert (found.dead_letters, found.n_given_up) == (f"{line.name}-dead-letters", N_GIVEN_UP)
    dead = line.dead_letters()
    assert dead is not None
    assert dead.attributes().dead_letters is None
    assert dead.dead_letters() is None


def test_what_was_sent_comes_hidden_from_others_until_it_is_given_back(line: SqsQueue) -> None:
    sent = [Notice(uuid4(), n) for n in range(12)]
    line.send(sent)
    messages = line.receive(limit=50, visible_s=30) + line.receive(limit=50, visible_s=30)
    assert {message.notice for message in messages} == set(sent)
    assert line.receive(limit=10, visible_s=30, wait_s=0) == []
    found = line.attributes()
    assert (found.n_waiting, found.n_in_flight) == (0, 12)
    line.hide(messages[:1], visible_s=0)
    again = line.receive(limit=10, visible_s=30, wait_s=0)
    assert [message.notice for message in again] == [messages[0].notice]
    line.delete(again + messages[1:])
    found = line.attributes()
    assert (found.n_waiting, found.n_in_flight) == (0, 0)


def test_a_message_whose_time_ran_out_comes_again_and_one_that_is_prolonged_does_not(line: SqsQueue) -> None:
    kept, left = Notice(uuid4(), 0), Notice(uuid4(), 0)
    line.send([kept, left])
    messages = line.receive(limit=10, visible_s=1)
    line.hide([message for message in messages if message.notice == kept], visible_s=60)
    again = wait_for(lambda: line.receive(limit=10, visible_s=60, wait_s=0), what="the message to come again")
    assert [message.notice for message in again] == [left]
    line.delete(messages)  # a handle that is out of date harms nobody
    assert line.receive(limit=10, visible_s=60, wait_s=0) == []


@pytest.mark.parametrize(
    "body",
    ["nonsense", "{}", "[]", "7", "null", '{"task_id": 7, "attempt": 0}', '{"task_id": "x", "attempt": 0}',
     json.dumps({"task_id": SOME_ID}), json.dumps({"task_id": SOME_ID, "attempt": "many"}),
     json.dumps({"task_id": SOME_ID, "attempt": None})],
)  # fmt: skip
def test_a_message_that_is_none_of_ours_names_nothing(
    line: SqsQueue, settings_with_sqs: Settings, body: str
) -> None:
    sqs.post(settings_with_sqs, body)
    (message,) = line.receive(limit=10, visible_s=30)
    assert message.notice is None
    line.delete([message])
    assert sqs.n_left(settings_with_sqs) == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sqs_endpoint_url": "http://127.0.0.1:1"}, "Could not connect"),
        ({"aws_region": ""}, "You must specify a region"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said(
    settings_with_sqs: Settings, line: SqsQueue, wrong: dict[str, str], message: str
) -> None:
    mistaken = Settings(**{**settings_with_sqs.model_dump(), **wrong})
    with pytest.raises(QueueUnavailable, match=message) as refused:
        SqsQueue(mistaken).attributes()
    assert settings_with_sqs.aws_secret_access_key.get_secret_value() not in str(refused.value)


def test_amazons_own_addresses_tell_the_region(settings_with_sqs: Settings) -> None:
    url = "https://sqs.eu-west-3.amazonaws.com/123456789012/desk"
    settings = Settings(**{**settings_with_sqs.model_dump(), "aws_region": "", "predictions_queue_url": url})
    line = SqsQueue(settings)
    assert line._client.meta.region_name == "eu-west-3"
    assert line.name == "desk"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://sqs.eu-west-3.amazonaws.com/1/desk.fifo", "must be the address of a standard queue"),
        ("https://sqs.eu-west-3.amazonaws.com", "must name a queue"),
        ("desk", "must be an address"),
    ],
)
def test_an_address_that_is_no_standard_queue_is_refused(url: str, message: str) -> None:
    with pytest.raises(WrongSetting, match=f"PREDICTIONS_QUEUE_URL can't be used: it {message}"):
        read(_env_file=None, predictions_queue_url=url)
