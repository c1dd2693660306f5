"""What the System page and command say of SQS and of keys."""

from __future__ import annotations

import json
import sys
from uuid import uuid4

import pytest

from core.check import Check, State
from core.queue import SqsQueue
from core.settings import Settings
from core.system import checks, external_services
from tests.core.system.contexts import looked_at
from tests.servers import forks, sqs
from tests.servers.processes import PROJECT
from tests.servers.sqs import SqsServer


@pytest.fixture
def carried(sqs_server: SqsServer, settings: Settings) -> Settings:
    """Settings that name a queue which is not made yet."""
    return Settings(**{**settings.model_dump(), **sqs_server.settings()})


def line(found: list[Check], name: str) -> Check:
    return next(check for check in found if check.name == name)


def test_without_sqs_there_is_nothing_to_say_of_it(settings: Settings) -> None:
    assert list(external_services.sqs(looked_at(settings))) == []


def test_a_queue_that_is_missing_is_broken_and_its_cure_mends_it(
    sqlite_database: object, carried: Settings
) -> None:
    (broken,) = [check for check in checks.run(carried) if check.part == "SQS"]
    assert broken.state is State.BROKEN
    assert "python -m core.system prepare" in broken.message
    prepared = forks.run(
        [sys.executable, "-m", "core.system", "prepare", "--json"],
        env=carried.environment(), cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    assert prepared.stderr == ""
    assert "was created." in prepared.stdout
    assert carried.aws_secret_access_key.get_secret_value() not in prepared.stdout
    found = [check for check in checks.run(carried) if check.part == "SQS"]
    assert [check.name for check in found] == ["Reachable", "Messages", "Redrive"]
    assert {check.state for check in found} == {State.OK}
    assert "about 0 waiting, 0 with workers" in found[0].message
    assert "holds a message for 30 s at a time (queue default: 30 s)" in found[1].message
    assert "After 10 deliveries a message moves to" in found[2].message


def test_dead_letters_are_worth_a_look(carried: Settings) -> None:
    queue = SqsQueue(carried)
    queue.prepare()
    dead = queue.dead_letters()
    assert dead is not None
    sqs.post(carried, sqs.notice(uuid4()), to=dead.url)
    redrive = line(list(external_services.sqs(looked_at(carried))), "Redrive")
    assert (redrive.state, "1 message is there now." in redrive.message) == (State.WARN, True)


def test_a_queue_that_gives_up_before_the_app_does_is_worth_a_look(carried: Settings) -> None:
    queue = SqsQueue(carried)
    queue.prepare()
    client = sqs.client(carried)
    asked = {"QueueUrl": carried.predictions_queue_url, "AttributeNames": ["RedrivePolicy"]}
    policy = json.loads(client.get_queue_attributes(**asked)["Attributes"]["RedrivePolicy"])
    short = json.dumps({**policy, "maxReceiveCount": 1})
    client.set_queue_attributes(QueueUrl=carried.predictions_queue_url, Attributes={"RedrivePolicy": short})
    redrive = line(list(external_services.sqs(looked_at(carried))), "Redrive")
    assert redrive.state is State.WARN
    assert "After 1 delivery " in redrive.message
    assert redrive.hint == "Raise the queue's maxReceiveCount to 10."


def test_a_queue_without_dead_letters_is_fine(carried: Settings) -> None:
    sqs.client(carried).create_queue(QueueName=SqsQueue(carried).name)
    redrive = line(list(external_services.sqs(looked_at(carried))), "Redrive")
    assert (redrive.state, redrive.hint) == (State.OK, "")


def test_keys_are_told_by_name_only(carried: Settings) -> None:
    (present,) = external_services.keys(looked_at(carried))
    assert present.message == "Set: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY."
    assert carried.aws_secret_access_key.get_secret_value() not in present.message


def test_without_keys_it_is_said_who_we_are_to_amazon(settings: Settings, carried: Settings) -> None:
    assert list(external_services.keys(looked_at(settings))) == []
    bare = Settings(**{**carried.model_dump(), "aws_access_key_id": "", "aws_secret_access_key": ""})
    assert "the role of this machine" in line(list(external_services.keys(looked_at(bare))), "AWS").message


@pytest.mark.parametrize("missing", ["aws_access_key_id", "aws_secret_access_key"])
def test_half_a_key_is_broken(carried: Settings, missing: str) -> None:
    half = Settings(**{**carried.model_dump(), missing: ""})
    broken = line(list(external_services.keys(looked_at(half))), "AWS")
    assert broken.state is State.BROKEN
    assert missing.upper() in broken.hint
