"""`python -m benchmarks.machines [--rows N …]`: one worker, two workers, and a Dask cluster of two processes.

For each size two predictions of the same file are queued, and timed from the first enqueued to the last completed, by
real processes: `one` worker; `two` workers, each with one of them; `cluster`, one worker that shares each out. Two,
because one worker's work on one file is not divided by a second worker. Also timed: the pass over the file that finds
where to cut it. All results of a size must have the same bytes, and the cluster must have scored nearly all of them.
Everything runs on this one machine, so that more processes than cores gain nothing: what is seen here is what sharing
out costs. Writes results/machines.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import customers
from core import access, db, queue, storage
from core import settings as settings_module
from core.db import migrate
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.predictions.scoring.distributed import ranges
from core.predictions.scoring.pipeline.pipeline_scorer import BLOCK_BYTES
from core.settings import Settings
from core.uploads import stored, uploads
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from tests import journeys
from tests.servers.app import stop
from tests.servers.dask import DaskCluster
from tests.servers.waiting import wait_for

RESULTS = Path(__file__).parent / "results" / "machines.json"
SIZES = (100_000, 1_000_000, 5_000_000)
TRAINED_ON = 20_000
N_FILES = 2
DEADLINE_S = 3_600.0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES)
    parser.add_argument("--out", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="model-desk-machines-") as folder:
        found = _measure(Path(folder), chosen.rows)
    figures = {"cores": os.cpu_count(), "python": platform.python_version(), "files": found}
    chosen.out.parent.mkdir(exist_ok=True)
    chosen.out.write_text(json.dumps(figures, indent=1) + "\n")
    wrong = [one for one in found if not one["same_bytes"] or one["ranges_here"]]
    return 1 if wrong else 0


def _measure(folder: Path, sizes: list[int]) -> list[dict[str, Any]]:
    plain = settings_module.read(
        _env_file=None, data_dir=folder / "data", storage_url="", sample=False, log_level="warning"
    )
    migrate.upgrade(db.connect(plain.database))
    user, found = access.settle_local_user(), []
    with journeys.running(plain):
        model = journeys.train(user, _upload(user, plain, folder, TRAINED_ON), target=customers.TARGET)
    for n_rows in sizes:
        upload = _upload(user, plain, folder, n_rows)
        figures: dict[str, Any] = {"rows": n_rows, "mb": round(upload.size_bytes / 1e6, 1)}
        figures["cut_s"] = _cut(plain, upload)
        hashes = set[str]()
        with _workers(plain, 1):
            figures["one"] = _timed(user, upload, model, hashes)
        with _workers(plain, 2):
            figures["two"] = _timed(user, upload, model, hashes)
        cluster = DaskCluster(plain, folder)
        try:
            with _workers(cluster.settings, 1):
                figures["cluster"] = _timed(user, upload, model, hashes)
        finally:
            cluster.stop()
        spread = figures["cluster"].pop("spread") or {"n_ranges": 0, "n_here": 1}
        figures |= {"ranges": spread["n_ranges"], "ranges_here": spread["n_here"]}
        figures["same_bytes"] = len(hashes) == 1
        print(json.dumps(figures), flush=True)
        found.append(figures)
    return found


def _timed(user: db.User, upload: UploadRow, model: ModelRow, hashes: set[str]) -> dict[str, Any]:
    """Seconds for N_FILES predictions together, and rows a second; adds the hashes of their results."""
    journeys.settled(
        user, journeys.queue_prediction(user, upload, model), deadline_s=DEADLINE_S
    )  # all is warm
    began = time.perf_counter()
    asked = [journeys.queue_prediction(user, upload, model) for _ in range(N_FILES)]
    ended = [journeys.settled(user, one, deadline_s=DEADLINE_S) for one in asked]
    seconds = time.perf_counter() - began
    hashes |= {str(one.output_sha256 or one.error_message) for one in ended}
    receipt = ended[-1].receipt or {"run": {"spread": None}}
    return {
        "seconds": round(seconds, 2),
        "rows_per_s": round(N_FILES * upload.n_rows / seconds),
        "spread": receipt["run"]["spread"],
    }


def _upload(user: db.User, settings: Settings, folder: Path, n_rows: int) -> UploadRow:
    path = folder / f"{n_rows}.csv"
    customers.make(path, n_rows, quoted=True)
    with storage.stage(settings.staging_dir) as staged:
        with path.open("rb") as source:
            while chunk := source.read(1 << 20):
                staged.write(chunk)
        staged.close()
        path.unlink()
        files = storage.from_settings(settings)
        return uploads.receive(user, storage=files, staged=staged, file_name=path.name).upload


def _cut(settings: Settings, upload: UploadRow) -> float:
    """Seconds to find where a file can be cut and to hash it, by this process alone."""
    began = time.perf_counter()
    dialect = Dialect.from_json(upload.receipt["dialect"])
    with stored.open_bytes(storage.from_settings(settings), upload) as source:
        file = stream.open_csv(source, dialect, block_bytes=BLOCK_BYTES)
        for _ in ranges.cut(file.blocks, first_block=0, start=len(file.header_bytes), n_blocks=16):
            pass
    return round(time.perf_counter() - began, 2)


@contextmanager
def _workers(settings: Settings, n: int) -> Iterator[None]:
    """So many worker processes of one place each, ready to work."""
    command = [sys.executable, "-m", "core.worker"]
    processes = [
        subprocess.Popen(command, env={**os.environ, **settings.environment(), "WORKERS": "1"})
        for _ in range(n)
    ]

    def n_ready() -> int:
        with db.session_scope(db.WORKER) as session:
            return sum(worker.slots for worker in queue.workers.alive(session) if not worker.is_embedded)

    try:
        wait_for(lambda: n_ready() == n, deadline_s=120, what="the workers")
        yield
    finally:
        for process in processes:
            stop(process)


if __name__ == "__main__":
    sys.exit(main())
