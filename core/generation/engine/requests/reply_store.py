"""Where replies and conversations are kept: each reply before anything is read from it.

A raw reply lies at `conversation-files/raw/{job}/{item}-{request}.json`. While storage is away it lies in the row of
its request instead, and is moved later. An attempt that takes over looks in both places before it asks again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from core import storage
from core.generation.engine.ledger.records import Item
from core.storage import CONVERSATION_FILES, NotStored, Storage

RAW_FILES = f"{CONVERSATION_FILES}/raw/"
_RAW_NAME = re.compile(r"/([0-9]{1,9})-([0-9]{1,9})\.json\Z")


@dataclass(frozen=True)
class ReplyStore:
    """The files of one job. Every method may raise StorageUnavailable, DiskFull."""

    files: Storage
    staging_dir: Path
    batch_job_id: UUID

    def raw_key(self, idx: int, n: int) -> str:
        return raw_key(self.batch_job_id, idx, n)

    def keep(self, contents: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """Store replies and conversations, together; of each, what is stored under its key: the first that came.

        An attempt that was frozen past its lease may wake at any moment, with a reply of its own to the same item: the
        first file stays, and the row is made of it, so that the two never say different things.
        """
        are_new = self.files.put_all(contents)
        return [
            content if is_new else self._first(key, content)
            for (key, content), is_new in zip(contents, are_new, strict=True)
        ]

    def _first(self, key: str, content: bytes) -> bytes:
        """What a key holds that was taken; unless it is free again by now."""
        while True:
            with suppress(NotStored):
                return self.raw(key)
            if self.files.put_all([(key, content)]) == [True]:
                return content

    def raw(self, key: str) -> bytes:
        """What is stored under a key. Raises NotStored."""
        with self.files.open(key) as stream:
            return stream.read()

    def forget(self, items: Sequence[Item]) -> None:
        """Remove all replies to these, as far as they are there."""
        for item in items:
            for n in range(1, item.n_asked + 1):
                self.files.delete(self.raw_key(item.idx, n))

    def stored(self) -> dict[int, list[int]]:
        """The numbers of the requests whose replies are stored, by item."""
        found: dict[int, list[int]] = {}
        for key in self.files.keys(raw_folder(self.batch_job_id)):
            if (name := _RAW_NAME.search(key)) is not None:
                found.setdefault(int(name[1]), []).append(int(name[2]))
        return found

    def keep_log(self, lines: Sequence[tuple[datetime, str, str]]) -> None:
        """Replace the job's log by these lines: when, how bad, what."""
        with storage.stage(self.staging_dir) as staged:
            staged.write(log_text(lines).encode())
            staged.close()
            self.files.replace(log_key(self.batch_job_id), staged.path)


def raw_folder(batch_job_id: UUID) -> str:
    """How the keys of all raw replies of a job begin."""
    return f"{RAW_FILES}{batch_job_id}/"


def raw_key(batch_job_id: UUID, idx: int, n: int) -> str:
    """The key of the reply to an item's n-th request."""
    return f"{raw_folder(batch_job_id)}{idx}-{n}.json"


def log_folder(batch_job_id: UUID) -> str:
    """How the key of a job's log begins."""
    return f"{storage.BATCH_LOGS}/{batch_job_id}/"


def log_key(batch_job_id: UUID) -> str:
    """The key of a job's log."""
    return f"{log_folder(batch_job_id)}log.txt"


def log_text(lines: Sequence[tuple[datetime, str, str]]) -> str:
    """A log as people read it. lines: when, how bad, what."""
    return "".join(
        f"{at:%Y-%m-%dT%H:%M:%SZ} {level:7} {' '.join(text.split())}\n" for at, level, text in lines
    )
