"""All trainings, newest first, with their stage and how good their model is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import streamlit as st

from core import db
from core.db.tables.deployments import DeploymentRow
from core.db.tables.training_jobs import TrainingJobRow
from core.training import jobs, listing
from core.training.deployments.states import STOPPED_FROM
from core.training.states import PENDING, Status
from core.ui import formatting, links, lists, owners, page_frame, session
from core.ui.badges import Badge
from core.ui.models import labels
from core.ui.training import status_badges
from core.ui.training.pages import TRAINING, WORKSPACE

SHOWN = 25
LONGEST_NAME: Final = 28  # characters, so that the version behind it is never what is cut off


def load(*, cursor: str | None) -> tuple[Sequence[TrainingJobRow], str | None]:
    """Those of one part of the list, and where the next begins. Raises BadCursor, NotFound."""
    with db.session_scope(session.user()) as scope:
        page = jobs.page(scope, limit=SHOWN, cursor=cursor, owner=owners.requested())
    return page.items, page.next_cursor


def show(found: Sequence[TrainingJobRow], *, cursor: str | None, next_cursor: str | None) -> None:
    """Drawn again for as long as one of those shown goes on."""
    n_pending = _n_pending(found)

    @st.fragment(run_every=2.0 if n_pending else None)
    def polled() -> None:
        with page_frame.guarded():
            now = load(cursor=cursor)[0] if n_pending else found
            if _n_pending(now) != n_pending:
                st.rerun()
            _draw(now)

    polled()
    if next_cursor:
        query = {"after": next_cursor, **owners.query()}
        links.link("Older trainings", WORKSPACE, icon=":material/arrow_forward:", **query)


def _n_pending(found: Sequence[TrainingJobRow]) -> int:
    return sum(job.status in PENDING for job in found)


def _draw(found: Sequence[TrainingJobRow]) -> None:
    now, me = session.now(), session.user()
    with db.session_scope(me) as scope:
        people = owners.names(scope)
        apps = listing.apps_of(scope, model_ids=[job.model_id for job in found if job.model_id is not None])
    with lists.box(key="trainings"):
        for job in found:
            lists.row(
                _title(job),
                TRAINING,
                icon=":material/model_training:" if job.model_id else ":material/laptop_mac:",
                badge=_badge(job, apps),
                facts=[_result(job), formatting.ago(job.created_at, now=now)],
                tip=_tip(job, owner=None if job.user_id == me.id else people.get(job.user_id, "")),
                query={"id": job.id},
            )


def _title(job: TrainingJobRow) -> str:
    return f"{_short(job.name)} v{job.model.version}" if job.model is not None else _short(job.name)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"


def _badge(job: TrainingJobRow, apps: Mapping[UUID, DeploymentRow]) -> Badge:
    """Of a training that is done, that its app is up or asleep; the rest is known by its own."""
    app = apps.get(job.model_id) if job.model_id is not None else None
    if job.status == Status.SUCCEEDED and app is not None and app.status in STOPPED_FROM:
        return status_badges.of_deployment(app)
    return status_badges.of(job)


def _headline(job: TrainingJobRow) -> tuple[str, str] | None:
    """The metric that the model is judged by, and its value on rows that the code never saw."""
    report = (job.model.report if job.model is not None else None) or {}
    spread = report.get("metrics", {}).get(report.get("chosen_by"))
    return (labels.METRICS[report["chosen_by"]], formatting.score(spread["mean"])) if spread else None


def _result(job: TrainingJobRow) -> str:
    headline = _headline(job)
    return formatting.NO_BREAK.join(headline) if headline else ""


def _tip(job: TrainingJobRow, *, owner: str | None) -> str:
    headline = _headline(job)
    about = [
        *([links.escape(owner)] if owner else []),
        *([links.escape(job.name)] if len(job.name) > LONGEST_NAME else []),
        f"Predicts {links.escape(job.target)}, from {links.escape(job.file_name)}",
        *([" ".join(headline)] if headline else []),
        formatting.exact_moment(job.created_at, zone=session.zone()),
    ]
    return " · ".join(about)
