"""A queue of SQS, or of any server that speaks its protocol, whose messages name tasks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from core.errors import Unavailable
from core.settings import Settings

N_AT_ONCE = 10  # messages in one call: SQS takes and gives no more
WAIT_S = 5  # how long a receive waits for a first message; SQS takes up to 20
CONNECT_S, READ_S, N_ATTEMPTS = 3, 5, 2
N_GIVEN_UP = 10  # deliveries after which a queue of our making gives a message up
KEPT_S = 14 * 86_400  # the longest that SQS keeps a message

MISSING = {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "NonExistentQueue"}
CAUSES = {
    **dict.fromkeys(MISSING, "the queue does not exist; create it with python -m core.system prepare"),
    "AccessDenied": "the credentials do not allow this",
    "AccessDeniedException": "the credentials do not allow this",
    "InvalidClientTokenId": "the access key is unknown",
    "UnrecognizedClientException": "the access key is unknown",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key",
}


class QueueUnavailable(Unavailable):
    """The queue that carries tasks can't be reached, or refuses what is asked of it."""

    code = "carrier_unavailable"
    message = "SQS can't be used right now: {problem}."
    hint = (
        "Check PREDICTIONS_QUEUE_URL, the AWS settings and the network. "
        "Meanwhile, workers take tasks from the database."
    )
    problem: str


@dataclass(frozen=True)
class Notice:
    """That this task waits, before its attempt number `attempt` + 1."""

    task_id: UUID
    attempt: int


@dataclass(frozen=True)
class Message:
    """One delivery. receipt_handle: what this delivery is deleted and prolonged by. notice: None when it is garbage."""

    id: str
    receipt_handle: str
    notice: Notice | None


@dataclass(frozen=True)
class Attributes:
    """What the server says of a queue; its counts are approximate. dead_letters: the name of that queue."""

    n_waiting: int
    n_in_flight: int
    visible_s: int
    kept_s: int
    dead_letters: str | None
    n_given_up: int | None


class SqsQueue:
    """The queue at `url`. One client serves all threads of this process. All raise QueueUnavailable."""

    def __init__(self, settings: Settings, *, url: str = "") -> None:
        self.url = url or settings.predictions_queue_url
        self._settings = settings

    @property
    def label(self) -> str:
        return f"{self.name} at {urlsplit(self._settings.sqs_endpoint_url or self.url).netloc}"

    @property
    def name(self) -> str:
        return self.url.rstrip("/").rsplit("/", 1)[-1]

    def send(self, notices: Sequence[Notice]) -> None:
        """Send a message for each; when it raises, some may have been sent."""
        said = [{"task_id": str(one.task_id), "attempt": one.attempt} for one in notices]
        failed = self._in_batches("send_message_batch", [{"MessageBody": json.dumps(one)} for one in said])
        if failed:
            raise QueueUnavailable(problem=f"{self.label}: {failed[0]['Code']}")

    def receive(self, *, limit: int, visible_s: int, wait_s: int = WAIT_S) -> list[Message]:
        """At most `limit` messages, hidden from others for `visible_s`; waits for the first one."""
        with self._translated():
            answer = self._client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=min(limit, N_AT_ONCE),
                WaitTimeSeconds=wait_s,
                VisibilityTimeout=visible_s,
            )
        return [
            Message(id=one["MessageId"], receipt_handle=one["ReceiptHandle"], notice=_read(one["Body"]))
            for one in answer.get("Messages", ())
        ]

    def hide(self, messages: Sequence[Message], *, visible_s: int) -> None:
        """Show these deliveries to nobody else for `visible_s` from now on; 0 gives them back at once."""
        changes = [{"ReceiptHandle": one.receipt_handle, "VisibilityTimeout": visible_s} for one in messages]
        # What fails has been given to somebody else, or is gone.
        self._in_batches("change_message_visibility_batch", changes)

    def delete(self, messages: Sequence[Message]) -> None:
        """Remove them for good."""
        self._in_batches("delete_message_batch", [{"ReceiptHandle": one.receipt_handle} for one in messages])

    def attributes(self) -> Attributes:
        """What the queue holds and how it is set up."""
        with self._translated():
            found = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        redrive = json.loads(found.get("RedrivePolicy") or "{}")
        given_up = redrive.get("maxReceiveCount")
        return Attributes(
            n_waiting=int(found.get("ApproximateNumberOfMessages", 0)),
            n_in_flight=int(found.get("ApproximateNumberOfMessagesNotVisible", 0)),
            visible_s=int(found.get("VisibilityTimeout", 30)),
            kept_s=int(found.get("MessageRetentionPeriod", 345_600)),
            dead_letters=redrive["deadLetterTargetArn"].rsplit(":", 1)[-1] if redrive else None,
            n_given_up=None if given_up is None else int(given_up),
        )

    def dead_letters(self) -> SqsQueue | None:
        """The queue of messages that were given up; None where none is set."""
        name = self.attributes().dead_letters
        if name is None:
            return None
        with self._translated():
            url = self._client.get_queue_url(QueueName=name)["QueueUrl"]
        return SqsQueue(self._settings, url=url)

    def prepare(self) -> bool:
        """Make the queue, and one for what it gives up, where they are missing; True if they were made."""
        with self._translated():
            try:
                self._client.get_queue_url(QueueName=self.name)
            except self._client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] not in MISSING:
                    raise
            else:
                return False
            kept = {"MessageRetentionPeriod": str(KEPT_S)}
            dead = self._client.create_queue(QueueName=f"{self.name}-dead-letters", Attributes=kept)[
                "QueueUrl"
            ]
            arn = self._client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
            redrive = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": N_GIVEN_UP}
            self._client.create_queue(
                QueueName=self.name, Attributes={**kept, "RedrivePolicy": json.dumps(redrive)}
            )
        return True

    def _in_batches(self, call: str, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send them by one of the client's calls, as many at a time as it takes; what it says of those that failed."""
        failed = []
        for start in range(0, len(entries), N_AT_ONCE):
            some = [{"Id": str(n), **one} for n, one in enumerate(entries[start : start + N_AT_ONCE])]
            with self._translated():
                answer = getattr(self._client, call)(QueueUrl=self.url, Entries=some)
            failed += answer.get("Failed", ())
        return failed

    @cached_property
    def _client(self) -> Any:
        """Made on first use: importing boto3 takes a while. Where no setting names a region, the address may."""
        import boto3
        from botocore.config import Config

        identity = self._settings.aws_identity
        named = re.match(r"sqs\.([a-z0-9-]+)\.", urlsplit(self.url).netloc)
        if identity["region_name"] is None and named:
            identity["region_name"] = named[1]
        return boto3.client(
            "sqs",
            endpoint_url=self._settings.sqs_endpoint_url or None,
            **identity,
            config=Config(
                connect_timeout=CONNECT_S,
                read_timeout=WAIT_S + READ_S,
                retries={"mode": "standard", "total_max_attempts": N_ATTEMPTS},
                max_pool_connections=4,
            ),
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """What the server refuses, and what goes wrong on the way to it, become our own errors."""
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except ClientError as error:
            said = error.response["Error"]
            cause = CAUSES.get(said["Code"]) or f"{said['Code']}, {said.get('Message', '').rstrip('.')}"
            raise QueueUnavailable(problem=f"{self.label}: {cause}") from error
        except (BotoCoreError, HTTPError) as error:
            raise QueueUnavailable(problem=f"{self.label}: {error}".rstrip(".")) from error


def _read(body: str) -> Notice | None:
    """What a message says; None when it is not one of ours."""
    try:
        said = json.loads(body)
        return Notice(task_id=UUID(said["task_id"]), attempt=int(said["attempt"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
