"""`python -m benchmarks.chaos_e2b`: faults around sandboxes at E2B, by its emulator.

The app is killed (kill -9) in each stage of a training there and of its live app, the key is revoked in mid-job, and
E2B is away for OUTAGE_S while code trains: each time the training has to succeed with its app live at one public
address, or say why it can't, and a minute later no sandbox may be there that no row wants. Writes
results/chaos_e2b.json; ends with 1 where anything did not hold.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from benchmarks.remote_apps import emulated, tell
from core.system import sample
from tests.servers.app import App, running
from tests.servers.waiting import wait_for

RESULTS = Path(__file__).parent / "results" / "chaos_e2b.json"
STAGES = ("provisioning", "training", "collecting", "starting")
OUTAGE_S, GONE_S = 20.0, 60.0
PATIENCE_S = 400.0  # on a machine that has much else to do


class Desk:
    """An app on a folder, and the emulator that it uses."""

    def __init__(self, folder: Path, emulator: subprocess.Popen[str], settings: dict[str, str]) -> None:
        self.folder, self.emulator, self.settings = folder, emulator, settings
        self.upload_id, self.n = "", 0

    def running(self) -> Any:
        return running(self.folder, **{"WORKERS": "1", "LEASE_S": "5", **self.settings})  # type: ignore[arg-type]  # names of settings alone

    def trigger(self, app: App) -> str:
        with httpx.Client(base_url=app.url, timeout=60) as client:
            if not self.upload_id:
                path = self.folder / "sample.csv"
                sample.write_sample(path)
                sent = client.post("/api/csv", files={"file": (path.name, path.read_bytes())})
                self.upload_id = sent.raise_for_status().json()["upload_id"]
            self.n += 1
            wanted = {"upload_id": self.upload_id, "target": sample.TARGET, "name": f"Model {self.n}"}
            return str(client.post("/api/ai/train", json=wanted).raise_for_status().json()["training_job_id"])

    def status(self, app: App, job_id: str) -> dict[str, Any]:
        with httpx.Client(base_url=app.url, timeout=60) as client:
            said: dict[str, Any] = client.get(f"/api/training-jobs/{job_id}/status").json()
            return said

    def await_stage(self, app: App, job_id: str, stage: str) -> None:
        def reached() -> bool:
            said = self.status(app, job_id)
            return stage in (said["status"], (said["deployment"] or {}).get("status"))

        wait_for(reached, what=f"the stage {stage}", every_s=0.02)

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
        """One sandbox for each live app, and no other."""

        def agree() -> bool:
            with httpx.Client(base_url=app.url, timeout=60) as client:
                apps = client.get("/api/deployments", params={"status": "live"}).json()["items"]
            wanted = {one["url"].removeprefix("https://8000-").split(".")[0] for one in apps}
            return {one["sandboxID"] for one in tell(self.emulator, "alive")} == wanted

        began = time.monotonic()
        wait_for(agree, what="sandboxes that nothing wants to end", every_s=0.5)
        assert time.monotonic() - began < GONE_S


def killed_in(desk: Desk, stage: str) -> None:
    with desk.running() as app:
        job_id = desk.trigger(app)
        desk.await_stage(app, job_id, stage)
        os.kill(app.pid, signal.SIGKILL)
    with desk.running() as app:
        desk.await_live(app, job_id)
        desk.await_only(app)


def away(desk: Desk, _stage: str) -> None:
    with desk.running() as app:
        job_id = desk.trigger(app)
        desk.await_stage(app, job_id, "training")
        tell(desk.emulator, "vanish")
        wait_for(lambda: desk.status(app, job_id)["unreachable_since"], what="lost contact to be said")
        time.sleep(OUTAGE_S)
        tell(desk.emulator, "come_back")
        desk.await_live(app, job_id)
        assert any("No contact" in said for said in desk.status(app, job_id)["warnings"])
        desk.await_only(app)


def revoked(desk: Desk, _stage: str) -> None:
    """The code trains to its end; that there can be no live app is said with the cure."""
    with desk.running() as app:
        job_id = desk.trigger(app)
        desk.await_stage(app, job_id, "training")
        tell(desk.emulator, "revoke")

        def failed() -> dict[str, Any] | None:
            said = desk.status(app, job_id)["deployment"]
            return said if said and said["status"] == "failed" else None

        found = wait_for(failed, what="the live app to say why it can't start", every_s=0.2)
        assert "E2B_API_KEY" in found["error"]["hint"], found
        assert desk.status(app, job_id)["status"] == "succeeded"
        tell(desk.emulator, "restore")
        desk.await_only(app)


def main() -> int:
    faults: list[tuple[str, Callable[[Desk, str], None], str]] = [
        *((f"killed in {stage}", killed_in, stage) for stage in STAGES),
        ("E2B is away in training", away, ""), ("the key is revoked in training", revoked, ""),
    ]  # fmt: skip
    took: dict[str, float] = {}
    wrong: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="model-desk-e2b-") as name,
        emulated(Path(name) / "emulator") as (emulator, settings),
    ):
        desk = Desk(Path(name), emulator, settings)
        for what, fault, stage in faults:
            began = time.monotonic()
            try:
                fault(desk, stage)
            except (AssertionError, TimeoutError) as error:
                wrong.append(f"{what}: {error}")
            took[what] = round(time.monotonic() - began, 1)
            print(what, took[what], wrong[-1:], flush=True)
    found = {"took_s": took, "wrong": wrong, "load": round(os.getloadavg()[0], 1)}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
