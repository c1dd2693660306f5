"""The load as programs read it: `GET /api/metrics` for Prometheus, `GET /api/scale` for an autoscaler of workers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from pydantic import BaseModel, Field

import core
from core import db, queue
from core.access import roles
from core.api.dependencies import Config, Reader
from core.api.http.error_responses import documented
from core.queue import figures
from core.system import gauges

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["system"])


class Scale(BaseModel):
    """The load of the whole installation, and the workers it needs."""

    queued: int = Field(description="Waiting tasks.")
    running: int = Field(description="Running tasks.")
    abandoned: int = Field(description="Running tasks whose worker no longer responds.")
    oldest_s: float = Field(description="Seconds that the oldest task has waited; 0 if none waits.")
    workers: int = Field(description="Running worker processes, not counting the app's own.")
    places: int = Field(description="Tasks that all workers, including the app's own, can run at once.")
    suggested_workers: int = Field(
        description="Worker processes needed for all waiting and running tasks; 0 if there are none."
    )


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **documented(401, 403, 503)},
)
def metrics(request: Request, user: Reader) -> Response:
    """Length and age of the queue, how long the last hour's tasks took, workers, and this process's calls.

    For admins, in Prometheus' text format. Tasks and workers are counted for the whole installation; calls, and
    everything that starts with `process_`, for the process that answers.
    """
    installation = CollectorRegistry()
    installation.register(Installation(user))
    here: CollectorRegistry = request.app.state.metrics
    return Response(generate_latest(installation) + generate_latest(here), media_type=MEDIA_TYPE)


@router.get("/scale", responses=documented(403, 503))
def get_scale(user: Reader, config: Config) -> Scale:
    """Length of the queue, wait of its oldest task, and how many workers to run."""
    with db.session_scope(user) as session:
        found = queue.scale(session, slots_each=config.workers, now=datetime.now(UTC))
    return Scale(**asdict(found))


def registry() -> CollectorRegistry:
    """What is measured of this process, ready to be given to `RequestMetrics` too."""
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
            stated = list(gauges.read(session))
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
        for one, values in stated:
            yield _gauge(one.name, one.meaning, list(one.labels), [(list(of), n) for of, n in values])


def _gauge(name: str, meaning: str, labels: list[str], values: list[tuple[list[str], float]]) -> Metric:
    family = GaugeMetricFamily(f"model_desk_{name}", meaning, labels=labels)
    for of, value in values:
        family.add_metric(of, value)
    return family
