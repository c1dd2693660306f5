"""The lines of a file that tell its encoding, and the words in them that two encodings read differently."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

LOOKED_AT_BYTES = 16 << 10
_TAIL_BYTES = 64 << 10
_CHUNK_BYTES = 1 << 20
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
_WORD = re.compile(rb"[^\x00-\x20\x7f\",;|]+")
_LONGEST_WORD = 40


@dataclass(frozen=True)
class DoubtfulWord:
    """Bytes between blanks or delimiters. offset: of the doubtful character in the file."""

    data: bytes
    offset: int

    def text(self, codec: str) -> str:
        """What an encoding makes of it."""
        return self.data.decode(codec, "replace")[:_LONGEST_WORD]


@dataclass(frozen=True)
class NonAsciiLines:
    """Lines that hold a byte beyond ASCII, one behind the other. starts: of each line, in the text and in the file."""

    text: bytes
    starts: tuple[tuple[int, int], ...]

    def first_word(self, codec: str, rival: str | None) -> DoubtfulWord:
        """The first word beyond ASCII, or the first that the rival reads differently."""
        words = [match for match in _WORD.finditer(self.text) if not match[0].isascii()]
        for match in words:
            ours, theirs = match[0].decode(codec, "replace"), match[0].decode(rival or "ascii", "replace")
            if ours != theirs:
                n_same = next(
                    i for i, pair in enumerate(zip(ours, theirs + "\0", strict=False)) if pair[0] != pair[1]
                )
                start = match.start() + len(ours[:n_same].encode(codec, "replace"))
                return DoubtfulWord(match[0], self._in_file(start))
        return DoubtfulWord(words[0][0], self._in_file(words[0].start()))

    def older(self) -> bytes:
        """Those that are not UTF-8; all where each could be. A file may be joined from several."""
        bounds = [start for start, _ in self.starts] + [len(self.text)]
        parts = [self.text[start:end] for start, end in pairwise(bounds)]
        return b"".join(part for part in parts if not is_utf8(part)) or self.text

    def _in_file(self, at: int) -> int:
        index = bisect.bisect_right(self.starts, at, key=lambda start: start[0]) - 1
        in_text, in_file = self.starts[index]
        return in_file + at - in_text


def read(path: Path) -> NonAsciiLines:
    """Lines that hold a byte beyond ASCII, about LOOKED_AT_BYTES of them: half of the file's first, and of those
    behind its middle and near its end a quarter each.
    """
    size = path.stat().st_size
    parts, starts, n_bytes, at = list[bytes](), list[tuple[int, int]](), 0, 0
    for begins, limit in (
        (0, LOOKED_AT_BYTES // 2),
        (size // 2, 3 * LOOKED_AT_BYTES // 4),
        (size - _TAIL_BYTES, LOOKED_AT_BYTES),
    ):
        is_cut = begins > at
        at = max(at, begins)
        for offset, line in _lines(path, at):
            is_first = is_cut and offset == begins
            at = offset + len(line)
            if not (is_first or line.isascii()):
                starts.append((n_bytes, offset))
                parts.append(line[: limit - n_bytes])
                n_bytes += len(parts[-1])
                if n_bytes >= limit:
                    break
        else:
            break  # read to its end
    return NonAsciiLines(b"".join(parts), tuple(starts))


def _lines(path: Path, begins: int) -> Iterator[tuple[int, bytes]]:
    """(offset, line) of each line from an offset on; one that is longer than a chunk comes in several."""
    offset, held = begins, b""
    with path.open("rb") as source:
        source.seek(begins)
        while chunk := source.read(_CHUNK_BYTES):
            held += chunk
            end = max(held.rfind(b"\n"), held.rfind(b"\r")) + 1 or len(held)
            for match in () if held[:end].isascii() else _LINE.finditer(held[:end]):
                yield offset + match.start(), match[0]
            offset, held = offset + end, held[end:]
    if held:
        yield offset, held


def is_utf8(line: bytes) -> bool:
    """Whether UTF-8 can read it."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
