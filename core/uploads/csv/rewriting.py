"""What is done to a file's text before it is read as records, for files that no reader of CSV could read as they are.

Each line stays a line, so that lines are counted as in the file.
"""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

Repair = Literal["c1", "nfc", "invisible"]

CELL_MARK = "\t"
"""What stands between the cells of text that was cut into columns."""
_CHUNK_BYTES = 1 << 20
_LINE_END = re.compile(r"\r\n|\n|\r")
_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_BLANKS = re.compile(" {1,}")
C1 = re.compile("[\x80-\x9f]")
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200e\u2060\ufeff"))
"""Marks that nobody sees and no word needs: of no width, of byte order, of text that runs from left to right."""


def _in_windows(control: int) -> str:
    try:
        return bytes([control]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(control)


_WINDOWS: Mapping[int, str] = {control: _in_windows(control) for control in range(0x80, 0xA0)}


@dataclass(frozen=True)
class Rewriting:
    """What is done to the text, in this order.

    repairs: "c1", control characters U+0080 to U+009F become the characters that Windows-1252 has there; "nfc",
    letters and marks that stand apart become one; "invisible", marks that nobody sees are left out.
    first_line, last_line: no other lines are read; 0 for all. mark: several characters
    that stand between cells, which become the dialect's delimiter. columns: where columns aligned by blanks begin and
    end, in characters. is_aligned: any number of blanks separates cells. is_wrapped: every line is in quotes as a
    whole, those within it doubled.
    """

    repairs: tuple[Repair, ...] = ()
    first_line: int = 0
    last_line: int = 0
    mark: str = ""
    columns: tuple[tuple[int, int], ...] = ()
    is_aligned: bool = False
    is_wrapped: bool = False

    @property
    def lays_out(self) -> bool:
        """Whether the cells stand otherwise than between single marks."""
        return bool(self.mark or self.columns or self.is_aligned)

    def text(self, text: str, delimiter: str) -> str:
        """Whole lines, rewritten."""
        if "c1" in self.repairs and C1.search(text):
            text = text.translate(_WINDOWS)
        if "invisible" in self.repairs:
            text = text.translate(INVISIBLE)
        if "nfc" in self.repairs:
            text = unicodedata.normalize("NFC", text)
        if self.is_wrapped:
            text = "".join(_unwrapped(line) + end for line, end in _LINE.findall(text))
        if self.mark:
            return text.replace(self.mark, delimiter)
        if self.columns or self.is_aligned:
            cells = self._at_columns if self.columns else _at_blanks
            return "".join(_joined(cells(line), delimiter) + end for line, end in _LINE.findall(text))
        return text

    def _at_columns(self, line: str) -> list[str]:
        """A line's cells; all of it as one where something stands between the columns."""
        between, cells = 0, []
        for start, end in self.columns:
            if line[between:start].strip():
                return [line.strip()]
            cells.append(line[start:end].strip())
            between = end
        return cells if line.strip() else []

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Rewriting:
        """The rewriting that was kept as plain lists and dicts."""
        columns = tuple((start, end) for start, end in data["columns"])
        return cls(**{**data, "repairs": tuple(data["repairs"]), "columns": columns})


class RewrittenReader(io.RawIOBase):
    """A file's bytes, rewritten, in the same encoding. Reads its source to the end, whatever of it is wanted."""

    def __init__(
        self, source: BinaryIO, rewriting: Rewriting, *, codec: str, bom: bytes, delimiter: str
    ) -> None:
        self._source = source
        self._rewriting = rewriting
        self._delimiter = delimiter
        self._codec = codec
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._ready = source.read(len(bom))
        self._held = ""
        self._n_lines = 0
        self._is_over = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, all of them where it is negative. Raises UnicodeDecodeError."""
        parts, wanted = [self._ready], size - len(self._ready)
        while not self._is_over and (size < 0 or wanted > 0):
            parts.append(self._more())
            wanted -= len(parts[-1])
        data = b"".join(parts)
        end = len(data) if size < 0 else size
        self._ready = data[end:]
        return data[:end]

    def _more(self) -> bytes:
        chunk = self._source.read(_CHUNK_BYTES)
        self._held += self._decoder.decode(chunk, final=not chunk)
        end = len(self._held) if not chunk else _whole_lines(self._held)
        text, self._held = self._held[:end], self._held[end:]
        self._is_over = not chunk
        if self._rewriting.first_line or self._rewriting.last_line:
            text = self._wanted(text)
        return self._rewriting.text(text, self._delimiter).encode(self._codec)

    def _wanted(self, text: str) -> str:
        """Of these lines those from the first to the last that are wanted."""
        first, last = self._rewriting.first_line, self._rewriting.last_line
        if self._n_lines >= last > 0:
            return ""
        ends = [0, *(match.end() for match in _LINE_END.finditer(text))]
        begun, self._n_lines = self._n_lines, self._n_lines + len(ends) - 1
        n_unwanted = max(first - 1 - begun, 0)
        if n_unwanted >= len(ends):
            return ""
        start = ends[n_unwanted]
        return text[start : ends[last - begun]] if 0 < last <= self._n_lines else text[start:]


def _whole_lines(text: str) -> int:
    """Where the last whole line ends; a carriage return at the very end may be half of a line's end."""
    stop = len(text) - text.endswith("\r")
    return max(text.rfind("\n", 0, stop), text.rfind("\r", 0, stop)) + 1


def _at_blanks(line: str) -> list[str]:
    return _BLANKS.split(line.strip(" ")) if line.strip() else []


def _unwrapped(line: str) -> str:
    return line[1:-1].replace('""', '"') if len(line) > 1 and line[0] == line[-1] == '"' else line


def _joined(cells: list[str], delimiter: str) -> str:
    quoted = (
        '"' + cell.replace('"', '""') + '"' if '"' in cell or delimiter in cell else cell for cell in cells
    )
    return delimiter.join(quoted)
