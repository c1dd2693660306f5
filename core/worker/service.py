"""A worker as a process of its own: takes tasks until a signal says to end, then drains."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence

from core import db, logs
from core.settings import Settings
from core.worker.runner import Runner

log = logs.get("worker")


def run(config: Settings, *, slots: int, modules: Sequence[str]) -> int:
    """Work in this process until SIGTERM or SIGINT; its exit code.

    At the signal nothing new is begun. What has begun may go on for DRAIN_S, or until a second signal; what is not
    done by then is handed back for another worker.
    """
    told, drained = threading.Event(), threading.Event()

    def hear(*_: object) -> None:
        (drained if told.is_set() else told).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hear)
    runner = Runner(config, slots=slots, is_embedded=False, modules=modules)
    runner.start()
    log.info("taking tasks", database=db.current().label, slots=slots)
    told.wait()
    log.info("told to end: nothing new is begun", goes_on_for_s=config.drain_s)
    runner.drain(drained)
    drained.wait(config.drain_s)
    clean = runner.stop()
    log.info("stopped", handed_back=clean)
    return 0 if clean else 1
