"""A package that trains against an app, each of which may be killed at any moment, and what has to hold afterwards.

The code prints N_POINTS points, a little apart, and answers each held-out row by the row's own number, so that a row
that is lost, doubled or mixed up with another is seen.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from core.system import sample
from tests.packages import Package, Ran, ended
from tests.servers import app as servers
from tests.servers.app import App
from tests.servers.ports import spare_port
from tests.servers.waiting import wait_for

N_ROWS, N_POINTS, POINT_S = 30_000, 40, 0.05
DEADLINE_S: Final = 300.0
CODE: Final = f"""
import json, os, time

for step in range(1, {N_POINTS} + 1):
    print(json.dumps({{"metric": "loss", "split": "train", "step": step, "value": 1 / step}}))
    time.sleep({POINT_S})
rows = [json.loads(line)[0] for line in open(os.path.join(os.path.dirname(os.getcwd()), "held_out.jsonl"))]
answers = [[1 - row % 1000 / 2000, row % 1000 / 2000] for row in rows]
json.dump({{"predictions": answers}}, open("predictions.json", "w"))
open("model.bin", "w").write("model")
"""


class Desk:
    """The app on a folder of its own, at one address for all its lives, and packages of one file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, spare_port()
        self.url = f"http://localhost:{self.port}"
        self._life = ExitStack()
        self._app: App | None = None
        self._zip, self._n = b"", 0
        self.n_kills = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        self.start()
        try:
            yield
        finally:
            self._life.close()

    def start(self) -> None:
        self._life = ExitStack()
        self._app = self._life.enter_context(
            servers.running(self.folder, PORT=str(self.port), WORKERS="0", LOG_LEVEL="error")
        )

    def kill(self) -> None:
        """As a machine that loses power does it."""
        assert self._app is not None
        os.kill(self._app.pid, signal.SIGKILL)
        self._life.close()
        self.n_kills += 1

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=120.0, headers={"Origin": self.url})

    def package(self) -> Package:
        """Unpacked anew."""
        if not self._zip:
            path = self.folder / "customers.csv"
            sample.write_sample(path, n_rows=N_ROWS)
            with self.client() as client, path.open("rb") as file:
                sent = client.post("/api/csv", files={"file": (path.name, file)}, data={"mode": "none"})
                asked = {"upload_id": sent.raise_for_status().json()["upload_id"], "target": sample.TARGET}
                self._zip = client.get("/api/training/package", params=asked).raise_for_status().content
        self._n += 1
        return Package.unpacked(self._zip, self.folder / f"package-{self._n}", code=CODE)

    def token(self) -> tuple[str, str]:
        """A new one's id, and its secret."""
        with self.client() as client:
            made = client.post(
                "/api/tokens", json={"name": "storm", "scopes": ["package"]}
            ).raise_for_status()
        return made.json()["id"], made.json()["secret"]

    def status(self, package: Package) -> str:
        with self.client() as client:
            answer = client.get(f"/api/training-jobs/{package.job_id}")
        return str(answer.json()["status"]) if answer.status_code == 200 else ""

    def wrong(self, package: Package) -> list[str]:
        """What does not hold of a training that is over: read past the app, in its database."""
        job_id, found = package.job_id, []
        if (status := self.status(package)) != "succeeded":
            found.append(f"it is {status or 'unknown'}")
        truth = (package.folder / "held_out.jsonl").read_text().splitlines()
        held_out = [int(line[1:].partition(",")[0]) for line in truth]
        path = next(path for path in (self.folder / "data").glob("*.sqlite3"))
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:

            def rows(statement: str) -> list[tuple[Any, ...]]:
                return database.execute(statement, (job_id.hex,)).fetchall()

            told = rows(
                'select "row", probability from training_predictions where training_job_id = ? order by 1'
            )
            points = rows(
                "select step, value from training_metrics where training_job_id = ?1 and attempt = "
                "(select attempt from training_jobs where id = ?1) order by 1"
            )
            batches = rows(
                "select kind, count(*), max(n), sum(n_rows) from training_batches where training_job_id = ?1 and "
                "attempt = (select attempt from training_jobs where id = ?1) group by 1"
            )
        if [row for row, _ in told] != held_out:
            found.append(f"{len(told)} of {len(held_out)} predictions, or others")
        if any(abs(value - row % 1000 / 2000) > 1e-9 for row, value in told):
            found.append("a prediction that is another row's")
        if points != [(step, 1 / step) for step in range(1, N_POINTS + 1)]:
            found.append(f"{len(points)} of {N_POINTS} points, or others")
        sent = {kind: n_rows for kind, _, _, n_rows in batches}
        if sent != {"predictions": len(held_out), "metrics": N_POINTS}:
            found.append(f"rows in batches: {sent}")
        if any(n != last for _, n, last, _ in batches):
            found.append("a number of a batch is missing")
        return found


def through(package: Package, process: subprocess.Popen[str], **environment: str) -> Ran:
    """A run to its end; where the app was away for too long at its end, what waits is sent."""
    ran = ended(process, within_s=DEADLINE_S)
    return package.run("--send", **environment) if ran.code == 3 else ran


def killed_at_random(package: Package, chance: random.Random, *, n_times: int, **environment: str) -> Ran:
    """Start it, kill it at some moment, start it again, and in the end let it be; each time as its reader would."""
    for _ in range(n_times):
        process = package.start(**environment)
        process_ends = threading.Event()
        process_ends.wait(chance.uniform(0.1, 6.0))
        process.kill()
        process.communicate()
        if (package.folder / "state.json").exists() and chance.random() < 0.4:
            package.run("--send", **environment)
    ran = through(package, package.start(**environment), **environment)
    if ran.code == 4 and "--send" in ran.said:  # one of them had ended, and was killed while it told that
        ran = package.run("--send", **environment)
    return ran


def with_app_killed(
    desk: Desk, process: subprocess.Popen[str], chance: random.Random, *, n_times: int
) -> None:
    """Kill the app at random moments while a package runs; it comes back each time."""
    for _ in range(n_times):
        time.sleep(chance.uniform(0.3, 3.0))
        if process.poll() is not None:
            return
        desk.kill()
        time.sleep(chance.uniform(0.0, 2.0))
        desk.start()


def copied(package: Package, folder: Path) -> Package:
    shutil.copytree(package.folder, folder)
    return Package(folder)


def begun(desk: Desk, package: Package) -> None:
    """Until the app has heard of it."""
    state = package.folder / "state.json"
    wait_for(lambda: state.exists() and desk.status(package) == "training", what="its first sign of life")
