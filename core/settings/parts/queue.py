"""What carries tasks beside the database, and how long they are remembered."""

from __future__ import annotations

from pydantic import Field

from core.settings.part import Part
from core.settings.values import QueueUrl, WebAddress


class QueueSettings(Part):
    predictions_queue_url: QueueUrl = Field(
        default="",
        description="URL of a standard SQS queue that delivers tasks to workers; empty = the database.",
    )
    sqs_endpoint_url: WebAddress = Field(
        default="", description="Endpoint of PREDICTIONS_QUEUE_URL; empty = Amazon's."
    )
    keep_tasks_days: int = Field(
        default=30, ge=1, description="Days after which finished tasks that nothing shows are deleted."
    )
