"""`python -m core.worker`: take tasks until told to stop, then end them or hand them back within DRAIN_S.

`python -m core.worker scale` prints as JSON what an autoscaler asks for; `python -m core.worker dask` serves the Dask
cluster of the settings.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from datetime import UTC, datetime

from core import db, logs, queue, settings
from core.db import migrate
from core.errors import AppError
from core.settings import Settings
from core.worker import cluster
from core.worker.runner import Runner


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m core.worker",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", nargs="?", choices=["run", "scale", "dask"], default="run")
    verb = parser.parse_args(arguments).verb
    try:
        config = settings.current()
        logs.configure(config)
        if verb == "dask":
            cluster.serve(config)
        database = db.connect(config.database)
        if verb == "scale":
            with db.session_scope(db.WORKER) as session:
                found = queue.scale(session, places_each=config.workers, now=datetime.now(UTC))
            print(json.dumps(found.to_json()))
            return 0
        migrate.upgrade(database)
    except AppError as error:
        print(error, file=sys.stderr)
        return 1
    return _run(config)


def _run(config: Settings) -> int:
    told, at_once = threading.Event(), threading.Event()

    def hear(*_: object) -> None:
        """The first signal drains, the second one ends that."""
        (at_once if told.is_set() else told).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hear)
    n_slots = max(1, config.workers)
    runner = Runner(config, slots=n_slots, is_embedded=False)
    runner.start()
    log = logs.get("worker")
    log.info("taking tasks", database=db.current().label, slots=n_slots)
    told.wait()
    log.info("told to stop: nothing new is begun", ends_or_hands_back_within_s=config.drain_s)
    runner.drain(at_once)
    at_once.wait(config.drain_s)
    clean = runner.stop()
    log.info("stopped", clean=clean)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
