"""`python -m core.worker`: take tasks until told to stop, then hand back what is unfinished."""

from __future__ import annotations

import signal
import sys
import threading

from core import db, logs, settings
from core.db import migrate
from core.errors import AppError
from core.worker.runner import Runner


def main() -> int:
    try:
        config = settings.current()
        logs.configure(config)
        migrate.upgrade(db.connect_configured(config))
    except AppError as error:
        print(error, file=sys.stderr)
        return 1
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    runner = Runner(config, slots=max(1, config.workers), is_embedded=False)
    runner.start()
    log = logs.get("worker")
    log.info("taking tasks", database=db.current().label, slots=max(1, config.workers))
    told.wait()
    clean = runner.stop()
    log.info("stopped", handed_back=clean)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
