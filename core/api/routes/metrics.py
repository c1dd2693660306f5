"""`GET /api/metrics`: figures for Prometheus, of the whole installation and of this process."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily

import core
from core import db, queue
from core.access import roles
from core.api.dependencies import CurrentUser
from core.api.http.error_responses import documented
from core.queue import figures

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["system"])


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **documented(401, 403, 503)},
)
def metrics(request: Request, user: CurrentUser) -> Response:
    """Depth and age of the queue, what the last hour's tasks took, workers, and this process's calls.

    For admins, in Prometheus' text format. Tasks and workers are those of the whole installation, whichever process
    answers; calls, and what begins with `process_`, are of the one that answers.
    """
    installation = CollectorRegistry()
    installation.register(Installation(user))
    here: CollectorRegistry = request.app.state.metrics
    return Response(generate_latest(installation) + generate_latest(here), media_type=MEDIA_TYPE)


def registry() -> CollectorRegistry:
    """What is measured of this process, ready to be given to `Measured` too."""
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    return made


class Installation:
    """Reads its figures from the database whenever it is asked. Raises NotAllowed where `user` is no admin."""

    def __init__(self, user: db.User) -> None:
        self._user = user

    def describe(self) -> list[Metric]:
        """Nothing: or registering it would read them too."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield _gauge("info", "The version that runs.", ["version"], [([core.__version__], 1)])
        with db.session_scope(self._user) as session:
            roles.require_admin(session)
            pending, settled = figures.unsettled(session), figures.settled(session)
            workers = queue.workers.alive(session)
        by = ["kind", "state"]
        yield _gauge("tasks", "Tasks that wait or run.", by, [([p.kind, p.state], p.n) for p in pending])
        yield _gauge(
            "oldest_task_seconds",
            "Since the oldest of them was made.",
            by,
            [([p.kind, p.state], p.oldest_s) for p in pending],
        )
        told = {
            "hour_tasks": ("Tasks settled within the last hour.", "n"),
            "hour_wait_seconds_sum": ("Seconds that they waited, in all.", "waited_s"),
            "hour_wait_seconds_max": ("Seconds that the slowest of them waited.", "longest_wait_s"),
            "hour_run_seconds_sum": ("Seconds that they ran, in all.", "ran_s"),
            "hour_run_seconds_max": ("Seconds that the slowest of them ran.", "longest_run_s"),
        }
        for name, (meaning, field) in told.items():
            yield _gauge(name, meaning, by, [([s.kind, s.state], getattr(s, field)) for s in settled])
        yield _gauge("workers", "Workers that are alive.", [], [([], len(workers))])
        places = sum(worker.slots for worker in workers)
        yield _gauge("worker_slots", "Tasks that they can do at a time.", [], [([], places)])


def _gauge(name: str, meaning: str, labels: list[str], values: list[tuple[list[str], float]]) -> Metric:
    family = GaugeMetricFamily(f"model_desk_{name}", meaning, labels=labels)
    for of, value in values:
        family.add_metric(of, value)
    return family
