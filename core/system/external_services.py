"""Checks of what the installation uses outside: the queue of messages, and which keys it was given."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import SecretStr

from core import queue
from core.check import Check, State
from core.errors import counted
from core.room import CheckContext

N_DELIVERIES = 4  # a message must live longer than the attempts that the app itself makes


def sqs(context: CheckContext) -> Iterator[Check]:
    """Nothing where the database carries the tasks. Raises QueueUnavailable."""
    settings = context.settings
    if not settings.predictions_queue_url:
        return
    line = queue.SqsQueue(settings)
    found = line.attributes()
    message = f"{line.label}: about {found.n_waiting:,} waiting, {found.n_in_flight:,} with workers."
    yield Check("SQS", "Reachable", State.OK, message)
    message = (
        f"A worker holds a message for {settings.lease_s:g} s at a time (queue default: "
        f"{found.visible_s} s). Messages are kept for {found.kept_s // 86_400} days."
    )
    yield Check("SQS", "Messages", State.OK, message)
    if found.dead_letters is None or found.n_given_up is None:
        message = "No dead-letter queue is set: a message returns until a worker has finished it."
        yield Check("SQS", "Redrive", State.OK, message)
        return
    dead = line.dead_letters()
    n_dead = dead.attributes().n_waiting if dead else 0
    message = (
        f"After {counted(found.n_given_up, 'delivery|deliveries')} a message moves to {found.dead_letters}, "
        "and a worker marks its task as failed."
    )
    if found.n_given_up < N_DELIVERIES:
        hint = f"Raise the queue's maxReceiveCount to {queue.sqs.client.N_GIVEN_UP}."
        yield Check(
            "SQS", "Redrive", State.WARN, f"{message} That is before the app itself stops retrying.", hint
        )
    elif n_dead:
        hint = "A worker marks their tasks as failed within seconds. If they stay, check the workers' log."
        told = counted(n_dead, "message is|messages are")
        yield Check("SQS", "Redrive", State.WARN, f"{message} {told} there now.", hint)
    else:
        yield Check("SQS", "Redrive", State.OK, message)


def keys(context: CheckContext) -> Iterator[Check]:
    """Which secrets are set, by their names; never what they are. Nothing where none is set or needed."""
    settings = context.settings
    given = {
        name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in settings
        if isinstance(value, SecretStr) or name == "aws_access_key_id"
    }
    present = sorted(name for name, value in given.items() if value)
    if present:
        yield Check("Keys", "Present", State.OK, f"Set: {', '.join(present)}.")
    pair = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    if len(missing := [name for name in pair if name not in present]) == 1:
        message = f"{missing[0]} is missing, so the other half of the pair is not used."
        yield Check(
            "Keys", "AWS", State.BROKEN, message, f"Set {missing[0]}, or neither of {' and '.join(pair)}."
        )
    elif missing and (settings.predictions_queue_url or settings.storage_url.startswith("s3://")):
        message = "No AWS keys are set: its configuration files or the role of this machine are used."
        yield Check("Keys", "AWS", State.OK, message)
