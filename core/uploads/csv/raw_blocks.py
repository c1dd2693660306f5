"""A file's bytes in blocks that are cut between records, and where lines begin in them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from core.uploads.csv import records
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.units import narrow, unit_bytes
from core.uploads.errors import ChangedSinceChecked

RECORD_BYTES = 16 << 20
"""No record may be longer: it is what a reader must hold at once."""
_PREAMBLE_BYTES = 64 << 10
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOMS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


class RecordOverLimit(ChangedSinceChecked):
    """A record is longer than RECORD_BYTES. offset: of its first byte in the file; held: its bytes so far."""

    code = "record_over_limit"
    offset: int
    held: bytes


def above_header(source: BinaryIO, dialect: Dialect) -> tuple[bytes, bytes]:
    """(BOM and the lines to skip, what was read beyond them). Raises RecordOverLimit."""
    above = source.read(bom_bytes(dialect))
    if not dialect.skip_lines:
        return above, b""
    held = b""
    while len(held) < RECORD_BYTES:
        more = source.read(max(_PREAMBLE_BYTES, len(held)))
        held += more
        end = line_start(held, dialect.skip_lines, dialect.encoding)
        if 0 <= end < len(held) or not more:
            end = len(held) if end < 0 else end
            return above + held[:end], held[end:]
    problem = f"the lines above the header are longer than {RECORD_BYTES >> 20} MB"
    raise RecordOverLimit(problem=problem, offset=len(above), held=held)


def of_records(
    source: BinaryIO, dialect: Dialect, block_bytes: int, *, offset: int, held: bytes
) -> Iterator[bytes]:
    """Blocks of about block_bytes each. offset: of the first in the file. held: bytes of it that were read already.

    Raises RecordOverLimit.
    """
    wanted = block_bytes
    while more := source.read(max(1, wanted - len(held))):
        held += more
        if len(held) < wanted:
            continue
        if cut := records.last_end(held, dialect):
            yield held[:cut]
            held = held[cut:]
            offset += cut
            wanted = max(block_bytes, len(held) + 1)
        elif len(held) >= RECORD_BYTES:
            problem = f"a row is longer than {RECORD_BYTES >> 20} MB"
            raise RecordOverLimit(problem=problem, offset=offset, held=held)
        else:
            wanted = 2 * len(held)
    if held:
        yield held


def of_lines(chunks: Iterable[bytes], codec: str) -> Iterator[bytes]:
    """The bytes in pieces that end with a line, whatever quotes stand in it, if it is no longer than RECORD_BYTES."""
    lines, held = Dialect(encoding=codec, quotechar=""), b""
    for chunk in chunks:
        held += chunk
        cut = len(held) if len(held) > RECORD_BYTES else records.last_end(held, lines)
        if cut:
            yield held[:cut]
            held = held[cut:]
    if held:
        yield held


def bom_bytes(dialect: Dialect) -> int:
    """How many bytes the file's byte order mark takes; 0 without one."""
    return len(_BOMS[dialect.encoding]) if dialect.has_bom else 0


def line_start(text: bytes, n_lines: int, codec: str) -> int:
    """Where the line behind the first n_lines begins, in bytes; -1 where there are no such lines."""
    at = 0
    units = narrow(text, codec)
    for _ in range(n_lines):
        found = _LINE_END.search(units, at)
        if found is None:
            return -1
        at = found.end()
    return at * unit_bytes(codec)
