"""Whole batch jobs, by the API of an app of its own: from the POST to `completed`, the bare SDK beside.

The job's child is warm: another job of one item came before. Measured of each case: seconds beside the ideal, the
child's peak memory, items lost, replies that the provider was asked for twice, and what `asking` tells of the SDK on a
second endpoint of the same kind. Also how long 50,000 items take to be created, and whether what 100 items cost lies in
the estimate that 20 past replies allow, five times over.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks import asking
from benchmarks.asking import IDEAL_S, LATENCY_S, N_AT_ONCE, N_ITEMS, QUOTA, QUOTA_IDEAL_S, TWO_IDEAL_S
from tests.servers import app as servers
from tests.servers.claude_process import ClaudeProcess, claude_process
from tests.servers.waiting import wait_for

LOOKS_S = 0.1
N_MANY, MOST_CREATE_S = 50_000, 5.0
MOST_MB = 200
N_ESTIMATES = 5
# Of each job: how the endpoint is started, how many jobs at once, the ideal, and the floors.
JOBS: dict[str, dict[str, Any]] = {
    "a job": {"server": {}, "ideal_s": IDEAL_S, "ratio": 1.6, "mb": MOST_MB},
    "a job, random": {"server": {"p_429": 0.1, "p_529": 0.05}, "ideal_s": IDEAL_S, "ratio": 3.0},
    "a job, quota": {"server": {"quota": QUOTA}, "ideal_s": QUOTA_IDEAL_S, "ratio": 1.15, "refused": 60},
    "two jobs on a quota": {"server": {"quota": QUOTA}, "jobs": 2, "ideal_s": TWO_IDEAL_S, "ratio": 1.3},
    "a job, killed at half": {"server": {}, "ideal_s": IDEAL_S, "is_killed": True},
}  # fmt: skip


class Desk:
    """An app with an endpoint, asked by HTTP."""

    def __init__(self, app: servers.App, endpoint: ClaudeProcess) -> None:
        self.app, self.endpoint = app, endpoint
        self._http = httpx.Client(base_url=f"{app.url}/api", timeout=300.0, trust_env=False)
        self.template_id = self.posted("templates", name="Talks", prompt=asking.PROMPT.format("{{ topic }}"),
                                        variables=[{"name": "topic"}])["id"]  # fmt: skip

    def begin(self, topics: list[str], *, more: list[str] | None = None, **wanted: Any) -> Any:
        """A job, or with dry_run what it would be. more: values that topics are multiplied by."""
        grid = {"topic": topics} if more is None else {"topic": [f"{a} {b}" for a in topics for b in more]}
        return self.posted(
            "batch-jobs", name="Talks", template_id=self.template_id, parameters={"grid": grid},
            **{"max_cost_usd": 1_000, "concurrency": N_AT_ONCE, "max_tokens": asking.MAX_TOKENS, **wanted},
        )  # fmt: skip

    def job(self, job_id: str) -> Any:
        return self._http.get(f"batch-jobs/{job_id}").raise_for_status().json()

    def done(self, job_id: str) -> Any:
        """The job, once it has ended."""
        ended = ("completed", "failed", "cancelled", "paused")
        wait_for(lambda: self.job(job_id)["status"] in ended, every_s=LOOKS_S, deadline_s=600)
        return self.job(job_id)

    def children(self) -> list[psutil.Process]:
        """The processes that ask."""
        found = psutil.Process(self.app.pid).children(recursive=True)
        return [one for one in found if "core.generation.room" in one.cmdline()[-1:]]

    def peak_mb(self) -> int:
        """Of the child that took most."""
        peaks = [
            int(line.split()[1]) // 1024
            for child in self.children()
            for line in Path(f"/proc/{child.pid}/status").read_text().splitlines()
            if line.startswith("VmHWM")
        ]
        return max(peaks, default=0)

    def cpu_s(self) -> float:
        """What the children have taken of the processor; a new one has begun at 0."""
        return sum(sum(child.cpu_times()[:2]) for child in self.children())

    def kill(self, job_id: str) -> int:
        """kill -9 of the children; how many items of the job were under way."""
        children = self.children()
        for child in children:
            child.suspend()
        told = self._http.get(f"batch-jobs/{job_id}/items", params={"state": "processing", "limit": 200})
        for child in children:
            child.kill()
        return len(told.raise_for_status().json()["items"])

    def posted(self, path: str, **body: Any) -> Any:
        answer = self._http.post(path, json=body or None)
        assert answer.is_success, answer.text
        return answer.json()


@contextmanager
def a_desk(**server: Any) -> Iterator[Desk]:
    """An app of its own on SQLite, with an endpoint of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="model-desk-bench-")))
        endpoint = stack.enter_context(claude_process(**{"latency_s": LATENCY_S, **server}))
        app = servers.running(
            folder, WORKERS="1", LOG_LEVEL="error", ANTHROPIC_API_KEY="k", ANTHROPIC_BASE_URL=endpoint.url
        )
        yield Desk(stack.enter_context(app), endpoint)


def measure_job(name: str) -> dict[str, Any]:
    case = JOBS[name]
    n_jobs, ideal_s = case.get("jobs", 1), case["ideal_s"]
    figures: dict[str, Any] = {"ideal_s": round(ideal_s, 2)}
    with a_desk(**case["server"]) as desk:
        warming = [desk.begin([f"warm {n}"], concurrency=1)["id"] for n in range(n_jobs)]
        for job_id in warming:
            desk.done(job_id)
        wait_for(lambda: len(desk.children()) >= n_jobs, what="warm children")
        cpu_s, refused, asked = desk.cpu_s(), desk.endpoint.ask("refused"), desk.endpoint.ask("asked")
        began = time.perf_counter()
        ids = [desk.begin([f"topic {n} of {job}" for n in range(N_ITEMS)])["id"] for job in range(n_jobs)]
        if case.get("is_killed"):
            wait_for(lambda: desk.job(ids[0])["completed"] >= N_ITEMS // 2, every_s=0.02)
            figures["under_way"] = desk.kill(ids[0])
        ended = [desk.done(job_id) for job_id in ids]
        seconds = time.perf_counter() - began
        figures["ours"] = {
            "seconds": round(seconds, 2),
            "ratio": round(seconds / ideal_s, 3),
            "cpu_ms": round((desk.cpu_s() - cpu_s) / n_jobs / N_ITEMS * 1e3, 3),
            "mb": desk.peak_mb(),
            "lost": sum(N_ITEMS - job["completed"] for job in ended),
            "refused": desk.endpoint.ask("refused") - refused,
            "asked": desk.endpoint.ask("asked") - asked,
            "again": desk.endpoint.ask("again"),
            "maybe_twice": sum(job["maybe_paid_twice"] for job in ended),
        }
    print(f"{name:22} ours  {json.dumps(figures['ours'])}", flush=True)
    with claude_process(latency_s=LATENCY_S, **case["server"]) as endpoint:
        by_sdk = [asking.ended(one) for one in [asking.start("sdk", endpoint.url) for _ in range(n_jobs)]]
        seconds = max(one["seconds"] for one in by_sdk)
        figures["sdk"] = {
            "seconds": seconds,
            "ratio": round(seconds / ideal_s, 3),
            "cpu_ms": round(sum(one["cpu_ms"] for one in by_sdk) / n_jobs, 3),
            "mb": max(one["mb"] for one in by_sdk),
            "lost": sum(one["lost"] for one in by_sdk),
            "refused": endpoint.ask("refused"),
        }
    print(f"{name:22} sdk   {json.dumps(figures['sdk'])}", flush=True)
    return figures


def job_below(name: str, figures: dict[str, Any]) -> Iterator[str]:
    """What misses its floor, in words."""
    case, ours = JOBS[name], figures["ours"]
    if ours["lost"]:
        yield f"{name}: {ours['lost']} items lost"
    if ours["ratio"] > case.get("ratio", 10**9):
        yield f"{name}: {ours['ratio']} times the ideal, not {case['ratio']}"
    if ours["mb"] > case.get("mb", 10**9):
        yield f"{name}: {ours['mb']} MB, not {case['mb']}"
    if ours["refused"] > case.get("refused", 10**9):
        yield f"{name}: {ours['refused']} refusals, not {case['refused']}"
    if ours["again"] > min(figures.get("under_way", 0), ours["maybe_twice"]):
        told = f"{ours['maybe_twice']} counted, {figures.get('under_way', 0)} under way"
        yield f"{name}: {ours['again']} asked again, {told}"


def measure_creating(name: str) -> dict[str, Any]:
    """A grid that is multiplied, then created and cancelled; the best of three, as others use the disk too."""
    seconds = []
    with a_desk() as desk:
        for _ in range(3):
            topics = [f"topic {n}" for n in range(N_MANY)]
            began = time.perf_counter()
            found = desk.begin(topics, concurrency=1)
            seconds.append(round(time.perf_counter() - began, 2))
            assert found["items"] == N_MANY
            desk.posted(f"batch-jobs/{found['id']}/cancel")
            desk.done(found["id"])
    figures = {"items": N_MANY, "seconds": min(seconds), "all_seconds": seconds}
    print(f"{name:22}       {json.dumps(figures)}", flush=True)
    return figures


def creating_below(name: str, figures: dict[str, Any]) -> Iterator[str]:
    if figures["seconds"] > MOST_CREATE_S:
        yield f"{name}: {figures['seconds']} s, not {MOST_CREATE_S}"


def measure_estimates(name: str) -> dict[str, Any]:
    """Each time by a template of its own, so that 20 replies are all there is of it."""
    rows = []
    with a_desk(latency_s=0.02, varies=True) as desk:
        for n in range(N_ESTIMATES):
            desk.template_id = desk.posted(
                "templates",
                name=f"Talks {n}",
                prompt="Write about {{ topic }}.",
                variables=[{"name": "topic"}],
            )["id"]
            desk.done(desk.begin([f"{n} before {k}" for k in range(20)])["id"])
            hundred = [f"{n} now {k}" for k in range(100)]
            expected = desk.begin(hundred, dry_run=True)["estimate"]
            cost = desk.done(desk.begin(hundred)["id"])["cost_usd"]
            rows.append({**expected["cost_usd"], "cost": cost, "past_replies": expected["past_replies"]})
    figures = {"within": sum(one["low"] <= one["cost"] <= one["high"] for one in rows), "of": rows}
    print(f"{name:22}       {json.dumps(figures)}", flush=True)
    return figures


def estimates_below(name: str, figures: dict[str, Any]) -> Iterator[str]:
    if figures["within"] < N_ESTIMATES:
        yield f"{name}: {figures['within']} of {N_ESTIMATES} within the estimate"


Measure = Callable[[str], dict[str, Any]]
Below = Callable[[str, dict[str, Any]], Iterator[str]]
CASES: dict[str, tuple[Measure, Below]] = {
    **dict.fromkeys(JOBS, (measure_job, job_below)),
    "50,000 items created": (measure_creating, creating_below),
    "estimates": (measure_estimates, estimates_below),
}
