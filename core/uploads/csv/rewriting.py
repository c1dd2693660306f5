"""What is done to a file's text before it is read as records, for files that no reader of CSV could read as they are.

Each line stays a line, so that lines are counted as in the file.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from core.uploads.csv import repairs
from core.uploads.csv.piecewise import CHUNK_BYTES, PiecewiseReader
from core.uploads.csv.repairs import Repair

CELL_MARK = "\t"
"""What stands between the cells of text that was cut into columns."""
_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_BLANKS = re.compile(" {1,}")
_OF_RULES = frozenset("-= ")
_BARRED_RULE = re.compile(r"[|+](?: *:?[-=]+:? *[|+])+")


@dataclass(frozen=True)
class Rewriting:
    """What is done to the text, in this order.

    first_line, last_line: no other lines are read; 0 for all. repairs: what is done to cells once they are cut, as
    `repairs.words` does; to the text before where it is laid out anew. mark: several characters that stand between
    cells, which become the dialect's delimiter. columns: where columns aligned by blanks begin and end, in characters.
    is_aligned: any number of blanks separates cells. is_wrapped: every line is in quotes as a whole, those within it
    doubled. is_barred: a bar begins and ends every line of the table, and rules may stand between them.
    """

    repairs: tuple[Repair, ...] = ()
    first_line: int = 0
    last_line: int = 0
    mark: str = ""
    columns: tuple[tuple[int, int], ...] = ()
    is_aligned: bool = False
    is_wrapped: bool = False
    is_barred: bool = False

    @property
    def lays_out(self) -> bool:
        """Whether the cells stand otherwise than between single marks."""
        return bool(self.mark or self.columns or self.is_aligned or self.is_wrapped or self.is_barred)

    @property
    def has_range(self) -> bool:
        """Whether some lines are not read."""
        return bool(self.first_line or self.last_line)

    def laid_out(self, text: str, delimiter: str) -> str:
        """Whole lines with their cells between delimiters."""
        text = repairs.words(text, self.repairs)
        if self.is_wrapped:
            return "".join(_unwrapped(line) + end for line, end in _LINE.findall(text))
        if self.is_barred:
            return "".join(_without_bars(line) + end for line, end in _LINE.findall(text))
        if self.mark:
            return text.replace(self.mark, delimiter)
        cells = self._at_columns if self.columns else _at_blanks
        return "".join(_joined(cells(line), delimiter) + end for line, end in _LINE.findall(text))

    def _at_columns(self, line: str) -> list[str]:
        """A line's cells; all of it as one where something stands between the columns; none of a rule."""
        if set(line) <= _OF_RULES and ("---" in line or "===" in line):
            return []
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


class LaidOutReader(PiecewiseReader):
    """A file's bytes with their text laid out, in the same encoding; reading raises UnicodeDecodeError."""

    def __init__(
        self, source: BinaryIO, rewriting: Rewriting, *, codec: str, bom: int, delimiter: str
    ) -> None:
        super().__init__(source, bom=bom)
        self._rewriting = rewriting
        self._delimiter = delimiter
        self._codec = codec
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._held = ""

    def _more(self) -> bytes:
        chunk = self._source.read(CHUNK_BYTES)
        self._held += self._decoder.decode(chunk, final=not chunk)
        end = len(self._held) if not chunk else _whole_lines(self._held)
        text, self._held = self._held[:end], self._held[end:]
        self._is_over = not chunk
        return self._rewriting.laid_out(text, self._delimiter).encode(self._codec)


def _whole_lines(text: str) -> int:
    """Where the last whole line ends; a carriage return at the very end may be half of a line's end."""
    stop = len(text) - text.endswith("\r")
    return max(text.rfind("\n", 0, stop), text.rfind("\r", 0, stop)) + 1


def _at_blanks(line: str) -> list[str]:
    return _BLANKS.split(line.strip(" ")) if line.strip() else []


def _unwrapped(line: str) -> str:
    return line[1:-1].replace('""', '"') if len(line) > 1 and line[0] == line[-1] == '"' else line


def has_bars(line: str) -> bool:
    """Whether a bar begins and ends the line."""
    return len(line := line.strip(" ")) > 1 and line[0] == line[-1] == "|" and line[-2] != "\\"


def is_barred_rule(line: str) -> bool:
    """Whether the line is a rule of a table between bars, such as |---|---|, +====+ or +----+."""
    is_long = "--" in line or "==" in line
    return is_long and _BARRED_RULE.fullmatch(line.strip(" ")) is not None


def _without_bars(line: str) -> str:
    if is_barred_rule(line):
        return ""
    return line.strip(" ")[1:-1] if has_bars(line) else line


def _joined(cells: list[str], delimiter: str) -> str:
    quoted = (
        '"' + cell.replace('"', '""') + '"' if '"' in cell or delimiter in cell else cell for cell in cells
    )
    return delimiter.join(quoted)
