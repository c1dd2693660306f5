"""A training as it goes: its stages, its log, and then its live app, to which the reader is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import streamlit as st
from sqlalchemy.orm import Session

from core import db, queue
from core.db.tables.deployments import DeploymentRow
from core.db.tables.training_jobs import TrainingEventRow, TrainingJobRow, TrainingLogRow
from core.training import jobs, records
from core.training.deployments import deployments
from core.training.deployments import states as deployment_states
from core.training.states import PENDING, Status
from core.ui import no_worker, page_frame, session
from core.ui.training import live_app, opener, outside
from core.ui.training.detail import timeline

POLLED_S: Final = 120.0
TAIL: Final = 12


@dataclass(frozen=True)
class Look:
    """A training as one look finds it. is_waiting: nobody works at it. log: its last lines."""

    job: TrainingJobRow
    events: list[TrainingEventRow]
    log: list[TrainingLogRow]
    deployment: DeploymentRow | None
    has_worker: bool
    is_waiting: bool

    @property
    def is_pending(self) -> bool:
        """Whether something is going on that a reader may wait for."""
        return self.job.status in PENDING or self.is_app_beginning

    @property
    def is_app_beginning(self) -> bool:
        return self.deployment is not None and self.deployment.status in live_app.BEGINNING


def look(training_job_id: UUID) -> Look:
    """Raises NotFound."""
    with db.session_scope(session.user()) as scope:
        job = jobs.get(scope, training_job_id=training_job_id)
        is_pending = job.status in PENDING
        return Look(
            job=job,
            events=list(records.events(scope, training_job_id=job.id)),
            log=list(records.last_lines(scope, training_job_id=job.id, n=TAIL)) if is_pending else [],
            deployment=deployments.of_model(scope, model_id=job.model_id) if job.model_id else None,
            has_worker=not is_pending or bool(queue.workers.alive(scope)),
            is_waiting=is_pending and _is_claimable(scope, job),
        )


def _is_claimable(scope: Session, job: TrainingJobRow) -> bool:
    return job.task_id is not None and queue.claimable_kind(scope, task_id=job.task_id) is not None


def show_live(found: Look, *, is_mine: bool) -> None:
    """Drawn again each second for two minutes at most; then it says what still runs, and where to look."""
    started_at = st.session_state.setdefault(f"watched_{found.job.id}", session.now().timestamp())

    @st.fragment(run_every=1.0)
    def polled() -> None:
        with page_frame.guarded():
            now = look(found.job.id)
            is_other = now.job.status != found.job.status or not now.is_pending
            if is_other or session.now().timestamp() - started_at > POLLED_S:
                st.rerun()  # the whole page: its head says what state it is in
            _draw(now, is_mine=is_mine)

    if session.now().timestamp() - started_at <= POLLED_S:
        polled()
        return
    _draw(found, is_mine=is_mine)
    with st.container(border=True, key="still_running"):
        st.markdown(f"**{_still(found)}** It goes on by itself; you can leave this page and come back.")
        if st.button("Look again", key="look_again", icon=":material/refresh:"):
            del st.session_state[f"watched_{found.job.id}"]
            st.rerun()


def take_there(found: Look) -> None:
    """Once, to whoever has triggered it on this page: its live app in this tab."""
    deployment = found.deployment
    is_live = deployment is not None and deployment.status == deployment_states.Status.LIVE
    if is_live and deployment is not None and st.query_params.get("open"):
        del st.query_params["open"]
        opener.open_here(f"/live/{deployment.id}/")


def _still(found: Look) -> str:
    if found.job.status == Status.QUEUED:
        return "The training still waits for a worker."
    return (
        "The live app is still starting." if found.job.status not in PENDING else "The training still runs."
    )


def _draw(found: Look, *, is_mine: bool) -> None:
    if found.is_waiting and not found.has_worker and is_mine:
        _no_worker(found.job)
    outside.lost_contact(found.job)
    if found.job.status not in PENDING:
        live_app.show(found.deployment, is_mine=False)
    if found.is_app_beginning and st.query_params.get("open"):
        st.caption("You are taken to the live app as soon as it is up.")
    timeline.show(found.events)
    if found.log:
        with st.container(border=True, key="tail"):
            st.code("\n".join(line.text for line in found.log), language=None, wrap_lines=True)


def _no_worker(job: TrainingJobRow) -> None:
    if no_worker.banner(waiting="this training waits", button="Train it now", key="by_hand"):
        with db.session_scope(session.user(), write=True) as scope:
            task_id = jobs.prioritize(scope, training_job_id=job.id)
        queue.local_runner.run_now(task_id)
        st.rerun()
