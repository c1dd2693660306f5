"""Text in UTF-8 within a file in an older encoding, as comes of files that were joined."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.uploads.detect.encodings import letters, non_ascii_lines

_CHUNK_BYTES = 1 << 20
_MOST_LOOKED_AT = 2_000  # lines; where an encoding's own letters look like UTF-8, they are many
_RUN, _IN_RUN = 5, 8
_MOST_MISFIT = 0.25  # a character


def first(path: Path, codec: str) -> int | None:
    """Where the first line begins that is surely UTF-8: it makes no sense in the encoding, or stands in a run of such.

    codec: of one byte a character; of others it can't be told.
    """
    if letters.is_east_asian(codec):
        return None
    run: list[tuple[int, bytes]] = []
    for offset, line, is_next in _lines(path):
        if not is_next:
            run.clear()
        run.append((offset, line))
        if _makes_no_sense(line, codec):
            return run[0][0]
        if len(run) >= _RUN and len({one for _, line in run for one in line if one > 0x7F}) >= _IN_RUN:
            return run[0][0]
    return None


def _makes_no_sense(line: bytes, codec: str) -> bool:
    try:
        words = [word for word in line.decode(codec).split() if not word.isascii()]
    except UnicodeDecodeError:
        return True
    n_characters = sum(len(letters.contexts(word)) for word in words)
    return sum(letters.misfits(words, codec)) > _MOST_MISFIT * n_characters


def _lines(path: Path) -> Iterator[tuple[int, bytes, bool]]:
    """(offset, line, whether it follows the one before) of lines beyond ASCII that UTF-8 can read."""
    offset, held, n_left, last = 0, b"", _MOST_LOOKED_AT, -1
    with path.open("rb") as source:
        while n_left and (chunk := source.read(_CHUNK_BYTES)):
            held += chunk
            end = max(held.rfind(b"\n"), held.rfind(b"\r")) + 1 or len(held)
            text, seen = held[:end], -1
            for at in _characters(text):
                if at < seen:
                    continue
                start = max(text.rfind(b"\n", 0, at), text.rfind(b"\r", 0, at)) + 1
                seen = min(x for x in (text.find(b"\n", at), text.find(b"\r", at), len(text)) if x >= 0)
                n_left -= 1
                if non_ascii_lines.is_utf8(line := text[start:seen]):
                    yield (
                        offset + start,
                        line,
                        text[max(0, last - offset) : start].isascii() and last >= offset,
                    )
                    last = offset + seen
                if not n_left:
                    return
            offset, held = offset + end, held[end:]


def _characters(text: bytes) -> list[int]:
    """Where bytes stand that could be a character of UTF-8."""
    units = np.frombuffer(text, np.uint8)
    is_first = (units[:-1] >= 0xC2) & (units[:-1] <= 0xF4)
    found: list[int] = np.flatnonzero(is_first & ((units[1:] & 0xC0) == 0x80)).tolist()
    return found
