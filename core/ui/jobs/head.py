"""The head of a batch job's page: name, status, what it is made with, and what can be done."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core import db
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.generation.conversations import conversations
from core.generation.conversations.conversations import Filter
from core.generation.enrichment import automatic, selection
from core.generation.enrichment.drafts import Wanted
from core.generation.jobs.progress import Progress
from core.generation.jobs.states import PENDING, SETTLED, JobStatus
from core.ui import badges, formatting, links, page_frame, registry, session
from core.ui.jobs import actions, enriching, status_badges
from core.ui.jobs.pages import JOB, JOBS


def show(job: BatchJobRow, done: Progress, *, now: datetime, is_mine: bool) -> None:
    """Draw it, and do what is asked. is_mine: if not, it can be looked at, and no more. Raises NotFound, Conflict."""
    page_frame.name_tab(job.name)
    page_frame.back(JOBS)
    with page_frame.heading(links.escape(job.name)):
        asked = _buttons(job, done) if is_mine else None
    _facts(job, now=now)
    match asked:
        case "pause":
            actions.pause(job.id)
        case "retry":
            actions.retry_failed(job.id)
        case "cancel":
            actions.confirm_cancel(job)
        case "delete":
            actions.confirm_delete(job)
        case "enrich":
            name = f"Enrich {job.name}"[: automatic.LONGEST_NAME]
            enriching.ask(Wanted(asked=_of_job(job), name=name))


def _buttons(job: BatchJobRow, done: Progress) -> str | None:
    """The buttons that fit the state, the likeliest first; what was clicked."""
    asked = None
    review = registry.find("review.py")
    has_written = job.status in SETTLED and done.completed and job.kind == "generate"
    if has_written and review and (n_there := _n_there(job)):
        label = f"Review {formatting.exact(n_there, 'conversation')}"
        if st.button(label, key="review", type="primary", icon=":material/rate_review:"):
            links.go(review, job=job.id)
    if has_written and (n_new := _n_to_enrich(job)):
        label = f"Enrich {formatting.exact(n_new, 'conversation')}"
        if st.button(label, key="enrich", icon=":material/label:"):
            asked = "enrich"
    is_ending = job.requested_status is not None
    if job.status in PENDING and not is_ending and st.button("Pause", key="pause", icon=":material/pause:"):
        asked = "pause"
    if (
        job.status in (JobStatus.COMPLETED, JobStatus.FAILED)
        and done.failed
        and st.button(
            f"Retry {done.failed:,} failed",
            key="retry_failed",
            icon=":material/refresh:",
            type="secondary" if done.completed else "primary",
        )
    ):
        asked = "retry"
    if (
        job.status not in SETTLED
        and job.requested_status != JobStatus.CANCELLED
        and st.button("Cancel", key="cancel", icon=":material/block:", type="tertiary")
    ):
        asked = "cancel"
    if job.status not in PENDING and st.button(
        "Delete", key="delete", icon=":material/delete:", type="tertiary"
    ):
        asked = "delete"
    return asked


def _of_job(job: BatchJobRow) -> Filter:
    return Filter(batch_job_id=job.id, owner="me")


def _n_there(job: BatchJobRow) -> int:
    """How many of its conversations have not been deleted."""
    with db.session_scope(session.user()) as scope:
        return sum(conversations.counts(scope, asked=_of_job(job)).values())


def _n_to_enrich(job: BatchJobRow) -> int:
    """How many of its conversations nothing is known of; none while the enrichment that followed it has not ended."""
    with db.session_scope(session.user()) as scope:
        after = automatic.newest(scope, batch_job_id=job.id)
        if after is not None and after.status not in SETTLED:
            return 0
        return selection.count_new(scope, asked=_of_job(job))


def _related(job: BatchJobRow) -> None:
    """The way to the enrichment that has followed a job, and back."""
    with db.session_scope(session.user()) as scope:
        after = automatic.newest(scope, batch_job_id=job.id)
    if after is not None:
        links.link("Its enrichment", JOB, icon=":material/label:", tip="What followed by itself", id=after.id)
    if job.parent_id is not None:
        links.link("Its conversations' job", JOB, icon=":material/forum:", id=job.parent_id)


def _facts(job: BatchJobRow, *, now: datetime) -> None:
    zone = session.zone()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="facts"):
        badges.show(status_badges.of(job), tip=f"Since {formatting.exact_moment(job.updated_at, zone=zone)}")
        if status_badges.is_offline(job):
            badges.show(badges.OFFLINE, tip=badges.OFFLINE_TIP)
        template = f"{links.escape(job.template.name)} · v{job.template.version}"
        if page := registry.find("template.py"):
            links.link(
                template,
                page,
                icon=":material/edit_note:",
                tip="The template it fills in",
                id=job.template_id,
            )
        else:
            st.caption(template, width="content")
        facts = [links.escape(job.model)] if not status_badges.is_offline(job) else []
        if job.mode == "batches":
            facts.append("Message Batches")
        facts.append(f"{job.concurrency:,} at once")
        facts.append(f"created {formatting.moment(job.created_at, now=now, zone=zone)}")
        st.caption(" · ".join(facts), width="content")
        _related(job)
        st.link_button(
            "Log",
            f"/api/batch-jobs/{job.id}/log",
            key="log",
            icon=":material/description:",
            type="tertiary",
            help="What happened and when, as text; it holds no prompt",
        )
