"""A warm child process: imports what is heavy once, then runs one task after another.

Started by exec as `python -m core.worker.child_main PARENT_PID MODULE…`, of the modules that register the kinds of
its pool; where a handler's module has a function `load`, it is called. Speaks JSON lines with the runner over stdin
and stdout. It never writes a task's state: it reports, the runner writes. What it is not given in its environment it
finds in no file either.
"""

from __future__ import annotations

import gc

if __name__ == "__main__":
    gc.disable()  # until all is loaded

import ctypes
import importlib
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from core import collector, db, logs, queue, rooms, settings, storage
from core.errors import AppError

PR_SET_PDEATHSIG = 1


class Channel:
    """The child's side of the two pipes; its own prints go to stderr instead."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self.stop, self.drain = threading.Event(), threading.Event()
        self.runs: list[dict[str, Any]] = []
        self.ready = threading.Condition()

    def say(self, **message: Any) -> None:
        with self._lock:
            self._out.write(json.dumps(message) + "\n")

    def listen(self) -> None:
        """Read the runner's messages until it is gone; then so is this process."""
        for line in sys.stdin:
            message = json.loads(line)
            if "stop" in message:
                self.stop.set()
            elif "drain" in message:
                self.drain.set()
            else:
                with self.ready:
                    self.stop.clear()
                    self.runs.append(message["run"])
                    self.ready.notify()
        os._exit(0)

    def next_run(self) -> dict[str, Any]:
        with self.ready:
            self.ready.wait_for(lambda: self.runs)
            return self.runs.pop(0)


class ChildJob:
    """What a handler sees of its worker."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def report(self, done: int | None = None, *, total: int | None = None) -> None:
        self._channel.say(said="progress", done=done, total=total)

    def stop_requested(self) -> bool:
        return self._channel.stop.is_set()

    def drain_requested(self) -> bool:
        return self._channel.drain.is_set()


def main(arguments: list[str]) -> None:
    parent_pid, *modules = arguments
    if sys.platform == "linux":  # elsewhere the closed pipe alone ends a child
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent_pid):
        sys.exit("the worker ended before its child process had started")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the runner's to answer
    channel = Channel()
    settings.confine()
    config = settings.current()
    logs.configure(config)
    storage.disk_reserve.use(config)
    db.connect_configured(config)
    load(modules)
    collector.resume()
    threading.Thread(target=channel.listen, daemon=True, name="listen").start()
    channel.say(said="ready")
    while True:
        _run(channel, channel.next_run())


def load(modules: Sequence[str]) -> None:
    """Import the modules that register kinds, and what these kinds need."""
    for module in modules:
        rooms.load_module(module)
    for name in queue.known_kinds(modules=modules):
        handler = importlib.import_module(queue.kind(name).run.split(":")[0])
        getattr(handler, "load", lambda: None)()


def _run(channel: Channel, message: dict[str, Any]) -> None:
    task = queue.Task(
        id=UUID(message["id"]),
        user_id=UUID(message["user_id"]),
        kind=message["kind"],
        state=queue.TaskState.RUNNING,
        payload=message["payload"],
        attempt=message["attempt"],
        done=message["done"],
        total=message["total"],
        checkpoint=message["checkpoint"],
        result=None,
        reason=None,
        cancel_requested=False,
    )
    channel.say(**_outcome(task, channel))


def _outcome(task: queue.Task, channel: Channel) -> dict[str, Any]:
    """What a handler's end makes of its task: the name of a state, and what belongs to it."""
    kind = queue.kind(task.kind)
    module, function = kind.run.split(":")
    try:
        result = getattr(importlib.import_module(module), function)(task, ChildJob(channel))
        if isinstance(result, queue.GoOnLater):
            outcome = {"said": "QUEUED", "delay_s": result.delay_s, "checkpoint": result.checkpoint}
        else:
            outcome = {"said": "SUCCEEDED", "result": result}
        json.dumps(outcome, allow_nan=False)  # what can't be kept is the handler's mistake, said here
    except Exception as error:  # noqa: BLE001  # the one place where everything is caught: it ends on the task
        if channel.stop.is_set():
            return {"said": "CANCELLED"}
        if isinstance(error, queue.TaskStopped) and channel.drain.is_set():
            return {"said": "QUEUED"}
        if isinstance(error, AppError):
            is_transient = isinstance(error, kind.transient)
            return {"said": "FAILED", "reason": queue.Reason.of(error).to_json(), "transient": is_transient}
        reason = queue.Reason(
            code="internal_error",
            message=f"An error in the app stopped this ({type(error).__name__}: {error}).",
            hint="Your file may be fine. An admin can find the details on the System page.",
            traceback=traceback.format_exc(),
        )
        return {"said": "FAILED", "reason": reason.to_json(), "transient": True}
    return outcome


if __name__ == "__main__":
    main(sys.argv[1:])
