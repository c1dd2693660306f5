"""`python -m tests.servers.zygote SOCKET`: has imported the product once, and forks for each process tests start.

What is asked for is run as Python would run it by `-m` or `-c`: with its own arguments, environment, folder and three
streams, and nothing but modules in memory. `tests.servers.forks` is the other side. Linux alone has what this needs.
"""

from __future__ import annotations

import gc

if __name__ == "__main__":
    gc.disable()

import atexit
import contextlib
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import struct
import sys
import threading
import time
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from core import api, db, queue, rooms, settings
from core.worker import slots
from tests.servers import forks

# Besides rooms and handlers: what app, worker and shell load when they start.
WARM = (
    "core.app", "core.access.exposure", "core.db.migrate", "core.access", "core.system.first_start",
    "core.worker.runner", "plotly.graph_objects", "streamlit.web.cli", "streamlit.web.bootstrap",
)  # fmt: skip


class Becoming(BaseException):
    """A process has asked to be replaced by another of the same interpreter."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        super().__init__(arguments)
        self.arguments, self.environment = arguments[1:], environment


@dataclass
class Zygote:
    """The processes that it has forked, by the connections of those who asked for them."""

    listening: socket.socket
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    # Of each that lives: who wanted what; and its pidfd and connection.
    asked: dict[int, tuple[int, list[str]]] = field(default_factory=dict)
    open: dict[int, tuple[int, socket.socket]] = field(default_factory=dict)

    def serve(self) -> tuple[dict[str, Any], int]:
        """Fork for whoever asks, for as long as there is somebody; returns in each forked process what it is to do."""
        self.selector.register(self.listening, selectors.EVENT_READ, self._accept)
        self.selector.register(sys.stdin, selectors.EVENT_READ, self._end)
        while True:
            for key, _ in self.selector.select():
                if (told := key.data()) is not None:
                    return told

    def _accept(self) -> None:
        """Wait for nobody: who has connected may be frozen or dead by now."""
        connection, _ = self.listening.accept()
        self.selector.register(connection, selectors.EVENT_READ, lambda: self._hear(connection))

    def _hear(self, connection: socket.socket) -> tuple[dict[str, Any], int] | None:
        self.selector.unregister(connection)
        try:
            header, streams, *_ = socket.recv_fds(connection, forks.HEADER.size, 3)
            told = json.loads(forks.exactly(connection, forks.HEADER.unpack(header)[0]))
        except (OSError, EOFError, struct.error):  # it was killed before it had asked
            connection.close()
            return None
        if "asked_by" in told:
            mine = {pid: what for pid, (who, what) in self.asked.items() if who == told["asked_by"]}
            with contextlib.suppress(OSError):
                forks.send(connection, mine)
            connection.close()
            return None
        return self._fork(connection, told, streams)

    def _fork(
        self, connection: socket.socket, told: dict[str, Any], streams: list[int]
    ) -> tuple[dict[str, Any], int] | None:
        asker = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        if (pid := os.fork()) == 0:
            self._let_go(connection)
            for to, stream in enumerate(streams):
                os.dup2(stream, to)
                os.close(stream)
            return told, asker
        for stream in streams:
            os.close(stream)
        pidfd = os.pidfd_open(pid)
        self.asked[pid], self.open[pid] = (asker, told["arguments"]), (pidfd, connection)
        self.selector.register(pidfd, selectors.EVENT_READ, lambda: self._reap(pid))
        self.selector.register(connection, selectors.EVENT_READ, lambda: self._lose(pid))
        with contextlib.suppress(BrokenPipeError):
            forks.send(connection, pid)
        return None

    def _reap(self, pid: int) -> None:
        _, status = os.waitpid(pid, 0)
        pidfd, connection = self.open.pop(pid)
        del self.asked[pid]
        self.selector.unregister(pidfd)
        os.close(pidfd)
        with contextlib.suppress(KeyError):  # whoever asked is gone
            self.selector.unregister(connection)
        with contextlib.suppress(OSError):
            forks.send(connection, status)
        connection.close()

    def _lose(self, pid: int) -> None:
        """Whoever asked for it is gone, so it has to go, too."""
        if pid in self.open:  # it has not ended just now
            self.selector.unregister(self.open[pid][1])
            os.kill(pid, signal.SIGKILL)

    def _end(self) -> NoReturn:
        """The tests are over."""
        for pid in self.asked:
            os.kill(pid, signal.SIGKILL)
        sys.exit()

    def _let_go(self, connection: socket.socket) -> None:
        """Have nothing open of what belongs to the zygote."""
        known = [key.fileobj for key in self.selector.get_map().values()]
        self.selector.close()
        connection.close()
        for one in known:
            if isinstance(one, int):
                os.close(one)
            elif isinstance(one, socket.socket):
                one.close()


def warm_up() -> None:
    """Import what the processes of tests import."""
    for name in WARM:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(
        api.__path__, f"{api.__name__}."
    ):  # it loads what lies in its folders
        importlib.import_module(module.name)
    rooms.load()
    for name in queue.known_kinds(modules=rooms.task_modules()):
        handler = importlib.import_module(queue.kind(name).run.split(":")[0])
        getattr(handler, "load", lambda: None)()
    assert len(list(Path("/proc/self/task").iterdir())) == 1, (
        "what is forked of several threads may wait for ever"
    )
    gc.collect()
    gc.freeze()


def begin(told: dict[str, Any], asker: int, *, where: Path) -> None:
    """Be as a process that was started for this alone."""
    if told["start_new_session"]:
        os.setsid()
    os.chdir(told["cwd"])
    os.getppid = lambda: asker
    forks.belong_to(where)
    slots.Slot.start = staticmethod(forks.popen)  # its children, too
    os.execve = _replace
    _have(told["environment"])
    gc.enable()


def _have(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()


def _replace(_path: str, arguments: list[str], environment: dict[str, str]) -> NoReturn:
    raise Becoming(arguments, environment)


def run(arguments: list[str]) -> None:
    """What the interpreter does with `-m MODULE …` or `-c CODE …`."""
    how, what, *rest = arguments
    if how == "-m":
        sys.argv = [what, *rest]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [how, *rest]
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(what, "<string>", "exec"), main.__dict__)


def run_all(arguments: list[str]) -> None:
    """The same, and what it makes of itself by `exec`."""
    while True:
        try:
            return run(arguments)
        except Becoming as other:
            arguments = other.arguments
            _have(other.environment)
        settings.current.cache_clear()


def end(arguments: list[str]) -> NoReturn:
    """`run_all`, and the end that Python gives a process, but that no module is taken apart: that would copy all."""
    code: Any = None
    try:
        run_all(arguments)
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001  # as at the end of any program
        sys.excepthook(*sys.exc_info())
        code = 1
    if not isinstance(code, int | None):
        print(code, file=sys.stderr)  # noqa: T201  # as Python says it
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    if db.is_connected():
        db.current().dispose()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    warm_up()
    where = Path(sys.argv[1])
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{where}-soon")
        listening.listen(100)
        Path(f"{where}-soon").rename(where)
        found = Zygote(listening).serve()
    begin(*found, where=where)
    end(found[0]["arguments"])
