"""`make bench ONLY=package`: a training on one's own machine that reports, by the app as people start it.

    python -m benchmarks.package [--rows N]

One app, one package of N rows (500,000: a fifth of them are held out), trained by the template. Measured: from the end
of the code until all predictions are in the app; the leader's most memory, which is all that reporting needs, as the
code is a process of its own; its processor time while the code ran, as a share of the code's time; and the processor
time of a whole run beside that of the code alone, medians of N_TIMES on fewer rows. Then the app is cut off for AWAY_S
while as many predictions are made: how long after its return all are there, and whether each is there once. Writes
results/package.json; exits with 1 where a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read once, when NumPy and scikit-learn are first imported

import httpx

from core.system import sample
from core.training.package.files.code_run import CHILD
from tests.packages import QUICK, Package
from tests.servers.app import App, running
from tests.servers.waiting import wait_for
from tests.servers.wire import Wire

RESULTS = Path(__file__).parent / "results" / "package.json"
N_ROWS, N_SMALL, N_TIMES = 500_000, 20_000, 3
AWAY_S = 60.0
MOST_TOLD_S, MOST_SHARE, MOST_MB, MOST_AFTER_S = 30.0, 0.05, 50.0, 10.0
DEADLINE_S = 1_800.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.package", description=__doc__)
    parser.add_argument("--rows", type=int, default=N_ROWS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="model-desk-package-") as name:
        folder = Path(name)
        with running(folder) as app, _client(app) as client:
            found = _reported(client, folder, asked.rows) | _beside_alone(client, folder)
            found |= _away(client, app, folder, asked.rows)
    missed = [name for name, is_met in _bounds(found).items() if not is_met]
    found |= {"load": os.getloadavg()[0], "missed": missed}
    print(json.dumps(found, indent=1))
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if missed else 0


def _bounds(found: dict[str, Any]) -> dict[str, bool]:
    return {
        "told_s": found["told_s"] <= MOST_TOLD_S,
        "leader_mb": found["leader_mb"] <= MOST_MB,
        "leader_share": found["leader_share"] <= MOST_SHARE,
        "after_return_s": found["after_return_s"] <= MOST_AFTER_S,
        "once": found["n_in_app"] == found["n_predictions"],
    }


def _client(app: App) -> httpx.Client:
    return httpx.Client(base_url=app.url, trust_env=False, timeout=600.0, headers={"Origin": app.url})


def _package(client: httpx.Client, folder: Path, n_rows: int, *, code: str | None = None) -> Package:
    """Of a file of so many customers."""
    path = folder / f"customers-{n_rows}.csv"
    if not path.exists():
        sample.write_sample(path, n_rows=n_rows)
    with path.open("rb") as file:
        sent = client.post("/api/csv", files={"file": (path.name, file, "text/csv")}, data={"mode": "none"})
    asked = {"upload_id": sent.raise_for_status().json()["upload_id"], "target": sample.TARGET}
    zipped = client.get("/api/training/package", params=asked).raise_for_status().content
    package = Package.unpacked(zipped, Path(tempfile.mkdtemp(dir=folder)), code=code)
    if not (data := package.folder / "data.csv").exists():  # a download of its own, where there is much
        with (
            client.stream("GET", "/api/training/package/data.csv", params=asked) as sent,
            data.open("wb") as file,
        ):
            for chunk in sent.raise_for_status().iter_bytes():
                file.write(chunk)
    return package


def _reported(client: httpx.Client, folder: Path, n_rows: int) -> dict[str, Any]:
    """One whole run by the template."""
    package = _package(client, folder, n_rows)
    began = time.monotonic()
    process = package.start()
    seen: dict[str, float] = {"mb": 0.0}
    assert process.stdout is not None
    assert process.stderr is not None
    threading.Thread(target=_watch, args=(process.pid, seen), daemon=True).start()
    for line in process.stdout:
        if "held-out rows" in line:
            seen["code_ended"] = time.monotonic()
            seen["leader_cpu_s"] = seen.get("cpu_s", 0.0)
            seen["code_s"] = float(re.findall(r"\[([\d.]+) s\]", line)[0])
    said = process.stderr.read()
    if process.wait() != 0:
        raise RuntimeError(said)
    ended = time.monotonic()
    return {
        "n_rows": n_rows,
        "n_predictions": _n_predictions(client, package),
        "whole_run_s": ended - began,
        "code_s": seen["code_s"],
        "told_s": ended - seen["code_ended"],
        "leader_mb": seen["mb"],
        "leader_cpu_s": seen["leader_cpu_s"],
        "leader_share": seen["leader_cpu_s"] / seen["code_s"],
    }


def _watch(pid: int, seen: dict[str, float]) -> None:
    """The leader's most memory and its processor time, for as long as it is there."""
    ticks = os.sysconf("SC_CLK_TCK")
    while True:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return
        if found := re.search(r"VmHWM:\s+(\d+) kB", status):
            seen["mb"] = max(seen["mb"], int(found[1]) / 1e3)
        seen["cpu_s"] = (int(stat[11]) + int(stat[12])) / ticks
        time.sleep(0.05)


def _beside_alone(client: httpx.Client, folder: Path) -> dict[str, Any]:
    """The processor time of a whole run, leader and all it sends, beside that of the code alone, in turns."""
    package = _package(client, folder, N_SMALL)
    package.run()  # the first finds the work folder and what is cached
    led, alone = [], []
    for _ in range(N_TIMES):
        led.append(_cpu_seconds(["train.py"], package.folder, {}))
        code = [str(package.folder / "train.py")]
        alone.append(_cpu_seconds(code, package.folder / "work", {CHILD: str(package.folder / "data.csv")}))
    return {
        "small_led_cpu_s": statistics.median(led),
        "small_alone_cpu_s": statistics.median(alone),
        "small_cpu_ratio": statistics.median(led) / statistics.median(alone),
    }


def _cpu_seconds(argv: list[str], cwd: Path, more: dict[str, str]) -> float:
    """Of a process and of its children."""
    process = subprocess.Popen(
        [sys.executable, "-u", *argv],
        cwd=cwd,
        env={**os.environ, **more},
        stdin=subprocess.PIPE,  # held open: its end would end the code
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{argv} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def _away(client: httpx.Client, app: App, folder: Path, n_rows: int) -> dict[str, Any]:
    """Cut off while the predictions are made, for AWAY_S in all."""
    package, go = _package(client, folder, n_rows, code=QUICK), folder / "go"
    made = client.post("/api/tokens", json={"name": "bench", "scopes": ["package"]}).raise_for_status().json()
    with Wire(app.url) as wire:
        process = package.start(
            MODEL_DESK_URL=wire.endpoint, MODEL_DESK_TOKEN=made["secret"], WAIT_FOR=str(go)
        )
        wait_for(lambda: _is_training(client, package), deadline_s=DEADLINE_S, what="its first sign of life")
        wire.vanish()
        cut_at = time.monotonic()
        go.touch()
        time.sleep(max(0.0, cut_at + AWAY_S - time.monotonic()))
        wire.come_back()
        back_at = time.monotonic()
        _, said = process.communicate(timeout=DEADLINE_S)
        after_s = time.monotonic() - back_at
    if process.returncode != 0:
        raise RuntimeError(said)
    return {"away_s": AWAY_S, "after_return_s": after_s, "n_in_app": _n_predictions(client, package)}


def _is_training(client: httpx.Client, package: Package) -> bool:
    if not (package.folder / "state.json").exists():
        return False
    answer = client.get(f"/api/training-jobs/{package.job_id}")
    return answer.status_code == 200 and answer.json()["status"] == "training"


def _n_predictions(client: httpx.Client, package: Package) -> int:
    """As the API tells them, page by page, each row once."""
    rows: list[int] = []
    cursor: str | None = "0"
    while cursor is not None:
        asked: dict[str, str | int] = {"limit": 200, "cursor": cursor}
        page = client.get(f"/api/training/predictions/{package.job_id}", params=asked).json()
        rows += [row["row"] for row in page["items"]]
        cursor = page["next_cursor"]
    if len(set(rows)) != len(rows):
        raise RuntimeError("a row is there twice")
    return len(rows)


if __name__ == "__main__":
    sys.exit(main())
