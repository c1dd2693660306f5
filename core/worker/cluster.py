"""`python -m core.worker dask`: processes of the Dask cluster that large files are shared out over."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from core.predictions.scoring.distributed import cluster
from core.settings import Settings, WrongSetting

PROJECT = Path(__file__).resolve().parents[2]


def command(config: Settings) -> list[str]:
    """What serves a cluster: WORKERS processes of one thread each. Raises WrongSetting, ClusterUnavailable."""
    if not config.dask_scheduler_address:
        raise WrongSetting(name="DASK_SCHEDULER_ADDRESS", problem="it names the scheduler, and is empty")
    cluster.require_dask(config.dask_scheduler_address)
    certificates = {"ca-file": config.dask_tls_ca, "cert": config.dask_tls_cert, "key": config.dask_tls_key}
    is_tls = config.dask_scheduler_address.startswith("tls://")
    return [
        *(sys.executable, "-m", "dask", "worker", config.dask_scheduler_address),
        *(f"--nworkers={max(1, config.workers)}", "--nthreads=1", "--no-dashboard"),
        f"--local-directory={config.staging_dir / 'dask'}",
        *(f"--tls-{name}={file}" for name, file in certificates.items() if is_tls),
    ]


def serve(config: Settings) -> NoReturn:
    """Become that process, so that signals reach it. Raises WrongSetting, ClusterUnavailable."""
    started = command(config)
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    os.chdir(PROJECT)  # where the app's own code is found
    os.execve(started[0], started, {**os.environ, **config.environment(), **one_thread})  # noqa: S606  # no shell
