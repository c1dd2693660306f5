"""What batch generation tells the rest of the house."""

from __future__ import annotations

from core import queue
from core.db import DatabaseUnavailable
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.generation.conversations import ConversationRevisionRow, ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.db.tables.generation.review_events import ReviewEventRow
from core.generation.checks import CHECKS
from core.generation.deletions import deletions
from core.generation.gauges import GAUGES
from core.generation.jobs import follow
from core.generation.owned_files import OWNED_FILES
from core.generation.quality import backlog
from core.room import AuditedAction, AuditedResource, HandedOver, Room
from core.storage import StorageUnavailable

ROOM = Room(
    kinds=(
        queue.Kind(
            name=follow.KIND,
            label="Batch",
            module=__name__,
            run="core.generation.engine.work:run",
            follow=follow.follow,
            pool=queue.Pool.GENERATION,
            transient=(StorageUnavailable, DatabaseUnavailable),
            grace_s=60.0,
            hears_drain=True,
        ),
        queue.Kind(
            name=backlog.KIND,
            label="Quality check",
            module=__name__,
            run="core.generation.quality.backlog:run",
            follow=backlog.follow,
            pool=queue.Pool.GENERATION,
            hears_drain=True,
        ),
        queue.Kind(
            name=deletions.KIND,
            label="Deletion",
            module=__name__,
            run="core.generation.deletions.work:run",
            follow=deletions.follow,
            pool=queue.Pool.GENERATION,
            attempts=deletions.MOST_ATTEMPTS,
            transient=(StorageUnavailable, DatabaseUnavailable),
            retry_delay_s=deletions.retry_delay_s,
            hears_drain=True,
        ),
    ),
    actions=(
        AuditedAction("batch_job.created", "created"),
        AuditedAction("batch_job.by_hand", "had one item done by hand of"),
        AuditedAction("batch_job.run_here", "started by hand"),
        AuditedAction("batch_job.paused", "paused"),
        AuditedAction("batch_job.resumed", "resumed"),
        AuditedAction("batch_job.retried", "retried the failed items of"),
        AuditedAction("batch_job.cancelled", "cancelled"),
        AuditedAction("batch_job.deleted", "deleted"),
        AuditedAction("batch_job.restored", "restored"),
        AuditedAction("template.added", "added"),
        AuditedAction("template.changed", "added a version of"),
        AuditedAction("conversation.approved", "approved"),
        AuditedAction("conversation.rejected", "rejected"),
        AuditedAction("conversation.reopened", "put back into review"),
        AuditedAction("conversation.edited", "edited"),
        AuditedAction("conversation.deleted", "deleted"),
        AuditedAction("conversation.restored", "restored"),
        AuditedAction("conversation.exported", "exported"),
        AuditedAction("conversation.checked", "had the quality checked of"),
    ),
    audited=(
        AuditedResource("batch_job", " the batch job {}", "a batch job"),
        AuditedResource("template", " the template {}", "a template"),
        AuditedResource("conversation", " the conversation {}", "a conversation"),
        AuditedResource("conversations", " {}"),
    ),
    handed_over=(
        HandedOver("templates", PromptTemplateRow, people=("author_id",)),
        HandedOver("batch jobs", BatchJobRow),
        HandedOver("conversations", ConversationRow, people=("user_id", "reviewer_id")),
        HandedOver("edits", ConversationRevisionRow, people=("author_id",)),
        HandedOver("review events", ReviewEventRow, people=("author_id",)),
    ),
    owned_files=OWNED_FILES,
    checks=CHECKS,
    gauges=GAUGES,
)
