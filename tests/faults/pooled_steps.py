"""Steps as tasks of the other pools: `TRAINING` of the pool with one slot, `GENERATION` of that with two.

Beside what `tests.faults.steps` can do, by the payload's `does`: "go on later" (`rounds` times, after `delay_s`), "die"
or "kill worker" (after each step, once its effect is there), "wait" (reports nothing new, with a letter in the file
`note` each time, until there is a file `until`), and "pay" (when told to stop or to drain it makes the file `heard`,
which says which, and has its effect once there is a file `until`).
`GENERATION` hears of a drain; it has `GRACE_S` after that and after a cancel.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

from core import queue
from tests.faults import steps
from tests.servers.waiting import wait_for

TRAINING, GENERATION = "test.training", "test.generation"
MODULES = ("tests.faults.steps", "tests.faults.pooled_steps")
GRACE_S = 60.0


def run(task: queue.Task, job: queue.Job) -> dict[str, Any] | queue.GoOnLater:
    payload, checkpoint = task.payload, task.checkpoint or {}
    match payload.get("does"):
        case "go on later" if (n := checkpoint.get("round", 0)) < payload["rounds"]:
            return queue.GoOnLater(payload["delay_s"], {"round": n + 1})
        case "die" | "kill worker" if (step := checkpoint.get("step", 0)) < payload["n_steps"]:
            steps.effect(task, step)
            os.kill(os.getpid() if payload["does"] == "die" else os.getppid(), signal.SIGKILL)
            threading.Event().wait(600)
        case "wait":
            while not Path(payload["until"]).exists():
                job.report()
                with Path(payload["note"]).open("a") as file:
                    file.write(".")
                threading.Event().wait(0.05)
        case "pay":
            wait_for(lambda: job.stop_requested() or job.drain_requested())
            Path(payload["heard"]).write_text("stop" if job.stop_requested() else "drain")
            wait_for(Path(payload["until"]).exists)
            steps.effect(task, checkpoint.get("step", 0))
            raise queue.TaskStopped(task_id=task.id)
        case None:
            return steps.run(task, job)
    return checkpoint


for _name, _pool in ((TRAINING, queue.Pool.TRAINING), (GENERATION, queue.Pool.GENERATION)):
    queue.register(
        queue.Kind(
            name=_name,
            label="Steps",
            module=__name__,
            run="tests.faults.pooled_steps:run",
            follow=steps.follow,
            pool=_pool,
            output_prefix=steps.output_prefix,
            grace_s=GRACE_S,
            hears_drain=_pool is queue.Pool.GENERATION,
        )
    )
