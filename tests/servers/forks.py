"""Processes of this interpreter that start within milliseconds: forked by one that has imported the product already.

    forks.run([sys.executable, "-m", "core.system", "rows"], cwd=PROJECT, env=…, capture_output=True)
    forks.popen([sys.executable, "-m", "core.worker"], cwd=PROJECT, env=…)

stand for `subprocess.run` and `subprocess.Popen`: the process has an id, streams and an end of its own, takes every
signal, and dies with whoever started it. They are not for tests of the start itself, of what a process has loaded, or
of its command line.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from core.worker.slots import ONE_THREAD

PROJECT = Path(__file__).resolve().parents[2]
ALONE = {**ONE_THREAD, "JE_ARROW_MALLOC_CONF": "background_thread:false"}  # no library begins a thread
WORTH = 8  # starts: a zygote costs about as much as six of them
HEADER = struct.Struct("!Q")
_starting = threading.Lock()
_known: list[Path] = []
_n_asked = 0


class Forked(subprocess.Popen[Any]):
    """A process that was forked by the zygote of this test process, seen as one that was started by `Popen`."""

    _connection: socket.socket
    _waitpid_lock: threading.Lock  # these three are Popen's own
    _close_pipe_fds: Callable[..., None]
    _handle_exitstatus: Callable[[int], None]

    def _execute_child(self, args: Any, *more: Any) -> None:
        """Stands for what starts the process, with the arguments of Python 3.11."""
        (_, _, _, pass_fds, cwd, env, _, _, shell, *streams) = more
        (
            p2cread,
            p2cwrite,
            c2pread,
            c2pwrite,
            errread,
            errwrite,
            _,
            gid,
            gids,
            uid,
            umask,
            new_session,
            group,
        ) = streams
        assert args[0] == sys.executable and args[1] in {"-m", "-c"} and not (shell or pass_fds), args
        assert (gid, gids, uid, umask, group) == (None, None, None, -1, -1)
        told = {
            "arguments": list(map(str, args[1:])), "cwd": str(cwd or Path.cwd()),
            "environment": dict(os.environ if env is None else env), "start_new_session": new_session,
        }  # fmt: skip
        given = [at if theirs == -1 else theirs for at, theirs in enumerate((p2cread, c2pwrite, errwrite))]
        try:
            self._connection = _asked(told, given)
            self.pid = int(receive(self._connection))
        finally:
            self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)
        self._child_created = True

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if wait_flags & os.WNOHANG and not self._has_ended(0):
            return 0, 0
        try:
            status = int(receive(self._connection))
        except EOFError:  # the zygote has ended, and its processes with it
            status = 9
        return self.pid, status

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None and self._waitpid_lock.acquire(
            blocking=False
        ):  # else another thread waits
            try:
                self._note_end(os.WNOHANG)
            finally:
                self._waitpid_lock.release()
        return self.returncode

    def _wait(self, timeout: float | None) -> int | None:
        if self.returncode is None and not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        with self._waitpid_lock:
            self._note_end(0)
        return self.returncode

    def _has_ended(self, timeout: float | None) -> bool:
        """Whether its end is told by then, in seconds from now."""
        told = select.poll()
        told.register(self._connection, select.POLLIN)
        return bool(told.poll(None if timeout is None else max(0, timeout) * 1000))

    def _note_end(self, wait_flags: int) -> None:
        if self.returncode is None and (ended := self._try_wait(wait_flags))[0]:
            self._handle_exitstatus(ended[1])
            self._connection.close()


def popen(arguments: list[Any], **how: Any) -> subprocess.Popen[Any]:
    """As `subprocess.Popen`; it is that until the zygote is there, and where only a real start will do."""
    preloads = "LD_PRELOAD" in (how.get("env") or os.environ)
    return (Forked if is_ready() and not preloads else subprocess.Popen)(arguments, **how)


def run(
    arguments: list[Any], *, check: bool = False, capture_output: bool = False, **how: Any
) -> subprocess.CompletedProcess[Any]:
    """As `subprocess.run`. Raises CalledProcessError where it is to be checked."""
    pipe = subprocess.PIPE if capture_output else None
    with popen(arguments, stdout=pipe, stderr=pipe, **how) as process:
        said = process.communicate()
    done = subprocess.CompletedProcess(process.args, process.returncode, *said)
    if check:
        done.check_returncode()
    return done


def children(pid: int) -> dict[int, list[str]]:
    """Of this process, those that it has started or had forked and that live: the command line of each, by its id.

    Raises NoSuchProcess.
    """
    found = {}
    for child in psutil.Process(pid).children():
        with suppress(psutil.NoSuchProcess):  # it ended just now
            found[child.pid] = child.cmdline()
    if is_ready(asked=False):
        with _asked({"asked_by": pid}, []) as connection:
            found |= {int(forked): [sys.executable, *rest] for forked, rest in receive(connection).items()}
    return found


def send(connection: socket.socket, message: object) -> None:
    content = json.dumps(message).encode()
    connection.sendall(HEADER.pack(len(content)) + content)


def receive(connection: socket.socket) -> Any:
    """Raises EOFError."""
    return json.loads(exactly(connection, HEADER.unpack(exactly(connection, HEADER.size))[0]))


def exactly(connection: socket.socket, n_bytes: int) -> bytes:
    content = b""
    while len(content) < n_bytes:
        if not (chunk := connection.recv(n_bytes - len(content))):
            raise EOFError
        content += chunk
    return content


def _asked(told: dict[str, Any], streams: list[int]) -> socket.socket:
    """A connection on which this was asked."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(_known[0]))
    content = json.dumps(told).encode()
    message = HEADER.pack(len(content)) + content
    n_sent = socket.send_fds(connection, [message], streams)
    if n_sent < len(message):  # else it may be answered and closed by now
        connection.sendall(message[n_sent:])
    return connection


def start() -> Path:
    """Start a zygote that ends with this process; where it will listen once it is warm."""
    folder = tempfile.TemporaryDirectory(prefix="model-desk-zygote-")
    where = Path(folder.name, "socket")
    zygote = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.zygote", str(where)],
        cwd=PROJECT, env={**os.environ, **ALONE}, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
    )  # fmt: skip

    def end() -> None:
        zygote.communicate()
        folder.cleanup()

    atexit.register(end)
    return where


def belong_to(where: Path) -> None:
    """Have processes of this one come from the zygote that listens there, as soon as it does."""
    _known.append(where)


def is_ready(*, asked: bool = True) -> bool:
    """Whether a zygote listens. One is worth its own start where several processes are asked for."""
    global _n_asked
    with _starting:
        _n_asked += asked
        if not _known and _n_asked == WORTH and sys.platform == "linux":
            _known.append(start())
    return bool(_known) and _known[0].exists()
