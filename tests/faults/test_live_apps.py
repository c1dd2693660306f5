"""Live apps and trainings beside an app that is killed, and on a disk that is full."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from core import access, db, rooms
from core import settings as settings_module
from core.db import migrate
from core.training.states import SETTLED
from tests import journeys
from tests.faults.training_desk import GONE_S, sandboxes_of
from tests.servers import app as servers
from tests.servers.small_disk import on_small_disk
from tests.servers.waiting import wait_for
from tests.test_full_disk import fill
from tests.trainings import TARGET, TINY, Bench, require_sandbox

pytestmark = pytest.mark.faults
ROWS = {"rows": [{"tenure_months": 3}, {"tenure_months": None}]}
DISK_BYTES = 120_000_000
ANSWER_S = 60.0  # of a request, on a machine whose other processor trains


def plant(data_dir: Path) -> None:
    """A model that was trained in a sandbox, whose live app is to start with the app."""
    rooms.load()
    data_dir.mkdir()
    settings = settings_module.read(_env_file=None, data_dir=data_dir, sample=False)
    database = db.connect(settings.database)
    migrate.upgrade(database)
    bench = Bench(settings, access.settle_local_user())
    assert bench.attempt(bench.trigger(code=TINY)).status == "succeeded"
    database.engine.dispose()


def live(app: servers.App) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        [found] = httpx.get(f"{app.url}/api/deployments", timeout=ANSWER_S).json()["items"]
        assert found["status"] != "failed", found
        return found if found["status"] == "live" else None

    return wait_for(look, what="the live app")


def test_a_live_app_dies_with_the_app_that_was_killed_and_comes_back_with_it(tmp_path: Path) -> None:
    require_sandbox(tmp_path)
    data, port = tmp_path / "data", str(servers.spare_port())
    plant(data)
    with servers.running(tmp_path, WORKERS="0", PORT=port) as app:
        before = live(app)
        said = httpx.post(f"{app.url}/api/deployments/{before['id']}/predict", json=ROWS, timeout=ANSWER_S)
        assert said.status_code == 200, said.text
        assert sandboxes_of(data) != []
        os.kill(app.pid, signal.SIGKILL)
        wait_for(lambda: not sandboxes_of(data), deadline_s=GONE_S, what="its process to end with the app")
    with servers.running(tmp_path, WORKERS="0", PORT=port) as app:
        after = live(app)
        assert (after["id"], after["url"]) == (before["id"], before["url"])
        again = httpx.post(f"{app.url}/api/deployments/{before['id']}/predict", json=ROWS, timeout=ANSWER_S)
        assert (again.status_code, again.json()) == (200, said.json())


def test_a_training_whose_disk_fills_up_is_taken_up_again_once_there_is_room(tmp_path: Path) -> None:
    require_sandbox(tmp_path)
    data = tmp_path / "data"
    small = on_small_disk(data, DISK_BYTES, with_users=True)
    with servers.running(tmp_path, within=small, WORKERS="1", RESERVE_MB="4", LEASE_S="2") as app:
        sample = {"file": ("customers.csv", journeys.sample_bytes(tmp_path, n_rows=200))}
        taken = httpx.post(f"{app.url}/api/csv", files=sample, data={"mode": "none"}, timeout=ANSWER_S)
        wanted = {"upload_id": taken.json()["upload_id"], "target": TARGET}
        triggered = httpx.post(f"{app.url}/api/ai/train", json=wanted, timeout=ANSWER_S).json()
        job = f"{app.url}/api/training-jobs/{triggered['training_job_id']}/status"

        def status() -> dict[str, Any]:
            found: dict[str, Any] = httpx.get(job, timeout=ANSWER_S).json()
            return found

        wait_for(lambda: status()["status"] == "training", what="the code to run")
        other = fill(Path(f"/proc/{app.pid}/root{data}"))
        wait_for(lambda: not sandboxes_of(data), what="the code to end")
        other.unlink()
        wait_for(lambda: status()["status"] in SETTLED, what="the training to end", every_s=0.2)
        ended = status()
        assert ended["status"] == "succeeded", ended
        assert ended["stages"][-1]["attempt"] > 1, ended
        model = httpx.get(f"{app.url}/api/models/{triggered['model_id']}", timeout=ANSWER_S).json()
        assert model["status"] == "ready"
        assert "Traceback" not in app.log()
