"""What code prints, as lines that can be shown: decoded, without control characters, cut where they are endless."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

LINE_CHARACTERS: Final = 8_000
_ENDS: Final = re.compile(r"\r\n|\n|\r")
_UNSHOWN: Final = {
    code: "�"
    for code in range(0x2070)
    if (unicodedata.category(chr(code)) in ("Cc", "Zl", "Zp") and chr(code) != "\t")
    or unicodedata.bidirectional(chr(code)) in ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
}


class Lines:
    """Makes lines of the bytes of one source as they come."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The lines that are whole by now. What is longer than LINE_CHARACTERS comes in pieces."""
        text = self._rest + self._decoder.decode(chunk)
        half = "\r" if text.endswith("\r") else ""  # its line feed may still come
        *lines, self._rest = _ENDS.split(text.removesuffix(half))
        self._rest += half
        for line in lines:
            yield from _pieces(line)
        while len(self._rest) > LINE_CHARACTERS:
            yield _shown(self._rest[:LINE_CHARACTERS])
            self._rest = self._rest[LINE_CHARACTERS:]

    def rest(self) -> Iterator[str]:
        """What is left at the end without the end of a line."""
        if rest := self._rest + self._decoder.decode(b"", final=True):
            yield from _pieces(rest)
        self._rest = ""


def _pieces(line: str) -> Iterator[str]:
    for start in range(0, max(1, len(line)), LINE_CHARACTERS):
        yield _shown(line[start : start + LINE_CHARACTERS])


def _shown(text: str) -> str:
    return text.translate(_UNSHOWN)
