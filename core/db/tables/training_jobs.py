"""Trainings in a sandbox: what was asked for, its states, its log, its curve, and the rows that it never saw."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db.row_rules import ADMIN, MINE_OR_ADMIN, RowRules, update_guard
from core.db.tables.base import Base, NewId, Now, Owner, one_of
from core.db.tables.models import ModelRow
from core.db.tables.tasks import TaskRow

OF_MY_JOB = "training_job_id in (select id from public.training_jobs where user_id = (select auth.uid()))"
OF_A_LOCAL_JOB = "training_job_id in (select id from public.training_jobs where origin = 'local')"
OF_MY_JOB_OR_ADMIN = f"({OF_MY_JOB} or {ADMIN})"
STAGES = ("scraping", "generating", "provisioning", "training", "collecting")
SETTLED = ("succeeded", "failed", "cancelled", "timed_out", "lost")
STATES = ("queued", *STAGES, *SETTLED)
_USERS_ONLY_TAKE_URLS_AWAY = update_guard(
    "training_jobs",
    "users_only_take_urls_of_trainings_away",
    """
  if new.deployment_url is distinct from old.deployment_url and new.deployment_url is not null then
    raise exception 'only a worker gives a training its address' using errcode = '42501';
  end if;
  return new;
""",
)


def _of_job_and_user() -> sa.ForeignKeyConstraint:
    """That a row names a training together with the user whose it is."""
    return sa.ForeignKeyConstraint(
        ["training_job_id", "user_id"],
        ["training_jobs.id", "training_jobs.user_id"],
        ondelete="CASCADE",
        onupdate="CASCADE",
    )


class TrainingJobRow(Base):
    """A training: by code that runs in a sandbox, with the model that comes of it, or on somebody's own machine.

    origin: who runs it, `trigger` in this app; a `local` one only reports here, and has neither model nor task. goal:
    in the user's own words. reason: why it was no success, as an error's code, message and hint. warnings: sentences.
    code: what runs in the sandbox; code_source: who wrote it. predict_code: the predict.py that the code is given
    beside it, where its author wrote one. resources: addresses of web pages to read first. shares_values: whether who
    writes the code may be told values of the rows. data_sha256: of the upload, or of the package's data. data_name: of
    a local one's file. environment: versions in the sandbox; of a local one, where it runs as well. isolation: what
    keeps the code in, in a sentence. usage: seconds, memory and output of the last run. deployment_url: of the live
    app, while it is up. retry_of: the training of which this has inputs and code. token_id: of the token of the scope
    `package` that a local one reports by. attempt: how often a local one was begun in its folder. heard_at: when its
    worker, or the machine that it runs on, last wrote something. backend, sandbox_ref: the kind of the sandbox that it
    last had, and which one. unreachable_since: since when nobody could reach that.
    """

    __tablename__ = "training_jobs"
    id: Mapped[NewId]
    user_id: Mapped[Owner]
    model_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("ai_models.id", ondelete="CASCADE"), index=True
    )
    task_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("tasks.id"), index=True)
    upload_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("uploads.id", ondelete="SET NULL"), index=True
    )
    origin: Mapped[str] = mapped_column(default="trigger")
    name: Mapped[str]
    goal: Mapped[str] = mapped_column(default="")
    target: Mapped[str]
    status: Mapped[str] = mapped_column(default="queued")
    reason: Mapped[dict[str, Any] | None]
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    code: Mapped[str | None] = mapped_column(deferred=True)
    code_source: Mapped[str | None]
    code_sha256: Mapped[str | None]
    predict_code: Mapped[str | None] = mapped_column(deferred=True)
    resources: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    shares_values: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    data_sha256: Mapped[str]
    data_name: Mapped[str | None]
    environment: Mapped[dict[str, Any] | None]
    isolation: Mapped[str | None]
    usage: Mapped[dict[str, Any] | None]
    deployment_url: Mapped[str | None]
    retry_of: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("training_jobs.id", ondelete="SET NULL"), index=True
    )
    token_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("api_tokens.id"), index=True)
    attempt: Mapped[int | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    backend: Mapped[str | None]
    sandbox_ref: Mapped[str | None]
    unreachable_since: Mapped[datetime | None]
    model: Mapped[ModelRow | None] = relationship(lazy="raise_on_sql")
    task: Mapped[TaskRow | None] = relationship(lazy="raise_on_sql")
    __table_args__ = (
        one_of("status", *STATES),
        one_of("origin", "trigger", "local"),
        one_of("backend", "local", "e2b"),
        one_of("code_source", "template", "claude", "user"),
        sa.CheckConstraint(
            "origin = 'local' OR (model_id IS NOT NULL AND task_id IS NOT NULL)", name="model_and_task"
        ),
        sa.UniqueConstraint(
            "id", "user_id"
        ),  # what the held-out rows refer to, so that none names another user
        sa.Index("ix_training_jobs_newest", "user_id", "created_at", "id"),
        sa.Index("ix_training_jobs_by_status", "user_id", "status", "created_at", "id"),
        sa.Index("ix_training_jobs_status_created_at", "status", "created_at"),
    )
    n_distinct: ClassVar = {"status": 11, "upload_id": 1_000, "retry_of": 100, "token_id": 500}
    row_rules = RowRules(
        readable=MINE_OR_ADMIN,
        new="status = 'queued' and deployment_url is null",
        columns=(
            *("status", "reason", "warnings", "updated_at", "started_at", "finished_at", "heard_at"),
            *("deployment_url", "token_id", "attempt"),
        ),
        sql=_USERS_ONLY_TAKE_URLS_AWAY,
    )

    @property
    def title(self) -> str:
        """The model's name, with its version where there is a model."""
        return f"{self.name} v{self.model.version}" if self.model is not None else self.name

    @property
    def file_name(self) -> str:
        """Of what it learns from; empty where nobody said."""
        return self.model.data_name if self.model is not None else self.data_name or ""


class TrainingEventRow(Base):
    """A move from one state to the next. n: counts up from 1 within a job. attempt: of its task, 0 before the first."""

    __tablename__ = "training_events"
    training_job_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("training_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempt: Mapped[int]
    state: Mapped[str]
    message: Mapped[str] = mapped_column(default="")
    at: Mapped[Now]
    __table_args__ = (one_of("state", *STATES),)
    n_distinct: ClassVar = {"training_job_id": 1_000}
    row_rules = RowRules(mine=OF_MY_JOB, readable=OF_MY_JOB_OR_ADMIN, may=("select", "insert"))


class TrainingPageRow(Base):
    """A web page of a training's resources as it was read, or why it was not.

    n: its place among the resources, from 1. url: as it was given. final_url: where redirects led, if elsewhere.
    text: Markdown; is_cut: whether the page went on; sha256: of the text in UTF-8. problem: why there is no text.
    """

    __tablename__ = "training_pages"
    training_job_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("training_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    url: Mapped[str]
    final_url: Mapped[str | None]
    text: Mapped[str | None]
    is_cut: Mapped[bool] = mapped_column(default=False)
    sha256: Mapped[str | None]
    problem: Mapped[str | None]
    at: Mapped[Now]
    n_distinct: ClassVar = {"training_job_id": 1_000}
    row_rules = RowRules(mine=OF_MY_JOB, readable=OF_MY_JOB_OR_ADMIN, may=("select",))


class TrainingLogRow(Base):
    """A line of what the code printed, or of what the app says about it. n: counts up from 1 within a job."""

    __tablename__ = "training_logs"
    training_job_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("training_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[Now]
    source: Mapped[str]
    text: Mapped[str]
    __table_args__ = (one_of("source", "stdout", "stderr", "app"),)
    n_distinct: ClassVar = {"training_job_id": 1_000}
    row_rules = RowRules(mine=OF_MY_JOB, readable=OF_MY_JOB_OR_ADMIN, may=("select",))


class TrainingMetricRow(Base):
    """A point of a curve that the code reported, or a headline metric that the app computed itself.

    split: `holdout` and `baseline` are the app's own, of outcomes that the code never saw; others are the code's word.
    Those of a local training its owner's machine writes.
    """

    __tablename__ = "training_metrics"
    training_job_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("training_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[float]
    n_distinct: ClassVar = {"training_job_id": 1_000}
    row_rules = RowRules(
        mine=OF_MY_JOB, readable=OF_MY_JOB_OR_ADMIN, may=("select", "insert"), new=OF_A_LOCAL_JOB
    )


class TrainingPredictionRow(Base):
    """A held-out row: its place in the upload from 1, its outcome, and what the model said without knowing it.

    Those of a local training its owner's machine writes; they are taken away when it is begun anew. probability: of the
    positive outcome, or of the predicted one where there are several; null for numbers.
    """

    __tablename__ = "training_predictions"
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    training_job_id: Mapped[UUID] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    actual: Mapped[str]
    prediction: Mapped[str]
    probability: Mapped[float | None]
    __table_args__ = (_of_job_and_user(),)
    n_distinct: ClassVar = {"training_job_id": 1_000, "user_id": 100}
    row_rules = RowRules(readable=MINE_OR_ADMIN, may=("select", "insert", "delete"), new=OF_A_LOCAL_JOB)


class TrainingBatchRow(Base):
    """A batch of metrics or predictions that a local training has sent: so the same one again changes nothing.

    attempt: of the training, as there. n: the sender's number. sha256: of its rows. n_rows: how many it brought.
    """

    __tablename__ = "training_batches"
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    training_job_id: Mapped[UUID] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str]
    n_rows: Mapped[int]
    received_at: Mapped[Now]
    __table_args__ = (one_of("kind", "metrics", "predictions"), _of_job_and_user())
    n_distinct: ClassVar = {"training_job_id": 1_000, "user_id": 100, "attempt": 1, "kind": 2}
    row_rules = RowRules(readable=MINE_OR_ADMIN, may=("select", "insert"), new=OF_A_LOCAL_JOB)
