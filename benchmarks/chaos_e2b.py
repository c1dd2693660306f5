"""`python -m benchmarks.chaos_e2b [--database sqlite|postgres]`: faults around sandboxes at E2B, by its emulator.

In each stage of a training there and of its live app: the app is killed (kill -9) or stands still past its lease, the
training is cancelled, its sandbox is gone, E2B comes back without any sandbox. The key is revoked in mid-job, and E2B
is away for OUTAGE_S while code trains and while its results are fetched. Each time the training has to succeed with
its app live at one public address, or say why it can't, and a minute later no sandbox may be there that no row wants.
On both databases, where none is named. Writes results/chaos_e2b.json; ends with 1 where anything did not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.chaos import a_database
from benchmarks.remote_apps import emulated, tell
from core.system import sample
from tests.servers.app import App, running
from tests.servers.waiting import wait_for

RESULTS = Path(__file__).parent / "results" / "chaos_e2b.json"
OF_A_TRAINING = ("provisioning", "training", "collecting")
OF_AN_APP = ("starting", "live")
OUTAGE_S, FROZEN_S, GONE_S = 30.0, 12.0, 60.0
LEASE_S, N_ROWS = 5.0, 600
PATIENCE_S = 400.0  # on a machine that has much else to do


class Desk:
    """An app on a folder, and the emulator that it uses."""

    def __init__(self, folder: Path, emulator: subprocess.Popen[str], settings: dict[str, str]) -> None:
        self.folder, self.emulator, self.settings = folder, emulator, settings
        self.upload_id, self.n = "", 0

    def running(self) -> Any:
        given = {"WORKERS": "1", "LEASE_S": str(LEASE_S), **self.settings}
        return running(self.folder, **given)  # type: ignore[arg-type]  # names of settings alone

    def trigger(self, app: App) -> str:
        with httpx.Client(base_url=app.url, timeout=60) as client:
            if not self.upload_id:
                path = self.folder / "sample.csv"
                sample.write_sample(path)
                kept = "".join(path.read_text("utf-8").splitlines(keepends=True)[: N_ROWS + 1])
                sent = client.post("/api/csv", files={"file": (path.name, kept.encode())})
                self.upload_id = sent.raise_for_status().json()["upload_id"]
            self.n += 1
            wanted = {"upload_id": self.upload_id, "target": sample.TARGET, "name": f"Model {self.n}"}
            return str(client.post("/api/ai/train", json=wanted).raise_for_status().json()["training_job_id"])

    def cancel(self, app: App, job_id: str) -> None:
        with httpx.Client(base_url=app.url, timeout=60) as client:
            asked = client.post(f"/api/training-jobs/{job_id}/cancel")
            assert asked.status_code in (200, 202, 409), asked.text

    def status(self, app: App, job_id: str) -> dict[str, Any]:
        with httpx.Client(base_url=app.url, timeout=60) as client:
            said: dict[str, Any] = client.get(f"/api/training-jobs/{job_id}/status").json()
            return said

    def ref(self, app: App, job_id: str, stage: str) -> str:
        """Of the sandbox that this stage has, as soon as there is one."""
        label = {"training_job": job_id}
        if stage in OF_AN_APP:
            label = {"deployment": self.status(app, job_id)["deployment"]["id"]}

        def found() -> str | None:
            alive = tell(self.emulator, "alive")
            return next((one["sandboxID"] for one in alive if label.items() <= one["metadata"].items()), None)

        return str(wait_for(found, what=f"a sandbox of the stage {stage}", every_s=0.05))

    def await_stage(self, app: App, job_id: str, stage: str) -> None:
        def reached() -> bool:
            said = self.status(app, job_id)
            return stage in (said["status"], (said["deployment"] or {}).get("status"))

        wait_for(reached, what=f"the stage {stage}", every_s=0.02, deadline_s=PATIENCE_S)

    def await_live(self, app: App, job_id: str) -> None:
        def live() -> bool:
            said = self.status(app, job_id)
            assert said["status"] not in ("failed", "lost", "timed_out"), said["error"]
            return bool(said["deployment_url"])

        try:
            wait_for(live, what="the live app", every_s=0.2, deadline_s=PATIENCE_S)
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {self.status(app, job_id)}") from error

    def await_only(self, app: App) -> None:
        """One sandbox for each app that is live, or sleeps as more are than may be awake, and no other."""

        def agree() -> bool:
            with httpx.Client(base_url=app.url, timeout=60) as client:
                apps = client.get("/api/deployments", params={"status": ["live", "paused"]}).json()["items"]
            wanted = {one["url"].removeprefix("https://8000-").split(".")[0] for one in apps}
            return {one["sandboxID"] for one in tell(self.emulator, "alive")} == wanted

        began = time.monotonic()
        wait_for(agree, what="sandboxes that nothing wants to end", every_s=0.5, deadline_s=2 * GONE_S)
        assert (took := time.monotonic() - began) < GONE_S, f"they took {took:.0f} seconds to end"


def killed(desk: Desk, app: App, stage: str) -> None:
    """`app` is another's; this one is killed and started anew."""
    del app
    with desk.running() as first:
        job_id = desk.trigger(first)
        desk.await_stage(first, job_id, stage)
        os.kill(first.pid, signal.SIGKILL)
    with desk.running() as second:
        desk.await_live(second, job_id)
        desk.await_only(second)


def frozen(desk: Desk, app: App, stage: str) -> None:
    job_id = desk.trigger(app)
    desk.await_stage(app, job_id, stage)
    whole = [psutil.Process(app.pid), *psutil.Process(app.pid).children(recursive=True)]
    for process in whole:
        process.suspend()
    time.sleep(FROZEN_S)
    for process in whole:
        process.resume()
    desk.await_live(app, job_id)
    desk.await_only(app)


def cancelled(desk: Desk, app: App, stage: str) -> None:
    job_id = desk.trigger(app)
    desk.await_stage(app, job_id, stage)
    desk.cancel(app, job_id)

    def is_over() -> bool:
        return desk.status(app, job_id)["status"] in ("cancelled", "succeeded")

    wait_for(is_over, what="the training to be cancelled, or to have ended before", every_s=0.1)
    if desk.status(app, job_id)["status"] == "succeeded":
        desk.await_live(app, job_id)
    desk.await_only(app)


def gone(desk: Desk, app: App, stage: str, *, how: str = "kill") -> None:
    """A training is made anew, once, and says so; an app that starts, too; one that was live has expired."""
    job_id = desk.trigger(app)
    desk.await_stage(app, job_id, stage)
    ref = desk.ref(app, job_id, stage)
    tell(desk.emulator, f"kill {ref}" if how == "kill" else "restart")
    if stage == "live":
        desk.await_stage(app, job_id, "expired")
    else:
        desk.await_live(app, job_id)
    said = desk.status(app, job_id)
    if stage in ("training", "collecting") and said["status"] == "succeeded":
        told = " ".join(said["warnings"])
        assert "was gone at" in told or stage == "collecting", said  # which may have been over by then
    desk.await_only(app)


def restarted(desk: Desk, app: App, stage: str) -> None:
    gone(desk, app, stage, how="restart")


def away(desk: Desk, app: App, stage: str) -> None:
    job_id = desk.trigger(app)
    desk.await_stage(app, job_id, stage)
    tell(desk.emulator, "vanish")
    time.sleep(OUTAGE_S)
    tell(desk.emulator, "come_back")
    desk.await_live(app, job_id)
    if stage == "training":
        assert any("No contact" in said for said in desk.status(app, job_id)["warnings"])
    desk.await_only(app)


def revoked(desk: Desk, app: App, stage: str) -> None:
    """The code trains to its end; that there can be no live app is said with the cure."""
    job_id = desk.trigger(app)
    desk.await_stage(app, job_id, stage)
    tell(desk.emulator, "revoke")

    def failed() -> dict[str, Any] | None:
        said = desk.status(app, job_id)["deployment"]
        return said if said and said["status"] == "failed" else None

    found = wait_for(failed, what="the live app to say why it can't start", every_s=0.2)
    assert "E2B_API_KEY" in found["error"]["hint"], found
    assert desk.status(app, job_id)["status"] == "succeeded"
    tell(desk.emulator, "restore")
    desk.await_only(app)


Fault = Callable[[Desk, App, str], None]
FAULTS: list[tuple[str, Fault, tuple[str, ...]]] = [
    ("gone", gone, (*OF_A_TRAINING, *OF_AN_APP)),
    ("cancelled", cancelled, OF_A_TRAINING),
    ("frozen", frozen, ("provisioning", "training", "starting")),
    ("E2B came back without a sandbox", restarted, ("training", "live")),
    ("E2B away", away, ("training", "collecting")),
    ("key revoked", revoked, ("training",)),
]


def run(kind: str) -> list[str]:
    """All faults on one kind of database; what did not hold. Each is written down as soon as it is over."""
    took: dict[str, dict[str, float]] = {}
    wrong: list[str] = []

    def one(what: str, fault: Fault, stage: str, desk: Desk, app: App | None) -> None:
        began = time.monotonic()
        try:
            fault(desk, app, stage)  # type: ignore[arg-type]  # who kills apps starts its own
        except (AssertionError, TimeoutError, httpx.HTTPError) as error:
            wrong.append(f"{what} in {stage}: {error}")
        took.setdefault(what, {})[stage] = round(time.monotonic() - began, 1)
        print(kind, what, stage, took[what][stage], wrong[-1:] if wrong else "", flush=True)
        figures = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        figures[kind] = {
            "n_faults": sum(map(len, took.values())),
            "n_wrong": len(wrong),
            "took_s": took,
            "wrong": wrong,
            "load": round(os.getloadavg()[0], 1),
        }
        RESULTS.write_text(json.dumps(figures, indent=1) + "\n")

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="model-desk-e2b-")))
        url, _ = stack.enter_context(a_database(kind, str(folder)))
        emulator, settings = stack.enter_context(emulated(folder / "emulator"))
        desk = Desk(folder, emulator, settings | {"DATABASE_URL": url})
        with desk.running() as app:
            for what, fault, stages in FAULTS:
                for stage in stages:
                    one(what, fault, stage, desk, app)
        for stage in (*OF_A_TRAINING, "starting"):
            one("killed", killed, stage, desk, None)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--database", choices=["sqlite", "postgres", "all"], default="all")
    chosen = parser.parse_args().database
    kinds = ["sqlite", "postgres"] if chosen == "all" else [chosen]
    return 1 if [wrong for kind in kinds for wrong in run(kind)] else 0


if __name__ == "__main__":
    sys.exit(main())
