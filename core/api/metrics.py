"""`GET /api/metrics`: figures for Prometheus, of the whole installation and of this process."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily

import core
from core import db, queue
from core.db import DatabaseUnavailable
from core.queue import figures

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DEADLINE_S = 8.0  # Prometheus itself gives up after ten

router = APIRouter(tags=["system"])


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Depth and age of the queue, what the last hour's tasks took, workers, and this process's calls.

    In Prometheus' text format. Where the database does not answer, `model_desk_database_up` is 0 and its figures
    are missing. What concerns tasks is of the whole installation, whichever process answers.
    """
    registry: CollectorRegistry = request.app.state.metrics
    with anyio.move_on_after(DEADLINE_S) as late:
        text = await anyio.to_thread.run_sync(
            generate_latest, registry, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1)
        )
    if late.cancelled_caught:
        raise DatabaseUnavailable(problem=f"it has not answered for {DEADLINE_S:g} seconds")
    return Response(text, media_type=MEDIA_TYPE)


def registry() -> CollectorRegistry:
    """What is measured, ready to be given to `Measured` too."""
    made = CollectorRegistry(auto_describe=False)
    made.register(Installation())
    ProcessCollector(registry=made)
    return made


class Installation:
    """Reads its figures from the database whenever it is asked."""

    def describe(self) -> list[Metric]:
        """Nothing: or registering it would need a database."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield _gauge("info", "The version that runs.", ["version"], [([core.__version__], 1)])
        try:
            with db.session_scope(db.WORKER) as session:
                pending, settled = figures.pending(session), figures.settled(session)
                workers = queue.workers.alive(session)
        except DatabaseUnavailable:
            yield _gauge("database_up", "Whether the database answers.", [], [([], 0)])
            return
        yield _gauge("database_up", "Whether the database answers.", [], [([], 1)])
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
