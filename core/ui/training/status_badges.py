"""How the states of trainings and of live apps look."""

from __future__ import annotations

from typing import Final

from core.db.tables.deployments import DeploymentRow
from core.db.tables.training_jobs import TrainingJobRow
from core.training.deployments import states as deployment_states
from core.training.local.reports import LOCAL
from core.training.states import Status
from core.ui.badges import Badge

Live = deployment_states.Status
BADGES: Final[dict[Status, Badge]] = {
    Status.QUEUED: Badge("Queued", ":material/schedule:", "gray"),
    Status.SCRAPING: Badge("Reading pages", ":material/autorenew:", "blue"),
    Status.GENERATING: Badge("Preparing code", ":material/autorenew:", "blue"),
    Status.PROVISIONING: Badge("Preparing data", ":material/autorenew:", "blue"),
    Status.TRAINING: Badge("Training", ":material/autorenew:", "blue"),
    Status.COLLECTING: Badge("Measuring", ":material/autorenew:", "blue"),
    Status.SUCCEEDED: Badge("Succeeded", ":material/check_circle:", "green"),
    Status.FAILED: Badge("Failed", ":material/error:", "red"),
    Status.CANCELLED: Badge("Cancelled", ":material/block:", "gray"),
    Status.TIMED_OUT: Badge("Timed out", ":material/timer_off:", "red"),
    Status.LOST: Badge("Lost", ":material/link_off:", "red"),
}
STARTING: Final = Badge("Starting", ":material/autorenew:", "blue")
LIVE: Final[dict[Live, Badge]] = {
    Live.STARTING: STARTING,
    Live.CHECKING: Badge("Checking", ":material/autorenew:", "blue"),
    Live.LIVE: Badge("Live", ":material/sensors:", "green"),
    Live.UNHEALTHY: Badge("Not answering", ":material/warning:", "orange"),
    Live.PAUSED: Badge("Asleep", ":material/bedtime:", "gray"),
    Live.EXPIRED: Badge("Expired", ":material/timer_off:", "gray"),
    Live.STOPPED: Badge("Stopped", ":material/block:", "gray"),
    Live.FAILED: Badge("Failed", ":material/error:", "red"),
}


def of(job: TrainingJobRow) -> Badge:
    """The badge of a training's state; one on its owner's own machine waits for nobody."""
    if job.origin == LOCAL and job.status == Status.QUEUED:
        return STARTING
    return BADGES[Status(job.status)]


def of_deployment(deployment: DeploymentRow) -> Badge:
    """The badge of a live app's state."""
    return LIVE[Live(deployment.status)]
