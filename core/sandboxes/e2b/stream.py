"""What a command in a sandbox at E2B prints and how it ends, read across lost connections.

A stream of the SDK lasts as long as one look of `desk.py follow`, some seconds; the next one begins at the byte that
was read last. So a connection that died without a word is noticed, and nothing is read twice or missed. All that comes
may be forged by the code: it is bounded, and what is not of the expected shape is dropped.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Full, Queue
from typing import Any, Final, Protocol

from core.sandboxes.e2b.contact import Contact
from core.sandboxes.protocol import Source

LONGEST_ITEM: Final = 200_000
QUEUED: Final = 32
WAITS_S: Final = 0.5
MOST_KILLED: Final = 3  # looks in a row that were ended before they said anything


@dataclass(frozen=True)
class Printed:
    """A piece of output."""

    source: Source
    data: bytes


@dataclass(frozen=True)
class End:
    """What `watch.py` has written at the end; None where it left nothing."""

    said: dict[str, Any] | None


@dataclass(frozen=True)
class Overlong:
    """What comes is none of ours any more."""


class Silence(OSError):
    """A stream ended without saying why."""


Item = Printed | End | Overlong | Exception


class Opened(Protocol):
    """A stream of the SDK: stdout, stderr and pty as they come; `wait` tells afterwards whether it had an end."""

    def __iter__(self) -> Iterator[tuple[str | None, str | None, Any]]: ...

    def wait(self) -> object: ...


class Follower:
    """Reads in a thread of its own. open_at(offset): begins a stream at that byte of the log."""

    def __init__(self, open_at: Callable[[int], Opened], contact: Contact) -> None:
        self._open_at, self._contact = open_at, contact
        self._items: Queue[Item] = Queue(QUEUED)
        self._is_closed = threading.Event()
        self._offset = self._n_killed = 0
        self._thread = threading.Thread(target=self._read, name="sandbox at E2B", daemon=True)
        self._thread.start()

    def next(self, timeout_s: float) -> Item:
        """Raises queue.Empty where nothing comes within that time."""
        return self._items.get(timeout=timeout_s)

    def close(self) -> None:
        """Read no more; the thread ends with its present look."""
        self._is_closed.set()

    def _read(self) -> None:
        while not self._is_closed.is_set():
            try:
                last = self._one_look()
            except Exception as error:  # noqa: BLE001  # of the SDK, whose errors have no common base
                try:
                    self._contact.failed(error, stop=self._is_closed.is_set)
                except Exception as final:  # noqa: BLE001  # it is raised where somebody waits for it
                    self._put(final)
                    return
                continue
            self._contact.found()
            if last is not None:
                self._put(last)
                return

    def _one_look(self) -> Item | None:
        """What ends the reading; None where the next look goes on. Raises what the SDK raises, Silence."""
        rest, opened = "", self._open_at(self._offset)
        for out, _, _ in opened:
            if self._is_closed.is_set():
                return None
            *lines, rest = (rest + (out or "")).split("\n")
            if len(rest) > LONGEST_ITEM:
                return Overlong()
            for line in lines:
                self._n_killed = 0
                match _parsed(line):
                    case {"source": _} as said:
                        self._offset += len(line) + 1
                        if (printed := _printed(said)) is not None:
                            self._put(printed)
                    case {"end": said}:
                        return End(said if isinstance(said, dict) else None)
                    case {"again": _}:
                        return None
                    case {"beat": _}:
                        self._contact.found()
                    case _:
                        return Overlong()
        _require_end(opened)
        # `desk.py` was ended: by the code, by a machine without memory, or as it was too slow. Others may fare better.
        self._n_killed += 1
        return End(None) if self._n_killed >= MOST_KILLED else None

    def _put(self, item: Item) -> None:
        while not self._is_closed.is_set():
            try:
                self._items.put(item, timeout=WAITS_S)
            except Full:  # whoever reads is busy: the code waits, as its pipe fills
                continue
            return


def _require_end(opened: Opened) -> None:
    """That `desk.py` itself has ended, without a word of the command's end. Raises Silence where contact was lost."""
    from e2b import CommandExitException

    try:
        opened.wait()
    except CommandExitException:
        return
    except Exception as error:
        raise Silence("the stream ended without a word") from error


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _printed(said: Any) -> Printed | None:
    try:
        data = base64.b64decode(said["data"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        return None
    return Printed("stderr" if said["source"] == "stderr" else "stdout", data)
