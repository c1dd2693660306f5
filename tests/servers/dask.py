"""A Dask cluster on loopback: a scheduler, and workers by the product's own command; ended by process id."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil
from distributed import Client

from core.predictions.scoring.distributed import cluster
from core.settings import Settings
from tests.servers.app import PROJECT
from tests.servers.ports import spare_port
from tests.servers.waiting import PATIENCE_S, wait_for


class DaskCluster:
    """A running cluster. settings: those of an installation, with this scheduler as its cluster."""

    def __init__(self, settings: Settings, folder: Path, *, n_workers: int = 2) -> None:
        self._log_path = folder / "dask.log"
        self._log = self._log_path.open("ab")
        scheme = "tls" if settings.dask_tls_key else "tcp"
        address = f"{scheme}://127.0.0.1:{spare_port()}"
        self.settings = settings.model_copy(update={"dask_scheduler_address": address, "large_file_mb": 1})
        files = {
            "ca-file": settings.dask_tls_ca,
            "cert": settings.dask_tls_cert,
            "key": settings.dask_tls_key,
        }
        self._processes: list[psutil.Popen] = []
        self._begin(
            *("-m", "dask", "scheduler", f"--host={address.rpartition(':')[0]}"),
            *(f"--port={address.rpartition(':')[2]}", "--no-dashboard", "--dashboard-address=127.0.0.1:0"),
            *(f"--tls-{name}={file}" for name, file in files.items() if file),
        )
        wait_for(lambda: "Scheduler at" in self.log(), what="the Dask scheduler")
        self._client = Client(
            address, security=cluster.security(self.settings), set_as_default=False, timeout=PATIENCE_S
        )
        if n_workers:
            self.start_workers(n_workers)

    def start_workers(self, n_workers: int, **changes: Any) -> None:
        """Start processes that score, and wait until they are there. changes: settings that only these have."""
        n_wanted = len(self._client.nthreads()) + n_workers
        changed = self.settings.model_copy(update={"workers": n_workers, **changes})
        self._begin("-m", "core.worker", "dask", environment=changed.environment())
        wait_for(
            lambda: len(self._client.nthreads()) == n_wanted, deadline_s=150, every_s=0.1, what="the workers"
        )
        self._client.run(_warm)

    def workers(self) -> list[int]:
        """The process ids of those that score."""
        return sorted(self._client.run(os.getpid).values())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Those that score get no further meanwhile."""
        pids = self.workers()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def busy(self) -> bool:
        """Whether any of them has a task that runs."""
        return any(self._client.processing().values()) or any(self._client.run(_n_running).values())

    def kill_scheduler(self) -> None:
        """kill -9."""
        _kill(self._processes[0])

    def log(self) -> str:
        """What all of them have said."""
        return self._log_path.read_text("utf-8", errors="replace")

    def stop(self) -> None:
        """End every process of it."""
        self._client.close(timeout=2)
        for process in reversed(self._processes):
            _kill(process)
        self._log.close()

    def _begin(self, *arguments: str, environment: Mapping[str, str] = MappingProxyType({})) -> None:
        with_parent = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        self._processes.append(
            psutil.Popen(
                [*with_parent, sys.executable, *arguments],
                cwd=PROJECT, env={**os.environ, **environment},
                stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            )
        )  # fmt: skip


def _n_running(dask_worker: Any) -> int:
    return len(dask_worker.state.executing)


def _warm() -> None:
    importlib.import_module("core.predictions.scoring.distributed.cluster")


def _kill(process: psutil.Popen) -> None:
    if process.poll() is not None:
        return
    started = process.children(recursive=True)
    process.kill()
    process.wait(PATIENCE_S)
    for child in started:
        if child.is_running():
            child.kill()
