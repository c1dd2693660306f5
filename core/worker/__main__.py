"""`python -m core.worker`: take tasks until told to stop, then end them or hand them back within DRAIN_S.

`python -m core.worker scale` prints as JSON what an autoscaler asks for; `python -m core.worker dask` serves the Dask
cluster of the settings.
"""

from __future__ import annotations

import gc

if __name__ == "__main__":
    gc.disable()  # until all is loaded

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import NoReturn

from core import db, logs, private_files, queue, rooms, settings, storage
from core.db import migrate
from core.errors import AppError
from core.settings import Settings, WrongSetting
from core.worker.runner import Runner
from core.worker.slots import ONE_THREAD, PROJECT

log = logs.get("worker")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m core.worker",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", nargs="?", choices=["run", "scale", "dask"], default="run")
    verb = parser.parse_args(arguments).verb
    private_files.from_now_on()
    try:
        config = settings.current()
        logs.configure(config)
        rooms.load()
        gc.enable()
        if verb == "dask":
            serve_cluster(config)
        database = db.connect_configured(config)
        if verb == "scale":
            with db.session_scope(db.WORKER) as session:
                found = queue.scale(session, slots_each=config.workers, now=datetime.now(UTC))
            print(json.dumps(asdict(found)))
            return 0
        storage.disk_reserve.use(config)
        storage.disk_reserve.renew()
        private_files.tighten(config.data_dir)
        migrate.upgrade(database)
        storage.sweep(config.staging_dir)
    except AppError as error:
        print(error, file=sys.stderr)
        return 1
    return run(config, slots=max(1, config.workers), modules=rooms.task_modules())


def run(config: Settings, *, slots: int, modules: Sequence[str]) -> int:
    """Work in this process until SIGTERM or SIGINT; its exit code.

    At the signal nothing new is begun. What has begun may go on for DRAIN_S, or until a second signal; what is not
    done by then is handed back for another worker.
    """
    told, drained = threading.Event(), threading.Event()
    _set_at_signals(told, drained)
    runner = Runner(config, slots=slots, is_embedded=False, modules=modules)
    runner.start()
    log.info("taking tasks", database=db.current().label, slots=slots)
    told.wait()
    log.info("stopping: no new tasks are started", goes_on_for_s=config.drain_s)
    runner.drain(drained)
    drained.wait(config.drain_s)
    clean = runner.stop()
    log.info("stopped", handed_back=clean)
    return 0 if clean else 1


def _set_at_signals(*events: threading.Event) -> None:
    """At each SIGTERM or SIGINT, set the next of these.

    Python runs a handler in the main thread only, which may have begun to wait a moment before, or may hold the lock
    of the very event. The byte that is written at the signal itself comes through whatever that thread does.
    """
    heard, written = os.pipe()
    os.set_blocking(written, False)

    def tell() -> None:
        for event in events:
            os.read(heard, 1)
            event.set()

    threading.Thread(target=tell, name="signals", daemon=True).start()
    signal.set_wakeup_fd(written)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)


def cluster_command(config: Settings) -> list[str]:
    """What serves a Dask cluster: WORKERS processes of one thread each. Raises WrongSetting, ClusterUnavailable."""
    from core.predictions.scoring.distributed import (
        cluster,  # brings all that scores, which children alone need
    )

    if not config.dask_scheduler_address:
        raise WrongSetting(
            name="DASK_SCHEDULER_ADDRESS", problem="it is empty; set it to the scheduler's address"
        )
    cluster.require_dask(config.dask_scheduler_address)
    certificates = {"ca-file": config.dask_tls_ca, "cert": config.dask_tls_cert, "key": config.dask_tls_key}
    is_tls = config.dask_scheduler_address.startswith("tls://")
    return [
        *(sys.executable, "-m", "dask", "worker", config.dask_scheduler_address),
        *(f"--nworkers={max(1, config.workers)}", "--nthreads=1", "--no-dashboard"),
        f"--local-directory={config.staging_dir / 'dask'}",
        *(f"--tls-{name}={file}" for name, file in certificates.items() if is_tls),
    ]


def serve_cluster(config: Settings) -> NoReturn:
    """Become that process, so that signals reach it. Raises WrongSetting, ClusterUnavailable."""
    started = cluster_command(config)
    os.chdir(PROJECT)  # where the app's own code is found
    scoring = config.environment(pools=[queue.Pool.SCORING], inherited=os.environ)
    os.execve(started[0], started, {**scoring, **ONE_THREAD})  # noqa: S606  # no shell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
