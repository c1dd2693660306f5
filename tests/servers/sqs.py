"""A server that speaks the protocol of SQS: fauxqs, in memory."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from core.settings import Settings
from tests.servers.node import NodeServer


class SqsServer(NodeServer):
    """A running server."""

    script = "sqs.mjs"
    answers_at = "/_fauxqs/queues"

    def settings(self, *, name: str = "", endpoint: str = "") -> dict[str, Any]:
        """Settings of a queue of its own, which is not made yet. endpoint: how to get to the server."""
        return {
            "predictions_queue_url": f"{self.endpoint}/000000000000/{name or f'tasks-{uuid4().hex}'}",
            "sqs_endpoint_url": endpoint or self.endpoint,
            "aws_region": "eu-central-1",
            "aws_access_key_id": "desk",
            "aws_secret_access_key": "of no importance to this server",
        }


def client(settings: Settings) -> Any:
    """A plain client, to look from outside and to do harm."""
    import boto3

    return boto3.client("sqs", endpoint_url=settings.sqs_endpoint_url, **settings.aws_identity)


def post(settings: Settings, *bodies: str, to: str = "") -> None:
    """Put messages into the queue that are none of the product's doing."""
    sqs = client(settings)
    for body in bodies:
        sqs.send_message(QueueUrl=to or settings.predictions_queue_url, MessageBody=body)


def notice(task_id: object, attempt: int = 0) -> str:
    """The body of a message that names a task."""
    return json.dumps({"task_id": str(task_id), "attempt": attempt})


def n_left(settings: Settings, *, queue: str = "") -> int:
    """How many messages there are, hidden ones too. queue: another one than the settings'."""
    found = client(settings).get_queue_attributes(
        QueueUrl=queue or settings.predictions_queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return sum(int(n) for n in found.values())
