"""Trainings in a sandbox and live apps on Home: what failed, runs or waits, and how many apps are up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from core.db.tables.deployments import DeploymentRow
from core.db.tables.training_jobs import TrainingJobRow
from core.training import jobs, listing
from core.training.deployments import deployments
from core.training.deployments.states import AWAKE
from core.training.deployments.states import Status as Live
from core.training.local.reports import LOCAL
from core.training.states import PENDING, STAGES, Status
from core.ui import links
from core.ui.models.pages import MODEL
from core.ui.training import stages, status_badges
from core.ui.training.pages import TRAINING, WORKSPACE
from core.ui.work_items import (
    FAILED_FOR,
    N_RECENT,
    N_SHOWN,
    ActiveItem,
    Activity,
    FailedItem,
    HomeItems,
    ListLink,
    QueuedWork,
    RecentItem,
    Summary,
    Total,
)

MOST_PENDING: Final = 200  # the longest page that a list gives
UNHEALTHY: Final = ":orange[:material/warning:]"
FAILURES: Final = {
    Status.TIMED_OUT: "took too long to train",
    Status.LOST: "was lost while it trained",
}


def summary(session: Session) -> Summary:
    """The live apps, where there are any, and the newest trainings that have made no model; models tell of the rest."""
    no_model = jobs.page(session, limit=N_RECENT, statuses=sorted(set(Status) - {Status.SUCCEEDED})).items
    elsewhere = jobs.page(session, limit=N_RECENT, statuses=[Status.SUCCEEDED], origin=LOCAL).items
    return Summary(_live_apps(session), [_recent(job) for job in (*no_model, *elsewhere)])


def activity(session: Session, now: datetime) -> Activity:
    """Which trainings run, wait or have failed, and which live apps do not answer."""
    pending = jobs.page(session, limit=MOST_PENDING, statuses=sorted(PENDING)).items[::-1]
    left = listing.abandoned(session, statuses={job.status for job in pending})
    here = [job for job in pending if job.origin != LOCAL]  # one elsewhere waits for no worker
    waiting = [job for job in here if job.status == Status.QUEUED or job.id in left]
    running = [job for job in pending if job not in waiting]
    failed = listing.unmended(session, since=now - FAILED_FOR, limit=N_SHOWN + 1)
    apps = listing.live_apps(session)
    troubled = _troubled(session, now) if apps[Live.UNHEALTHY] or apps[Live.FAILED] else ()
    newest = jobs.page(session, limit=1).items
    return Activity(
        "sandbox training",
        failed=[*map(_app_failed, troubled), *map(_failed, failed[:N_SHOWN])],
        all_failed=ListLink("View all trainings", WORKSPACE, {}) if len(failed) > N_SHOWN else None,
        active=[
            *(_active(job, is_waiting=False) for job in running),
            *(_active(job, is_waiting=True) for job in waiting),
        ],
        n_running=len(running),
        n_queued=len(waiting),
        queued=QueuedWork.of("Train", len(waiting), partial(jobs.prioritize, training_job_id=waiting[0].id))
        if waiting
        else None,
        newest=(*(job.id for job in newest), *apps.values()),
    )


def _live_apps(session: Session) -> Sequence[Total]:
    """Those that answer now or with the next request; none where there is none."""
    apps = listing.live_apps(session)
    n_awake, n_asleep = sum(apps[status] for status in AWAKE), apps[Live.PAUSED]
    if not n_awake + n_asleep:
        return ()
    about = f"{n_awake:,} awake."
    if n_asleep:
        about = f"{n_awake:,} awake, {n_asleep:,} asleep until the next prediction."
    return [Total("Live apps", n_awake + n_asleep, text=f"{n_awake + n_asleep:,}", about=about)]


def _troubled(session: Session, now: datetime) -> Sequence[DeploymentRow]:
    found = deployments.page(session, limit=N_SHOWN, statuses=[Live.FAILED, Live.UNHEALTHY]).items
    return [one for one in found if one.status == Live.UNHEALTHY or now - one.updated_at < FAILED_FOR]


def _name(job: TrainingJobRow) -> str:
    version = f" v{job.model.version}" if job.model is not None else ""
    return f"**{links.escape(job.name)}**{version}"


def _failed(job: TrainingJobRow) -> FailedItem:
    why = FAILURES.get(Status(job.status), "could not be trained")
    return FailedItem(job.id, TRAINING, f"{_name(job)} {why}", (job.reason or {}).get("message", ""))


def _app_failed(app: DeploymentRow) -> FailedItem:
    """Of a model whose training is shown on a page, that page; else the model's."""
    page, found_by = (
        (TRAINING, app.training_job_id) if app.training_job_id is not None else (MODEL, app.model_id)
    )
    is_failed = app.status == Live.FAILED
    text = f"The live app of **{links.escape(app.model.name)}** v{app.model.version}"
    reason = (app.reason or {}).get("message", "")
    if is_failed:
        return FailedItem(found_by, page, f"{text} could not be started", reason)
    return FailedItem(found_by, page, f"{text} does not answer", reason, mark=UNHEALTHY)


def _active(job: TrainingJobRow, *, is_waiting: bool) -> ActiveItem:
    """A training, and which of its stages it has come to; one that is left starts over. One elsewhere has none."""
    if job.origin == LOCAL:
        host = (job.environment or {}).get("host") or "its own machine"
        return ActiveItem(job.id, TRAINING, f"Training {_name(job)} · on {links.escape(host)}", 0, 0)
    text = f"Training {_name(job)} · {stages.step(job, is_waiting=is_waiting)}"
    done = stages.n_done(job, is_waiting=is_waiting)
    return ActiveItem(job.id, TRAINING, text, done, len(STAGES), is_waiting)


def _recent(job: TrainingJobRow) -> RecentItem:
    return RecentItem(
        row=job,
        at=job.created_at,
        label=job.title,
        page=TRAINING,
        query={"id": job.id},
        icon=":material/laptop_mac:" if job.origin == LOCAL else ":material/model_training:",
        badge=status_badges.of(job),
        size="",
    )


HOME_ITEMS: Final = HomeItems(position=35, summary=summary, activity=activity)
