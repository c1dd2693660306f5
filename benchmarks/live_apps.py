"""`make bench ONLY=live_apps`: from Trigger to a live app that predicts, by the app as people start it.

    python -m benchmarks.live_apps [--data FILE --target COLUMN]

Without a file it takes the sample of a fresh installation. An app is started on an empty folder; medians of N_TIMES:
Trigger until the live app has predicted a row, beside the same code as a plain process on the same rows; a request at
`/live/{id}/predict`, beside the same app's health call; from asleep until the answer; and all apps live again once the
app was started anew. Writes results/live_apps-<file>.json. Exits with 1 where a bound is missed. What the sandbox costs
by itself: `make bench ONLY=sandbox_training`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read once, when NumPy and scikit-learn are first imported

import httpx

from core.models.fitting import targets
from core.system import sample
from core.training import template
from core.training.bargain import inputs
from core.training.bargain.inputs import Inputs
from core.uploads.csv import stream
from core.uploads.report.examine import examine
from tests.servers.app import App, running
from tests.servers.waiting import wait_for

RESULTS = Path(__file__).parent / "results"
N_TIMES, N_REQUESTS = 5, 200
IDLE_S = 10.0  # the least that the setting takes
MOST_LIVE_S, MOST_REQUEST_MS, MOST_AWAKE_S, MOST_ALL_LIVE_S = 15.0, 10.0, 5.0, 20.0
ROW: dict[str, Any] = {"rows": [{}]}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live_apps", description=__doc__)
    parser.add_argument("--data", type=Path, help="a CSV file")
    parser.add_argument("--target", help="its column to predict")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="model-desk-live-") as folder:
        path, target = asked.data, asked.target
        if path is None:
            path, target = Path(folder) / "sample.csv", sample.TARGET
            sample.write_sample(path)
        found = _measure(Path(folder), path, target)
    missed = [name for name, is_met in _bounds(found).items() if not is_met]
    found |= {"load": os.getloadavg()[0], "missed": missed}
    print(json.dumps(found, indent=1))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"live_apps-{path.stem}.json").write_text(json.dumps(found, indent=1) + "\n")
    return 1 if missed else 0


def _bounds(found: dict[str, Any]) -> dict[str, bool]:
    return {
        "live_s": found["live_s"] <= MOST_LIVE_S,
        "predict_ms": found["predict_ms"] <= MOST_REQUEST_MS,
        "awake_s": found["awake_s"] <= MOST_AWAKE_S,
        "all_live_s": found["all_live_s"] <= MOST_ALL_LIVE_S,
    }


def _measure(folder: Path, path: Path, target: str) -> dict[str, Any]:
    given = _inputs(path, target)
    plain = folder / "plain"
    plain_s = statistics.median(_plain(given, plain) for _ in range(N_TIMES))
    found: dict[str, Any] = {"file": path.name, "n_rows": len(given.held_out_rows) + len(given.prepared.rows)}
    with running(folder, WORKERS="1") as app, _client(app) as client:
        upload_id = _uploaded(client, path)
        lives = [_trigger(client, upload_id, target, f"App {n}") for n in range(N_TIMES)]
        found |= {"live_s": statistics.median(lives), "plain_training_s": plain_s, "live_first_s": lives[0]}
        (one, *_) = _apps(client)
        health = statistics.median(_timed(client, "GET", "/api/health") for _ in range(N_REQUESTS))
        asked = statistics.median(
            _timed(client, "POST", f"/live/{one}/predict", json=ROW) for _ in range(N_REQUESTS)
        )
        found |= {"predict_ms": asked * 1e3, "health_ms": health * 1e3}
    with running(folder, WORKERS="1") as app, _client(app) as client:
        began = time.monotonic()
        wait_for(lambda: len(_apps(client)) == N_TIMES, what="all apps to be live", every_s=0.1)
        found["all_live_s"] = time.monotonic() - began
    with running(folder, WORKERS="1", DEPLOYMENT_IDLE_S=str(IDLE_S)) as app, _client(app) as client:
        wait_for(lambda: len(_apps(client, "paused")) == N_TIMES, what="all apps to sleep", every_s=0.5)
        awake = [_timed(client, "POST", f"/live/{one}/predict", json=ROW) for one in _apps(client, "paused")]
        found["awake_s"] = statistics.median(awake)
    return found


@contextmanager
def _client(app: App) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=app.url, trust_env=False, timeout=120.0, headers={"Origin": app.url}
    ) as client:
        yield client


def _uploaded(client: httpx.Client, path: Path) -> str:
    answer = client.post("/api/csv", files={"file": (path.name, path.read_bytes())})
    answer.raise_for_status()
    return str(answer.json()["upload_id"])


def _trigger(client: httpx.Client, upload_id: str, target: str, name: str) -> float:
    """Seconds from the click until a row is predicted."""
    began = time.monotonic()
    asked = {"upload_id": upload_id, "target": target, "name": name, "goal": ""}
    answer = client.post("/api/ai/train", json=asked)
    answer.raise_for_status()
    status = f"/api/training-jobs/{answer.json()['training_job_id']}/status"

    def live() -> str | None:
        found = client.get(status).json()
        if found["status"] in ("failed", "timed_out", "lost", "cancelled"):
            raise RuntimeError(found["error"])
        deployment = found["deployment"]
        return str(deployment["id"]) if deployment and deployment["status"] == "live" else None

    deployment_id = wait_for(live, what="the live app", every_s=0.1)
    client.post(f"/live/{deployment_id}/predict", json=ROW).raise_for_status()
    return time.monotonic() - began


def _apps(client: httpx.Client, status: str = "live") -> list[str]:
    found = client.get("/api/deployments", params={"status": status}).json()
    return [one["id"] for one in found["items"]]


def _timed(client: httpx.Client, method: str, path: str, **given: Any) -> float:
    began = time.monotonic()
    client.request(method, path, **given).raise_for_status()
    return time.monotonic() - began


def _inputs(path: Path, target: str) -> Inputs:
    """What the app gives the code, of this file."""
    dialect = examine(path, file_name=path.name).dialect
    with path.open("rb") as source:
        table = stream.read_table(source, dialect)
    outcome = targets.find(table, target=target, decimal=dialect.decimal)
    return inputs.prepare(table.take, outcome, decimal=dialect.decimal)


def _plain(given: Inputs, folder: Path) -> float:
    """Seconds of the template as a process like any other: it is our own code."""
    folder.mkdir(exist_ok=True)
    began = time.monotonic()
    for name, content in given.files(goal="").items():
        (folder / name).write_bytes(content)
    (folder / "train.py").write_text(template.text(), "utf-8")
    (folder / "predict.py").write_text(template.predict_text(), "utf-8")
    done = subprocess.run(
        [sys.executable, "train.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
