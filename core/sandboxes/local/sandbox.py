"""One sandbox on this machine: a folder, a user where the app is root, and the commands that run in it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Final

from core import logs
from core.sandboxes.errors import FileRefused, SandboxLost
from core.sandboxes.local import command, cures, files, folders, removal, seccomp, starter
from core.sandboxes.local.process import GONE_S, STOPPED, LocalProcess
from core.sandboxes.protocol import Ended, Limits, OnOutput, Process

START_S: Final = 20.0
MOST_SOCKETS: Final = 50
log = logs.get("sandboxes")


class LocalSandbox:
    """See `Sandbox`. forget(ref): called when it is stopped."""

    def __init__(self, place: command.Place, *, limits: Limits, forget: Callable[[str], object]) -> None:
        self.ref = place.folder.name
        self._place, self._limits, self._forget = place, limits, forget
        self._deadline = monotonic() + limits.life_s
        self._lock = threading.Lock()
        self._processes: list[LocalProcess] = []
        self._sockets: dict[tuple[int, int], int] = {}
        self._is_stopped = False

    def put(self, name: str, source: BinaryIO | bytes) -> None:
        """See `Sandbox`."""
        files.put(self._job(), name, source, uid=self._place.uid)

    def get(self, name: str, target: BinaryIO, *, max_bytes: int) -> int:
        """See `Sandbox`."""
        return files.get(self._job(), name, target, max_bytes=max_bytes)

    def expose(self, name: str) -> str:
        """See `Sandbox`. By a descriptor of the socket itself, as its own path may be longer than the 107 bytes that
        an address has, and a link by the same name might lead to a socket of the host.
        """
        descriptor = files.open_socket(self._job(), name)
        found = os.fstat(descriptor)
        with self._lock:
            known = self._sockets.setdefault((found.st_dev, found.st_ino), descriptor)
            is_worn_out = len(self._sockets) > MOST_SOCKETS
        if known != descriptor:
            os.close(descriptor)
        if is_worn_out:
            raise FileRefused(name=name, problem="it was made anew too often")
        return f"/proc/self/fd/{known}"

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        on_output: OnOutput = lambda _source, _line: None,
        stop: Callable[[], bool] = lambda: False,
        wall_s: float | None = None,
        name: str | None = None,
    ) -> Ended:
        """See `Sandbox`."""
        del name  # nothing here was begun by anybody else
        limits = self._limits
        process = self._begin(
            argv,
            env or {},
            wall_s=limits.wall_s if wall_s is None else wall_s,
            cpu_s=limits.cpu_s,
            output_bytes=limits.output_bytes,
        )
        return process.pump(on_output, stop)

    def has_begun(self, name: str) -> bool:
        """See `Sandbox`."""
        del name
        return False

    def start(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> Process:
        """See `Sandbox`."""
        process = self._begin(argv, env or {}, wall_s=None, cpu_s=None, output_bytes=None)
        process.follow()
        return process

    def renew(self, life_s: float) -> None:
        """See `Sandbox`."""
        self._job()
        self._deadline = monotonic() + life_s

    def leave(self) -> None:
        """See `Sandbox`. Nobody else could go on with it."""
        self.stop()

    def stop(self) -> None:
        """See `Sandbox`."""
        with self._lock:
            if self._is_stopped:
                return
            self._is_stopped = True
            processes, sockets = list(self._processes), list(self._sockets.values())
        for process in processes:
            process.end(*STOPPED)
        ends_at = monotonic() + GONE_S
        if not all(process.is_gone(max(0.0, ends_at - monotonic())) for process in processes):
            log.warning("a sandbox was killed and is not gone yet", ref=self.ref)
        for descriptor in sockets:
            os.close(descriptor)
        try:
            removal.remove(self._place.folder)
        except OSError as error:  # the sweep comes back to it when this process is gone
            log.warning("the folder of a sandbox can't be removed", ref=self.ref, problem=str(error))
        self._forget(self.ref)

    def _job(self) -> Path:
        """The folder in which commands start. Raises SandboxLost."""
        folder = self._place.folder / "job"
        if self._is_stopped or not folder.is_dir():
            raise SandboxLost(ref=self.ref)
        return folder

    def _begin(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        wall_s: float | None,
        cpu_s: float | None,
        output_bytes: int | None,
    ) -> LocalProcess:
        """Raises SandboxLost, SandboxUnavailable."""
        self._job()
        outer, first_pid = self._started(argv, env, cpu_s)
        process = LocalProcess(
            outer,
            first_pid,
            folder=self._place.folder,
            limits=self._limits,
            wall_s=wall_s,
            cpu_s=cpu_s,
            output_bytes=output_bytes,
            deadline=lambda: self._deadline,
        )
        with self._lock:
            self._processes = [one for one in self._processes if one.poll() is None] + [process]
            is_late = self._is_stopped
        if is_late:  # it was stopped in between
            process.end(*STOPPED)
        return process

    def _started(
        self, argv: Sequence[str], env: Mapping[str, str], cpu_s: float | None
    ) -> tuple[subprocess.Popen[bytes], int]:
        """What was started, and the number of the first process inside. Raises SandboxUnavailable."""
        filter_fd, filter_in = os.pipe()
        told, info_fd = os.pipe()
        try:
            with os.fdopen(filter_in, "wb") as target:
                target.write(seccomp.program())
            line = command.line(
                self._place,
                argv,
                env=env,
                limits=self._limits,
                cpu_s=cpu_s,
                seccomp_fd=filter_fd,
                info_fd=info_fd,
            )
            try:
                outer = starter.start(line, pass_fds=(filter_fd, info_fd))
            except OSError as error:
                raise cures.not_started(str(error)) from error
            os.close(info_fd)
            info_fd = -1
            self._note(outer.pid)
            return outer, _first_pid(told, outer)
        finally:
            for descriptor in (filter_fd, told, info_fd):
                if descriptor >= 0:
                    os.close(descriptor)

    def _note(self, pid: int) -> None:
        """Keep who was started, so that a sweep finds it."""
        record = folders.read(self._place.folder)
        started = folders.identity(pid)
        if record and started:
            with self._lock, suppress(OSError):
                living = tuple(one for one in record.processes if folders.identity(one.pid) == one)
                folders.write(self._place.folder, replace(record, processes=(*living, started)))


def _first_pid(told: int, outer: subprocess.Popen[bytes]) -> int:
    """What bubblewrap says of the process that it has made; where it says nothing, what it complains of."""
    said = b""
    ends_at = monotonic() + START_S
    poll = select.poll()  # unlike select, for any number of open files
    poll.register(told, select.POLLIN)
    while (left := ends_at - monotonic()) > 0 and poll.poll(left * 1_000):
        if not (chunk := os.read(told, 4_096)):
            break
        said += chunk
    try:
        return int(json.loads(said)["child-pid"])
    except (ValueError, KeyError) as error:
        outer.kill()
        _, complaint = outer.communicate()
        raise cures.not_started(complaint.decode("utf-8", errors="replace")) from error
