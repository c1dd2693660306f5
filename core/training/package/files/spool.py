"""The file in which what is to be told waits, and the note of how far it was sent. Needs the standard library alone."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

Record = dict[str, Any]

BATCH_ROWS: Final = 500
LONGEST_END: Final = 1 << 14  # bytes of a line that says how a run has ended


class Unreadable(OSError):
    """A file of this folder does not hold what was written there."""

    def __init__(self, path: Path, cure: str) -> None:
        super().__init__(f"{path.name} can't be read: it is damaged. {cure}")


class Spool:
    """A file of lines, each a JSON object. One thread appends, one reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)
        self._reader = path.open("rb")
        self.size = _whole_bytes(path)
        self._file.truncate(self.size)

    def append(self, record: str) -> None:
        """On the disk when it returns. Raises OSError, and then nothing of it is kept."""
        left = memoryview(f"{record}\n".encode())
        try:
            while left:
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(self.size)
            raise
        self.size = self._file.tell()

    def at(self, offset: int) -> tuple[Record, int] | None:
        """The record that begins there, and where the next one will; None at the end. Raises Unreadable, OSError."""
        if offset >= self.size:
            return None
        self._reader.seek(offset)
        line = self._reader.readline()
        try:
            record: Record = json.loads(line)
        except ValueError as error:
            raise Unreadable(self.path, "Remove it and run train.py again.") from error
        return record, offset + len(line)

    def close(self) -> None:
        self._file.close()
        self._reader.close()


@dataclass
class Progress:
    """How far the spool was sent: `sent` rows of the line at `offset`, behind so many batches of each kind.

    limit: of rows in a batch; halved where one is too large for something on the way.
    """

    offset: int = 0
    sent: int = 0
    limit: int = BATCH_ROWS
    batches: dict[str, int] = field(default_factory=lambda: {"metrics": 0, "predictions": 0})

    @classmethod
    def read(cls, path: Path) -> Progress:
        """As it was written; from the start where nothing was. Raises Unreadable, OSError."""
        if not path.exists():
            return cls()
        try:
            return cls(**json.loads(path.read_text("utf-8")))
        except (ValueError, TypeError) as error:
            raise Unreadable(path, "Remove it: what the app has already, it takes no second time.") from error

    def write(self, path: Path) -> None:
        """Raises OSError, and then what was written before is there still."""
        replace_text(path, json.dumps(asdict(self)))


def last(path: Path) -> Record | None:
    """The last record of a spool, where it is one that says how a run has ended. Raises OSError."""
    if not path.exists() or not (end := _whole_bytes(path)):
        return None
    with path.open("rb") as file:
        file.seek(max(0, end - LONGEST_END))
        line = file.read(end - file.tell()).rstrip(b"\n").rpartition(b"\n")[2]
    try:
        record = json.loads(line)
    except ValueError:  # the end of a longer one
        return None
    return record if isinstance(record, dict) and record.get("kind") == "end" else None


def replace_text(path: Path, text: str) -> None:
    """Put this text in the place of a file, whole or not at all. Raises OSError."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _whole_bytes(path: Path) -> int:
    """How many bytes the whole lines of a file take."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - (1 << 20))
            file.seek(start)
            if (found := file.read(end - start).rfind(b"\n")) >= 0:
                return start + found + 1
            end = start
    return 0
