"""A command in a sandbox at E2B, from its start to its end, as this process sees it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from queue import Empty
from time import monotonic
from typing import Any, Final

from core.errors import AppError
from core.sandboxes import endings
from core.sandboxes.e2b.stream import End, Follower, Overlong, Printed
from core.sandboxes.errors import SandboxLost, SandboxUnreachable
from core.sandboxes.output import Lines
from core.sandboxes.protocol import Ended, Limits, OnOutput, Reason, Source, Usage

ASKS_EVERY_S: Final = 0.2
GRACE_S: Final = 15.0  # after a bound that `watch.py` holds: then whatever it watches is ended from here
GONE_S: Final = 5.0
BY_SIGNAL: Final = 128
STOPPED: Final = (Reason.STOPPED, "It was stopped.")
UNWATCHED: Final = "The code ended what watches it, so nobody knows how it went."
FORGED: Final = "It says that it was stopped, which nobody here has asked for."
Verdict = tuple[Reason, str]


class Watched:
    """A command that prints lines. end(): has it ended there. is_stopped(): whether its sandbox was, by us.

    outlives: whether it goes on where a callback raises, for whoever watches it next.
    """

    def __init__(
        self,
        follower: Follower,
        *,
        limits: Limits,
        wall_s: float | None,
        deadline: Callable[[], float],
        end: Callable[[], object],
        is_stopped: Callable[[], bool],
        outlives: bool,
    ) -> None:
        self._follower, self._limits, self._wall_s = follower, limits, wall_s
        self._outlives = outlives
        self._deadline, self._end, self._is_stopped = deadline, end, is_stopped
        self._began = monotonic()
        self._verdict: Verdict | None = None
        self._said: Mapping[str, Any] | None = None
        self._has_ended = False
        self._n_bytes = self._n_lines = 0
        self._last_words: deque[str] = deque(maxlen=3)

    def pump(self, on_output: OnOutput, stop: Callable[[], bool]) -> Ended:
        """Pass its output on until it has ended. What a callback raises ends it, and comes out of here."""
        try:
            for source, line in self._lines(stop):
                if source == "stderr" and line.strip():
                    self._last_words.append(line)
                on_output(source, line)
        except BaseException:
            if not self._outlives:
                self._stop_there()
            raise
        finally:
            self._follower.close()
        return self._settled()

    def _lines(self, stop: Callable[[], bool]) -> Iterator[tuple[Source, str]]:
        lines: dict[Source, Lines] = {"stdout": Lines(), "stderr": Lines()}
        for printed in self._printed(stop):
            for line in lines[printed.source].feed(self._counted(printed.data)):
                self._n_lines += 1
                if self._n_lines > self._limits.output_lines:
                    self._decide(Reason.OUTPUT, f"It printed more than {self._limits.output_lines:,} lines.")
                    break
                yield printed.source, line
        for source, rest in lines.items():
            yield from ((source, line) for line in rest.rest())

    def _printed(self, stop: Callable[[], bool]) -> Iterator[Printed]:
        """Output as it comes; once something has decided, it is ended there and no more is waited for."""
        while self._verdict is None:
            if stop():
                self._decide(*STOPPED)
            elif (late := self._late()) is not None:
                self._decide(*late)
            try:
                item = self._follower.next(ASKS_EVERY_S)
            except Empty:
                continue
            match item:
                case Printed():
                    yield item
                case End(said):
                    self._has_ended, self._said = True, said
                    return
                case Overlong():
                    self._decide(Reason.OUTPUT, "It printed what is no output.")
                case SandboxLost():
                    gone = (Reason.LOST, "The sandbox is gone.")
                    self._verdict, self._has_ended = STOPPED if self._is_stopped() else gone, True
                case Exception():
                    raise item
        if not self._has_ended:
            self._stop_there()

    def _late(self) -> Verdict | None:
        """A bound of time that is held from here, should nobody hold it there."""
        now = monotonic()
        if self._wall_s is not None and now - self._began > self._wall_s + GRACE_S:
            return Reason.TIME_LIMIT, f"It took longer than {self._wall_s:,.0f} seconds."
        if now > self._deadline():
            return Reason.TIME_LIMIT, "The sandbox's time was over."
        return None

    def _decide(self, reason: Reason, message: str) -> None:
        if self._verdict is None:
            self._verdict = reason, message

    def _stop_there(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._end()

    def _counted(self, chunk: bytes) -> bytes:
        """As much of it as may still be printed."""
        left = max(0, self._limits.output_bytes - self._n_bytes)
        self._n_bytes += len(chunk)
        if left < len(chunk):
            self._decide(Reason.OUTPUT, f"It printed more than {self._limits.output_bytes:,} bytes.")
        return chunk[:left]

    def _settled(self) -> Ended:
        return ended(
            self._said,
            verdict=self._verdict,
            began=self._began,
            n_bytes=self._n_bytes,
            last_words=" ".join(self._last_words),
            cpu_limit_s=self._limits.cpu_s,
        )


class Server:
    """A command that goes on: see `Process`. follow(): begins to watch it, tail(): asks for its last lines."""

    def __init__(
        self,
        *,
        follow: Callable[[], Follower],
        tail: Callable[[], bytes],
        end: Callable[[], object],
        is_stopped: Callable[[], bool],
    ) -> None:
        self._follow, self._tail, self._end, self._is_stopped = follow, tail, end, is_stopped
        self._began = monotonic()
        self._lock = threading.Lock()
        self._ended: Ended | None = None
        self._is_ending = False
        self._is_over = threading.Event()
        self._follower: Follower | None = None

    def poll(self) -> Ended | None:
        """See `Process`. Nobody watches it before the first such question."""
        self._watch()
        return self._ended

    def wait(self, timeout_s: float) -> Ended | None:
        """See `Process`."""
        self._watch()
        self._is_over.wait(timeout_s)
        return self._ended

    def tail(self) -> str:
        """See `Process`."""
        lines = Lines()
        try:
            return "\n".join([*lines.feed(self._tail()), *lines.rest()][-40:])
        except AppError:  # it is out of reach or gone, and what it printed with it
            return ""

    def stop(self) -> Ended:
        """See `Process`."""
        if self._ended is None:
            self._is_ending = True
            self._end()
            self._settle(ended(None, verdict=STOPPED, began=self._began))
        self.unwatch()
        assert self._ended is not None
        return self._ended

    def unwatch(self) -> None:
        """Ask no more how it is: where each question would keep its sandbox awake."""
        if self._follower is not None:
            self._follower.close()

    def _watch(self) -> None:
        with self._lock:
            if self._follower is not None or self._ended is not None:
                return
            self._follower = self._follow()
        threading.Thread(target=self._read, args=(self._follower,), name="server at E2B", daemon=True).start()

    def _read(self, follower: Follower) -> None:
        while not self._is_over.is_set():
            try:
                item = follower.next(1.0)
            except Empty:
                continue
            match item:
                case End(said):
                    by_us = STOPPED if self._is_ending else None
                    self._settle(ended(said, verdict=by_us, began=self._began, last_words=self.tail()))
                case Overlong():
                    self._settle(ended(None, verdict=(Reason.OUTPUT, UNWATCHED), began=self._began))
                case SandboxUnreachable():  # which says nothing of the command: who asks next has it watched anew
                    with self._lock:
                        self._follower = None
                    return
                case Exception():
                    gone = (Reason.LOST, str(item))
                    verdict = STOPPED if self._is_stopped() else gone
                    self._settle(ended(None, verdict=verdict, began=self._began))
                case Printed():
                    continue

    def _settle(self, how: Ended) -> None:
        with self._lock:
            if self._ended is None:
                self._ended = how
        self._is_over.set()


def ended(
    said: Mapping[str, Any] | None,
    *,
    verdict: Verdict | None,
    began: float,
    n_bytes: int = 0,
    last_words: str = "",
    cpu_limit_s: float | None = None,
) -> Ended:
    """How it ended: by what was decided here, else by what `watch.py` says, of which nothing is believed unseen."""
    said = said or {}
    usage = Usage(
        wall_s=monotonic() - began,
        cpu_s=_number(said.get("cpu_s")),
        peak_memory_bytes=round(_number(said.get("peak_memory_bytes")) or 0) or None,
        output_bytes=n_bytes,
    )
    if verdict is not None:
        return Ended(verdict[0], None, verdict[1], usage)
    reason, message, code = said.get("reason"), said.get("message"), said.get("code")
    known = {one.value for one in Reason} - {Reason.STOPPED, Reason.LOST, Reason.OK}
    if reason == "stopped":  # who has stopped it from here has decided so above
        return Ended(Reason.EXIT_NONZERO, None, FORGED, usage)
    if isinstance(reason, str) and reason in known:
        return Ended(Reason(reason), None, str(message)[:300], usage)
    if isinstance(code, bool) or not isinstance(code, int) or abs(code) > 255:
        problem = f"It did not start: {message[:300]}." if isinstance(message, str) and message else UNWATCHED
        return Ended(Reason.EXIT_NONZERO, None, problem, usage)
    return endings.of(
        code if code >= 0 else BY_SIGNAL - code,
        usage=usage,
        last_words=last_words,
        cpu_limit_s=cpu_limit_s,
        was_killed_for_memory=code == -9,
    )


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 1e15 else None
