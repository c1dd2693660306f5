"""What trainings in a sandbox and live apps tell the rest of the house."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.db import DatabaseUnavailable
from core.db.tables.deployments import DeploymentRow
from core.db.tables.llm_calls import LlmCallRow
from core.db.tables.messages import MessageRow
from core.db.tables.training_jobs import TrainingJobRow
from core.models import handler
from core.room import AuditedAction, AuditedResource, HandedOver, KeptBy, PendingWork, Room
from core.sandboxes import SandboxDiskFull
from core.storage import StorageUnavailable
from core.training import checks, follow
from core.training.deployments import deployments, expectation
from core.training.local.reports import LOCAL
from core.training.states import PENDING


def _is_trained_on(session: Session, upload_id: int) -> bool:
    in_the_app = TrainingJobRow.upload_id == upload_id, TrainingJobRow.origin != LOCAL
    pending = *in_the_app, TrainingJobRow.status.in_(PENDING)
    return session.execute(sa.select(TrainingJobRow.id).where(*pending).limit(1)).first() is not None


ROOM = Room(
    kinds=(
        queue.Kind(
            name=follow.KIND,
            label="Sandbox training",
            module=__name__,
            run="core.training.runs.work:run",
            follow=follow.follow,
            pool=queue.Pool.TRAINING,
            output_prefix=handler.output_prefix,
            transient=(StorageUnavailable, DatabaseUnavailable, SandboxDiskFull),
        ),
        queue.Kind(
            name=expectation.KIND,
            label="Check of a live app",
            module=__name__,
            run="core.training.deployments.expect:run",
            follow=expectation.follow,
            pool=queue.Pool.TRAINING,
            transient=(StorageUnavailable, DatabaseUnavailable),
        ),
    ),
    actions=(
        AuditedAction("training.triggered", "triggered"),
        AuditedAction("training.retried", "retried"),
        AuditedAction("training.cancelled", "cancelled"),
        AuditedAction("training.begun", "begun on their own machine"),
        AuditedAction("training.ended", "ended on their own machine"),
        AuditedAction("package.downloaded", "downloaded"),
        AuditedAction("deployment.created", "deployed"),
        AuditedAction("deployment.stopped", "stopped"),
        AuditedAction("deployment.restarted", "restarted"),
        AuditedAction("deployment.extended", "extended"),
    ),
    audited=(
        AuditedResource("training", " the training {}", "a training"),
        AuditedResource("package", " the training package of {}", "a training package"),
        AuditedResource("deployment", " the live app of {}", "a live app"),
    ),
    checks=checks.CHECKS,
    dependants=(
        PendingWork("upload", "being trained on", _is_trained_on),
        KeptBy("model", "live app that is awake|live apps that are awake", deployments.n_awake),
    ),
    handed_over=(
        HandedOver("trainings", TrainingJobRow),
        HandedOver("live apps", DeploymentRow),
        HandedOver("messages", MessageRow),
        HandedOver("code requests", LlmCallRow),
    ),
)
