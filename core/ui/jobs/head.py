"""The head of a batch job's page: name, status, what it is made with, and what can be done."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core.db.tables.batch_jobs import BatchJobRow
from core.generation.jobs.progress import Progress
from core.generation.jobs.states import PENDING, SETTLED, JobStatus
from core.ui import badges, formatting, links, page_frame, registry, session
from core.ui.jobs import actions, status_badges
from core.ui.jobs.pages import JOBS


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


def _buttons(job: BatchJobRow, done: Progress) -> str | None:
    """The buttons that fit the state, the likeliest first; what was clicked."""
    asked = None
    review = registry.find("review.py")
    n_made = formatting.exact(done.completed, "conversation")
    if (
        job.status in SETTLED
        and done.completed
        and review
        and st.button(f"Review {n_made}", key="review", type="primary", icon=":material/rate_review:")
    ):
        links.go(review, job=job.id)
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
        st.link_button(
            "Log",
            f"/api/batch-jobs/{job.id}/log",
            key="log",
            icon=":material/description:",
            type="tertiary",
            help="What happened and when, as text; it holds no prompt",
        )
