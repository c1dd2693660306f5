"""What a file's bytes are: whether they are text at all, and in which encoding, checked to the last byte."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from core.errors import Invalid
from core.uploads.csv import positions
from core.uploads.detect.encodings import (
    charsets,
    legacy_encodings,
    non_ascii_lines,
    other_kinds,
    typographic_signs,
    unsupported_encodings,
    utf8_runs,
)
from core.uploads.detect.encodings.non_ascii_lines import NonAsciiLines
from core.uploads.errors import (
    EmptyFile,
    EncodingUnclear,
    MixedEncodings,
    NotACsv,
    NulBytes,
    UndecodableBytes,
    UnsupportedEncoding,
)

HEAD_BYTES = 64 << 10
_CHUNK_BYTES = 1 << 20

_MOST_READ = 6  # encodings in which a whole file is read
_C1 = bytes(range(0x80, 0xA0))
_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_HALF_PAIR = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))
_BINARY_SHARE = 0.02
_BINARY_KINDS = 5
_UTF16_SHARE = 0.3


@dataclass(frozen=True)
class Encoding:
    """codec: a Python codec for the text behind the BOM. guessed: other codecs could read the bytes as well, the
    likeliest of which are `alternatives`. by_signs: no letter told, only signs such as €. chosen: a user said so.
    """

    codec: str
    has_bom: bool
    guessed: bool = False
    alternatives: tuple[str, ...] = ()
    by_signs: bool = False
    chosen: bool = False

    @property
    def name(self) -> str:
        """As a person writes it."""
        return charsets.name(self.codec)


def find(path: Path, *, file_name: str, codec: str | None = None) -> Encoding:
    """The encoding in which the whole file can be read, in one pass. codec: what a user said.

    Raises EmptyFile, NotACsv (Spreadsheet, Compressed), NulBytes, UndecodableBytes, UnsupportedEncoding,
    EncodingUnclear, MixedEncodings, and Invalid for an unknown codec.
    """
    with path.open("rb") as source:
        head = source.read(HEAD_BYTES)
    if not head:
        raise EmptyFile(file_name=file_name)
    if other := other_kinds.of(head):
        refusal, kind = other
        raise refusal(file_name=file_name, kind=kind)
    if codec:
        known = _known(codec)
        has_bom = any(head.startswith(bom) and known == name for bom, name in _BOMS.items())
        return _checked(path, Encoding(known, has_bom, chosen=True), file_name)
    if unsupported := unsupported_encodings.of_head(head):
        raise UnsupportedEncoding(file_name=file_name, encoding=unsupported)
    for bom, codec in _BOMS.items():
        if head.startswith(bom):
            return _checked(path, Encoding(codec, has_bom=True), file_name)
    if unmarked := _utf16_without_bom(head):
        return _checked(path, Encoding(unmarked, has_bom=False), file_name)
    if _is_binary(head):
        raise NotACsv(file_name=file_name, kind="a binary file")
    plain = Encoding("utf-8", has_bom=False)
    bad_bytes = _find_bad_bytes(path, plain)
    if bad_bytes is None:
        if escaped := unsupported_encodings.in_ascii(path):
            raise UnsupportedEncoding(file_name=file_name, encoding=escaped)
        return plain
    lines = non_ascii_lines.read(path)
    if bad_bytes.nul or _is_damaged_utf8(lines.text):
        _refuse(path, plain, bad_bytes, file_name)
    return _legacy(path, lines, file_name)


def _known(asked: str) -> str:
    codec = charsets.codec_of(asked)
    if codec is None:
        raise Invalid(
            problem=f"The encoding '{asked[:40]}' is not supported.",
            remedy=f"Use one of {', '.join(charsets.CODECS)}.",
        )
    return codec


@dataclass(frozen=True)
class _BadBytes:
    """The first bytes of a file that are not text: where, which, and whether a NUL."""

    offset: int
    found: bytes
    nul: bool


def _is_binary(head: bytes) -> bool:
    """Whether control characters are many and of several kinds; text that was damaged holds one kind, or few."""
    n_controls = len(head) - len(head.translate(None, _CONTROLS))
    return n_controls > _BINARY_SHARE * len(head) and len(set(head) & set(_CONTROLS)) >= _BINARY_KINDS


def _utf16_without_bom(head: bytes) -> str | None:
    """UTF-16 betrays itself by NULs in every second place, wherever its text is ASCII."""
    units = max(1, len(head) // 2)
    even, odd = head[0::2].count(0) / units, head[1::2].count(0) / units
    if odd > _UTF16_SHARE and even < _BINARY_SHARE:
        return "utf-16-le"
    if even > _UTF16_SHARE and odd < _BINARY_SHARE:
        return "utf-16-be"
    return None


def _find_bad_bytes(path: Path, encoding: Encoding) -> _BadBytes | None:
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    offset = 0
    with path.open("rb") as source:
        while True:
            chunk = source.read(_CHUNK_BYTES)
            pending = decoder.getstate()[0]
            nul = "\0".encode(encoding.codec) if "utf-16" in encoding.codec else b"\0"
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                read = error.object
                at = offset - len(pending) + error.start
                clean = bytes(read[: error.start])
                if b"\0" in clean and len(nul) == 1:
                    return _BadBytes(offset - len(pending) + clean.index(b"\0"), b"\0", nul=True)
                return _BadBytes(at, bytes(read[error.start : error.end]), nul=False)
            if "\0" in text:
                ahead = text[: text.index("\0")].encode(encoding.codec)
                return _BadBytes(offset - len(pending) + len(ahead), nul, nul=True)
            if not chunk:
                return None
            offset += len(chunk)


def _checked(path: Path, encoding: Encoding, file_name: str) -> Encoding:
    if bad_bytes := _find_bad_bytes(path, encoding):
        _refuse(path, encoding, bad_bytes, file_name)
    return encoding


def _refuse(path: Path, encoding: Encoding, bad_bytes: _BadBytes, file_name: str) -> NoReturn:
    line, column = positions.line_and_column(path, bad_bytes.offset, encoding.codec)
    if bad_bytes.nul:
        raise NulBytes(file_name=file_name, line=line, column=column)
    found = bad_bytes.found.hex(" ").upper()
    raise UndecodableBytes(file_name=file_name, line=line, column=column, encoding=encoding.name, found=found)


def _is_damaged_utf8(lines: bytes) -> bool:
    """Whether more characters beyond ASCII are right in UTF-8 than wrong: by chance hardly any would be.

    Halves of surrogate pairs, which no text may hold, are otherwise right.
    """
    lines = _HALF_PAIR.sub("\u00e9".encode(), lines)
    beyond = [character for character in lines.decode("utf-8", errors="replace") if character > "\x7f"]
    n_wrong = beyond.count("\ufffd")
    return len(beyond) - n_wrong > n_wrong


def _legacy(path: Path, lines: NonAsciiLines, file_name: str) -> Encoding:
    """The older encoding that the lines speak for and that reads the whole file.

    Raises EncodingUnclear where they speak for none, or for two that read them differently; UndecodableBytes;
    MixedEncodings.
    """
    signs = typographic_signs.encoding_of(lines.older())
    found = legacy_encodings.candidates(lines.older())
    likeliest = signs or (found[0].codec if found and found[0].is_plausible else None)
    if likeliest and (offset := utf8_runs.first(path, likeliest)) is not None:
        line, _ = positions.line_and_column(path, offset, likeliest)
        raise MixedEncodings(file_name=file_name, encoding=charsets.name(likeliest), line=line)
    if signs and _reads_all(path, signs):
        return Encoding(signs, has_bom=False, guessed=True, by_signs=True)
    readable = [one for one in found[:_MOST_READ] if _reads_all(path, one.codec)]
    if not readable:
        if found:
            raise _unclear(path, lines, [], file_name)
        return _checked(path, Encoding("cp1252", has_bom=False, guessed=True), file_name)
    best, *others = readable
    rival = next((one for one in others if not best.is_ahead_of(one)), None)
    if rival is not None or not best.is_plausible:
        likely = [one for one in (best, rival) if one is not None and one.is_plausible]
        raise _unclear(path, lines, [one.codec for one in likely], file_name)
    plausible = tuple(one.codec for one in others if one.is_plausible)
    return Encoding(best.codec, has_bom=False, guessed=True, alternatives=plausible[:3])


def _reads_all(path: Path, codec: str) -> bool:
    """Whether all of a file is text in an encoding, not only the lines that were looked at."""
    if _find_bad_bytes(path, Encoding(codec, has_bom=False)) is not None:
        return False
    if not codec.startswith("iso8859"):
        return True
    with path.open("rb") as source:
        return all(
            chunk.translate(None, _C1) == chunk for chunk in iter(lambda: source.read(_CHUNK_BYTES), b"")
        )


def _unclear(path: Path, lines: NonAsciiLines, likely: Sequence[str], file_name: str) -> EncodingUnclear:
    """What is in doubt and where: the first word that two encodings read differently, or that none reads well."""
    first, second = (*likely, None, None)[:2]
    word = lines.first_word(first or "latin-1", second)
    line, column = positions.line_and_column(path, word.offset, first or "latin-1")
    readings = " or ".join(f"'{word.text(one)}' in {charsets.name(one)}" for one in likely)
    names = " or ".join(map(charsets.name, likely))
    return EncodingUnclear(
        file_name=file_name,
        line=line,
        column=column,
        readings=f"could be {readings}" if readings else "makes sense in none that can be chosen",
        such_as=f", such as {names}" if names else "",
    )
