"""Characters that stand for others or for nothing: controls from Windows-1252, letters apart from their marks, marks
that nobody sees.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.errors import counted
from core.uploads.csv.rewriting import C1, INVISIBLE, Repair
from core.uploads.detect.guesses import Guess

_CHUNK_BYTES = 1 << 20
_SHOWN = 5
_UNDEFINED = frozenset("\x81\x8d\x8f\x90\x9d")


def _following(*characters: str) -> frozenset[int]:
    """The second and third bytes of characters in UTF-8, as one number; 0 for the third of those that have two."""
    return frozenset((*one.encode()[1:], 0)[0] << 8 | (*one.encode()[1:], 0)[1] for one in characters)


def _span(first: int, last: int) -> Iterable[str]:
    return map(chr, range(first, last + 1))


_ODD_IN_UTF8: Mapping[int, frozenset[int]] = {
    0xC2: _following(*_span(0x80, 0x9F)),
    0xCC: _following(*_span(0x300, 0x33F)),
    0xCD: _following(*_span(0x340, 0x36F)),
    0xD9: _following(*_span(0x653, 0x655)),
    0xE0: _following(*"\u093c\u09be\u09d7\u0b56\u0bbe\u0cc2"),
    0xE1: _following(*_span(0x1100, 0x11FF)),
    0xE2: _following("\u2126", "\u212b", *(chr(one) for one in INVISIBLE if one < 0xFEFF)),
    0xE3: _following("\u3099", "\u309a"),
    0xEF: _following("\ufeff"),
}
"""Characters by their first byte that are controls or that nobody sees, or with which NFC may be another text: marks
above letters, those of Arabic, signs of India, parts of Hangul, ohm and angstrom, voiced kana.
"""
_OF_TWO_BYTES = 0xE0


def find(path: Path, codec: str, *, has_bom: bool) -> tuple[tuple[Repair, ...], tuple[Guess, ...]]:
    """What is to be repaired in a file in Unicode, and what to say of it. ASCII is passed over."""
    if codec not in ("utf-8", "utf-16-le", "utf-16-be"):
        return (), ()
    seen = _Seen()
    held = b""
    with path.open("rb") as source:
        if has_bom:
            source.read(len("\ufeff".encode(codec)))
        while chunk := source.read(_CHUNK_BYTES):
            if codec == "utf-8" and chunk.isascii() and not held:
                continue
            text, held = _cut(held + chunk, codec)
            if codec != "utf-8" or _may_need_repair(text):
                seen.add(text.decode(codec, "replace"))
    seen.add(held.decode(codec, "replace"))
    return seen.judged()


@dataclass
class _Seen:
    """What was seen of a text: its control characters, how many marks that nobody sees, whether NFC is another."""

    controls: Counter[str] = field(default_factory=Counter)
    n_invisible: int = 0
    is_apart: bool = False

    def add(self, text: str) -> None:
        self.controls.update(C1.findall(text))
        self.n_invisible += len(text) - len(text.translate(INVISIBLE))
        self.is_apart = self.is_apart or not unicodedata.is_normalized("NFC", text)

    def judged(self) -> tuple[tuple[Repair, ...], tuple[Guess, ...]]:
        """The repairs, and what to say of them."""
        repairs: list[Repair] = []
        guesses = []
        if self.controls:
            guesses.append(_of_controls(self.controls))
            repairs += ["c1"] if guesses[0].value else []
        if self.n_invisible:
            n = counted(self.n_invisible, "invisible character was|invisible characters were")
            why = f"{n} left out, such as spaces without a width."
            guesses.append(Guess("text", "invisible", "likely", why))
            repairs.append("invisible")
        if self.is_apart:
            why = "Letters and their accents that were separate characters were joined (Unicode NFC)."
            guesses.append(Guess("text", "nfc", "certain", why))
            repairs.append("nfc")
        return tuple(repairs), tuple(guesses)


def _of_controls(controls: Counter[str]) -> Guess:
    """Windows-1252's characters where it has one for each, and not only line ends of old machines."""
    shown = [one for one, _ in controls.most_common(_SHOWN)]
    if set(controls) & _UNDEFINED or set(controls) == {"\x85"}:
        codes = ", ".join(f"U+{ord(one):04X}" for one in shown)
        why = f"Control characters were kept as they are: {codes}. The file's encoding may be another."
        return Guess("text", "", "guess", why)
    meant = ", ".join(f"{one.encode('latin-1').decode('cp1252')} for U+{ord(one):04X}" for one in shown)
    n = counted(controls.total(), "control character was|control characters were")
    return Guess("text", "c1", "likely", f"{n} read as in Windows-1252: {meant}.")


def _may_need_repair(text: bytes) -> bool:
    """Whether the text, in UTF-8, holds one of the characters above."""
    units = np.frombuffer(text + b"\0\0", np.uint8)
    for first, following in _ODD_IN_UTF8.items():
        if bytes([first]) not in text:
            continue
        at = np.flatnonzero(units[:-2] == first)
        codes = units[at + 1].astype(np.uint16) << 8
        if first >= _OF_TWO_BYTES:
            codes |= units[at + 2]
        if np.isin(codes, list(following)).any():
            return True
    return False


def _cut(data: bytes, codec: str) -> tuple[bytes, bytes]:
    """Up to the last line's end, so that no character is cut, and the rest; all of it where there is none."""
    mark = "\n".encode(codec)
    end = data.rfind(mark) + len(mark)
    while codec != "utf-8" and end >= len(mark) and (end - len(mark)) % 2:
        end = data.rfind(mark, 0, end - 1) + len(mark)
    return (data[:end], data[end:]) if end >= len(mark) else (data, b"")
