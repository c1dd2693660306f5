"""Encodings that are recognised and named, but not read: of four bytes a character, of mainframes, and of seven bits.

Those of seven bits are the trap: they hold nothing but ASCII, so they pass as UTF-8 unless their escapes are seen.
"""

from __future__ import annotations

import codecs
import re
import string
import unicodedata
from pathlib import Path

_CHUNK_BYTES = 1 << 20
_OVERLAP_BYTES = 64
_UTF32_SHARE = 0.9
_EBCDIC = f'{string.ascii_letters}{string.digits} ,;.-_()/"\t\r\n\x85'.encode("cp037")
_EBCDIC_SHARE = 0.95
_ESCAPES = {
    b"\x1b$)C": "ISO-2022-KR",
    b"\x1b$)A": "ISO-2022-CN",
    b"\x1b$": "ISO-2022-JP",
    b"\x1b(I": "ISO-2022-JP",
}
_HZ = re.compile(rb"~\{(?:[!-w][!-~])+~\}")
_UTF7 = re.compile(rb"\+[A-Za-z0-9+/]*-?")


def of_head(head: bytes) -> str | None:
    """The name of an encoding whose bytes are not those of ASCII."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) or _is_utf32(head):
        return "UTF-32"
    n_usual = sum(head.count(byte) for byte in _EBCDIC)
    is_ebcdic = not head.isascii() and b"\n" not in head and n_usual >= _EBCDIC_SHARE * len(head)
    return "EBCDIC" if is_ebcdic else None


def in_ascii(path: Path) -> str | None:
    """The name of an encoding that writes other characters by escapes in ASCII."""
    held = b""
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            text = held + chunk
            for escape, name in _ESCAPES.items():
                if escape in text:
                    return name
            if b"~{" in text and any(_decodes(one, "hz") for one in _HZ.findall(text)):
                return "HZ"
            if not held and text.isascii() and _is_utf7(text):
                return "UTF-7"
            held = text[-_OVERLAP_BYTES:]
    return None


def _is_utf32(head: bytes) -> bool:
    """Without a byte order mark, by NULs in three of four places."""
    units = len(head) // 4
    zeros = [head[place::4].count(0) >= _UTF32_SHARE * units for place in range(4)]
    return units > 1 and zeros in ([False, True, True, True], [True, True, True, False])


def _is_utf7(text: bytes) -> bool:
    """Whether each plus begins letters in it. Of telephone numbers and formulas hardly any does."""
    found = set(_UTF7.findall(text)) - {b"+-"}
    return bool(found) and all(_decodes(one, "utf-7") for one in found)


def _decodes(escaped: bytes, codec: str) -> bool:
    """To letters beyond ASCII."""
    try:
        text = escaped.decode(codec)
    except UnicodeDecodeError:
        return False
    return not text.isascii() and all(unicodedata.category(one)[0] in "LMPS" for one in text)
