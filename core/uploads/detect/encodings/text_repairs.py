"""Characters that stand for others or for nothing: controls from Windows-1252, letters apart from their marks, marks
that nobody sees.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import counted
from core.uploads.csv import repairs
from core.uploads.csv.repairs import C1, INVISIBLE, Repair
from core.uploads.detect.guesses import Guess

_CHUNK_BYTES = 1 << 20
_SHOWN = 5
_UNDEFINED = frozenset("\x81\x8d\x8f\x90\x9d")


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
            if codec != "utf-8" or repairs.may_change(text):
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
        needed: list[Repair] = []
        guesses = []
        if self.controls:
            guesses.append(_of_controls(self.controls))
            needed += ["c1"] if guesses[0].value else []
        if self.n_invisible:
            n = counted(self.n_invisible, "invisible character was|invisible characters were")
            why = f"{n} left out, such as spaces without a width."
            guesses.append(Guess("text", "invisible", "likely", why))
            needed.append("invisible")
        if self.is_apart:
            why = "Letters and their accents that were separate characters were joined (Unicode NFC)."
            guesses.append(Guess("text", "nfc", "certain", why))
            needed.append("nfc")
        return tuple(needed), tuple(guesses)


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


def _cut(data: bytes, codec: str) -> tuple[bytes, bytes]:
    """Up to the last line's end, so that no character is cut, and the rest; all of it where there is none."""
    mark = "\n".encode(codec)
    end = data.rfind(mark) + len(mark)
    while codec != "utf-8" and end >= len(mark) and (end - len(mark)) % 2:
        end = data.rfind(mark, 0, end - 1) + len(mark)
    return (data[:end], data[end:]) if end >= len(mark) else (data, b"")
