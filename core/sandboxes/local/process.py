"""One command in a sandbox, from its start to its end."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import inf
from pathlib import Path
from time import monotonic
from typing import IO, Final

from core import logs
from core.sandboxes import endings
from core.sandboxes.local import folders
from core.sandboxes.local.watchdog import Watchdog
from core.sandboxes.output import Lines
from core.sandboxes.protocol import Ended, Limits, OnOutput, Reason, Source, Usage

ASKS_EVERY_S: Final = 0.2
CHUNK_BYTES: Final = 1 << 16
GONE_S: Final = 4.0
STOPPED: Final = (Reason.STOPPED, "It was stopped.")
TAIL_LINES: Final = 40
TAIL_BYTES: Final = 16_384
PAUSE_S: Final = 0.05  # between two looks at output that nobody waits for
log = logs.get("sandboxes")


class LocalProcess:
    """A command that runs. outer: what was started. first_pid: of the first process inside.

    output_bytes: what it may print, None = all it likes. deadline(): until when its sandbox lives.
    """

    def __init__(
        self,
        outer: subprocess.Popen[bytes],
        first_pid: int,
        *,
        folder: Path,
        limits: Limits,
        wall_s: float | None,
        cpu_s: float | None,
        output_bytes: int | None,
        deadline: Callable[[], float],
    ) -> None:
        self._outer, self._cpu_limit_s, self._output_limit = outer, cpu_s, output_bytes
        self._lines_limit = limits.output_lines
        self._pidfds = [os.pidfd_open(outer.pid), *_pidfd_of_child(first_pid, outer.pid)]
        self._begun_at, self._n_kills = monotonic(), endings.n_kills_for_memory()
        self._verdict: tuple[Reason, str] | None = None
        self._lock = threading.Lock()
        self._ended: Ended | None = None
        self._is_over = threading.Event()
        self._n_output_bytes = 0
        self._n_lines = 0
        self._recent = b""
        self._last_words: deque[str] = deque(maxlen=3)
        self._watchdog = Watchdog(
            first_pid,
            folder,
            limits=limits,
            wall_s=wall_s,
            cpu_s=cpu_s,
            deadline=deadline,
            end=self.end,
        )

    def poll(self) -> Ended | None:
        """See `Process`."""
        return self._ended

    def wait(self, timeout_s: float) -> Ended | None:
        """See `Process`."""
        self._is_over.wait(timeout_s)
        return self._ended

    def tail(self) -> str:
        """See `Process`."""
        lines = Lines()
        recent = [*lines.feed(self._recent), *lines.rest()]
        return "\n".join(recent[-TAIL_LINES:])

    def stop(self) -> Ended:
        """See `Process`."""
        self.end(*STOPPED)
        self._is_over.wait(GONE_S)  # longer only where whoever reads its output is busy with something else
        return self._ended or Ended(STOPPED[0], None, STOPPED[1], Usage(monotonic() - self._begun_at))

    def is_gone(self, timeout_s: float) -> bool:
        """Whether nothing of it runs any more, or will within that time: also where nobody reads its output."""
        with self._lock:
            pidfds = [os.dup(pidfd) for pidfd in self._pidfds]
        try:
            return all(folders.gone(pidfd, timeout_s) for pidfd in pidfds)
        finally:
            for pidfd in pidfds:
                os.close(pidfd)

    def follow(self) -> None:
        """Keep the end of its output, in a thread of its own."""
        threading.Thread(target=self._keep_recent, name="sandbox output", daemon=True).start()

    def end(self, reason: Reason, message: str) -> None:
        """Kill all of it; the first reason counts."""
        with self._lock:
            if self._verdict is None and self._ended is None:
                self._verdict = reason, message
                self._kill()

    def pump(self, on_output: OnOutput, stop: Callable[[], bool]) -> Ended:
        """Pass its output on until it has ended. What a callback raises ends it, and comes out of here."""
        try:
            for source, line in self._lines(stop):
                if source == "stderr" and line.strip():
                    self._last_words.append(line)
                on_output(source, line)
        except BaseException:
            self.end(*STOPPED)
            raise
        finally:
            ended = self._settle()
        return ended

    def _keep_recent(self) -> None:
        """Nobody waits for this output, so whoever prints without end has to wait: lines are made of the last of it."""
        for _, chunk in self._chunks(lambda: False):
            self._recent = (self._recent + chunk)[-TAIL_BYTES:]
            self._is_over.wait(PAUSE_S)
        self._last_words.append(self.tail()[-TAIL_BYTES:])
        self._settle()

    def _lines(self, stop: Callable[[], bool]) -> Iterator[tuple[Source, str]]:
        """Lines as they come, until the command has ended and all of them were read."""
        lines: dict[Source, Lines] = {"stdout": Lines(), "stderr": Lines()}
        for source, chunk in self._chunks(stop):
            for line in lines[source].feed(self._counted(chunk)):
                self._n_lines += 1
                if self._n_lines > self._lines_limit:
                    self.end(Reason.OUTPUT, f"It printed more than {self._lines_limit:,} lines.")
                    break
                yield source, line
        for source, rest in lines.items():
            yield from ((source, line) for line in rest.rest())

    def _chunks(self, stop: Callable[[], bool]) -> Iterator[tuple[Source, bytes]]:
        """What is printed, until the command has ended and all was read."""
        with selectors.DefaultSelector() as selector:
            selector.register(_pipe(self._outer.stdout), selectors.EVENT_READ, "stdout")
            selector.register(_pipe(self._outer.stderr), selectors.EVENT_READ, "stderr")
            selector.register(self._pidfds[0], selectors.EVENT_READ, None)
            ends_at = inf
            while selector.get_map() and monotonic() < ends_at:
                if stop():
                    self.end(*STOPPED)
                for key, _ in selector.select(ASKS_EVERY_S):
                    if key.data is None:  # it has ended; the pipes are read to their ends
                        selector.unregister(key.fileobj)
                        self._kill()  # nothing of it may hold the pipes open
                        ends_at = monotonic() + GONE_S
                    elif chunk := os.read(key.fd, CHUNK_BYTES):
                        yield key.data, chunk
                    else:
                        selector.unregister(key.fileobj)

    def _kill(self) -> None:
        for pidfd in self._pidfds:
            folders.kill_by(pidfd)

    def _counted(self, chunk: bytes) -> bytes:
        """As much of it as may still be printed."""
        limit = self._output_limit
        left = len(chunk) if limit is None else max(0, limit - self._n_output_bytes)
        self._n_output_bytes += len(chunk)
        if left < len(chunk):
            self.end(Reason.OUTPUT, f"It printed more than {limit:,} bytes.")
        return chunk[:left]

    def _settle(self) -> Ended:
        """Reap what has ended, once."""
        if not self.is_gone(GONE_S):
            log.warning("processes of a sandbox were killed and are not gone yet", pid=self._outer.pid)
        self._watchdog.close()
        code, cpu_s = self._reaped()
        usage = Usage(
            wall_s=monotonic() - self._begun_at,
            cpu_s=max(cpu_s, self._watchdog.seen.cpu_s),
            peak_memory_bytes=self._watchdog.peak_memory_bytes,
            output_bytes=self._n_output_bytes,
        )
        with self._lock:
            verdict = self._verdict
            self._ended = (
                Ended(verdict[0], None, verdict[1], usage) if verdict else self._said_by(code, usage)
            )
            pidfds, self._pidfds = self._pidfds, []
        for pipe in (self._outer.stdout, self._outer.stderr):
            _pipe(pipe).close()
        for pidfd in pidfds:
            os.close(pidfd)
        self._is_over.set()
        return self._ended

    def _reaped(self) -> tuple[int, float]:
        """Exit code, and the processor time of all that were waited for."""
        try:
            pid, status, used = os.wait4(self._outer.pid, os.WNOHANG)
        except ChildProcessError:  # somebody else was faster
            pid = 0
        if not pid:
            self._outer.returncode = -signal.SIGKILL
            return -signal.SIGKILL, 0.0
        self._outer.returncode = os.waitstatus_to_exitcode(status)
        return self._outer.returncode, used.ru_utime + used.ru_stime

    def _said_by(self, code: int, usage: Usage) -> Ended:
        return endings.of(
            code,
            usage=usage,
            last_words=" ".join(self._last_words),
            cpu_limit_s=self._cpu_limit_s,
            was_killed_for_memory=endings.n_kills_for_memory() > self._n_kills,
        )


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _pidfd_of_child(pid: int, parent: int) -> Iterator[int]:
    """A descriptor of a process, if it is the child of that one: its number may be somebody else's by now."""
    with suppress(OSError):
        pidfd = os.pidfd_open(pid)
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
        if int(fields[1]) == parent:
            yield pidfd
        else:
            os.close(pidfd)
