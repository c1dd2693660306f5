"""The one thread that starts sandboxes.

A sandbox dies with its parent (`--die-with-parent`), and for the kernel the parent is the *thread* that started it. The
threads that ask for sandboxes come and go, so one that lives as long as the process starts them all.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cache
from queue import SimpleQueue

Job = tuple["Future[subprocess.Popen[bytes]]", Sequence[str], tuple[int, ...]]


def start(command: Sequence[str], *, pass_fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
    """Start a program of which only these file descriptors, and pipes for its output, come from us. Raises OSError.

    Its environment is empty: what a process was started with is there to read for all that run as its user.
    """
    started: Future[subprocess.Popen[bytes]] = Future()
    _jobs(os.getpid()).put((started, command, pass_fds))
    return started.result()


@cache
def _jobs(_pid: int) -> SimpleQueue[Job]:
    """What the thread of this process has to do."""
    jobs: SimpleQueue[Job] = SimpleQueue()
    threading.Thread(target=_work, args=(jobs,), name="sandbox starter", daemon=True).start()
    return jobs


def _work(jobs: SimpleQueue[Job]) -> None:
    while True:
        started, command, pass_fds = jobs.get()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env={},
                cwd="/",
                start_new_session=True,  # a Ctrl+C for the app is the app's to answer
                pass_fds=pass_fds,
                umask=0o022,  # what bubblewrap makes inside is for the sandbox's user to enter
            )
        except BaseException as error:  # noqa: BLE001  # it is raised where the program was asked for
            started.set_exception(error)
        else:
            started.set_result(process)
