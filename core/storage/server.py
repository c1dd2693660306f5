"""Files on a server: what is the same for every one of them, whatever protocol it speaks."""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from core.settings import Settings
from core.storage import ranged
from core.storage.protocol import KeyTaken, Storage, StorageUnavailable, Stored, translated

LINK_S: Final = 300
N_AT_ONCE: Final = 8  # small files on their way to the server


class ServerStorage(Storage):
    """Subclasses say how one file is sent, and how the bytes from an offset on are asked for.

    One client serves all threads of this process. It is made on first use: importing it takes a while, and not every
    process touches files.
    """

    def __init__(self, settings: Settings, *, link_s: int = LINK_S) -> None:
        self._settings, self._link_s = settings, link_s

    @abstractmethod
    def _send(self, key: str, body: BinaryIO | bytes, size_bytes: int, *, replaces: bool) -> None:
        """Store one file. Raises KeyTaken, also of one that `replaces` where others wrote it at the same moment."""

    @abstractmethod
    def _ask(self, key: str, at: int) -> ranged.Answer:
        """The bytes from offset `at` on. Raises NotStored."""

    @abstractmethod
    def _translated(self, key: str) -> AbstractContextManager[None]:
        """What the server refuses, and what goes wrong on the way to it, become our own errors."""

    def put(self, key: str, source: Path) -> Stored:
        return self._write(key, source, replaces=False)

    def put_all(self, contents: Sequence[tuple[str, bytes]]) -> list[bool]:
        """Side by side: each waits for its own answer, and none for another's. Raises once all have ended."""

        def is_new(one: tuple[str, bytes]) -> bool:
            key, content = one
            try:
                self._send(key, content, len(content), replaces=False)
            except KeyTaken:
                return False
            return True

        if len(contents) == 1:
            return [is_new(contents[0])]
        with ThreadPoolExecutor(N_AT_ONCE, thread_name_prefix="put") as threads:
            return list(threads.map(is_new, contents))

    def replace(self, key: str, source: Path) -> Stored:
        try:
            return self._write(key, source, replaces=True)
        except KeyTaken as error:
            raise StorageUnavailable(problem=f"{key} was written by others at the same moment") from error

    def open(self, key: str, *, start: int = 0) -> BinaryIO:
        label, size_bytes = f"{key} in {self.label}", self.stat(key).size_bytes
        stream = ranged.Ranged(partial(self._ask, key), size_bytes=size_bytes, start=start, label=label)
        return io.BufferedReader(stream, ranged.BUFFER_BYTES)

    def _read(self, key: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """As they come. Raises StorageUnavailable when their connection breaks."""
        with self._translated(key):
            yield from chunks

    def _write(self, key: str, source: Path, *, replaces: bool) -> Stored:
        with translated(source.parent):
            size_bytes = source.stat().st_size
            stream = source.open("rb")
        with stream:
            self._send(key, stream, size_bytes, replaces=replaces)
        return Stored(key=key, size_bytes=size_bytes)


def clock_of(headers: Mapping[str, str]) -> datetime:
    """The server's clock when it answered with these."""
    said = headers.get("date")
    return parsedate_to_datetime(said) if said else datetime.now(UTC)
