"""What a file's bytes are: whether they are text at all, and in which encoding, checked to the last byte."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from core.errors import Invalid
from core.uploads.csv import positions
from core.uploads.detect import legacy_encodings, non_ascii_lines
from core.uploads.detect.alphabets import CODECS as LEGACY_CODECS
from core.uploads.detect.non_ascii_lines import NonAsciiLines
from core.uploads.errors import (
    Compressed,
    EmptyFile,
    EncodingUnclear,
    NotACsv,
    NulBytes,
    Spreadsheet,
    UndecodableBytes,
)

HEAD_BYTES = 64 << 10
_CHUNK_BYTES = 1 << 20

_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"} | {
    codec: legacy.name for codec, legacy in LEGACY_CODECS.items()
}
CODECS = tuple(_NAMES)
"""What a file can be read in."""
LABELS = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16, big-endian"} | {
    codec: f"{legacy.name} ({legacy.region})" for codec, legacy in LEGACY_CODECS.items()
}
"""The same for a list to choose from."""

GZIP, ZIP = "a gzip archive", "a zip archive"
_OTHER_KINDS: tuple[tuple[bytes, type[NotACsv], str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Spreadsheet, "an Excel workbook (.xls)"),
    (b"\x1f\x8b", Compressed, GZIP),
    (b"BZh", Compressed, "a bzip2 archive"),
    (b"\xfd7zXZ\x00", Compressed, "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", Compressed, "a 7z archive"),
    (b"\x28\xb5\x2f\xfd", Compressed, "a zstd archive"),
    (b"%PDF-", NotACsv, "a PDF document"),
    (b"PAR1", NotACsv, "a Parquet file"),
    (b"ARROW1", NotACsv, "an Arrow file"),
    (b"SQLite format 3\x00", NotACsv, "a SQLite database"),
    (b"\x89PNG\r\n", NotACsv, "an image"),
    (b"\xff\xd8\xff", NotACsv, "an image"),
    (b"GIF8", NotACsv, "an image"),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04")
_WORKBOOK = re.compile(
    rb"PK\x03\x04.{26}(\[Content_Types\]\.xml|xl/|_rels/|mimetypeapplication/vnd\.oasis\.opendocument)",
    re.DOTALL,
)
_TAR_AT, _TAR = 257, b"ustar"
_JSON = re.compile(rb'\{\s*("[^"\r\n]{0,200}"\s*:|\})|\[\s*(\{\s*"|\[|\])')
_HALF_PAIR = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))
_BINARY_SHARE = 0.02
_BINARY_KINDS = 5
_UTF16_SHARE = 0.3


@dataclass(frozen=True)
class Encoding:
    """codec: a Python codec for the text behind the BOM. guessed: other codecs could read the bytes as well, the
    likeliest of which are `alternatives`. chosen: a user said so.
    """

    codec: str
    has_bom: bool
    guessed: bool = False
    alternatives: tuple[str, ...] = ()
    chosen: bool = False

    @property
    def name(self) -> str:
        """As a person writes it."""
        return _NAMES.get(self.codec, self.codec)


def find(path: Path, *, file_name: str, codec: str | None = None) -> Encoding:
    """The encoding in which the whole file can be read, in one pass. codec: what a user said.

    Raises EmptyFile, NotACsv (Spreadsheet, Compressed), NulBytes, UndecodableBytes, EncodingUnclear, and Invalid for
    an unknown codec.
    """
    with path.open("rb") as source:
        head = source.read(HEAD_BYTES)
    if not head:
        raise EmptyFile(file_name=file_name)
    if other := other_kind(head):
        refusal, kind = other
        raise refusal(file_name=file_name, kind=kind)
    if codec:
        has_bom = any(head.startswith(bom) and codec == name for bom, name in _BOMS.items())
        return _checked(path, Encoding(_known(codec), has_bom, chosen=True), file_name)
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
        return plain
    lines = non_ascii_lines.read(path)
    if bad_bytes.nul or _is_damaged_utf8(lines.text):
        _refuse(path, plain, bad_bytes, file_name)
    return _legacy(path, lines, file_name)


def _known(codec: str) -> str:
    name = codec.strip().lower()
    if name not in CODECS:
        raise Invalid(
            problem=f"The encoding '{codec[:40]}' is not supported.",
            remedy=f"Use one of {', '.join(CODECS)}.",
        )
    return name


@dataclass(frozen=True)
class _BadBytes:
    """The first bytes of a file that are not text: where, which, and whether a NUL."""

    offset: int
    found: bytes
    nul: bool


def other_kind(head: bytes) -> tuple[type[NotACsv], str] | None:
    """What a file is that begins so, if it is no text: the refusal, and its kind with an article."""
    if head.startswith(_ZIP):
        is_workbook = _WORKBOOK.search(head) is not None
        return (Spreadsheet, "an Excel or OpenDocument workbook") if is_workbook else (Compressed, ZIP)
    for magic, refusal, kind in _OTHER_KINDS:
        if head.startswith(magic):
            return refusal, kind
    if head[_TAR_AT:].startswith(_TAR):
        return Compressed, "a tar archive"
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if text[:15].lower().startswith((b"<!doctype html", b"<html")):
        return NotACsv, "a web page"
    if text.startswith(b"<?xml"):
        return NotACsv, "an XML file"
    return (NotACsv, "a JSON file") if _JSON.match(text) else None


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

    Raises EncodingUnclear where they speak for none, or for two that read them differently; UndecodableBytes.
    """
    found = legacy_encodings.candidates(lines.text)
    readable = (one for one in found if _find_bad_bytes(path, Encoding(one.codec, has_bom=False)) is None)
    best = next(readable, None)
    if best is None:
        return _checked(path, Encoding("cp1252", has_bom=False, guessed=True), file_name)
    rival = next((one for one in readable if not best.is_ahead_of(one)), None)
    if rival is not None or not best.is_plausible:
        raise _unclear(path, lines, best.codec, rival.codec if rival else None, file_name)
    others = tuple(one.codec for one in found if one is not best and one.is_plausible)
    return Encoding(best.codec, has_bom=False, guessed=True, alternatives=others[:3])


def _unclear(
    path: Path, lines: NonAsciiLines, codec: str, rival: str | None, file_name: str
) -> EncodingUnclear:
    """What is in doubt and where: the first word that two encodings read differently, or that none reads well."""
    word = lines.first_word(codec, rival)
    line, column = positions.line_and_column(path, word.offset, codec)
    readings = [f"'{word.text(one)}' in {_NAMES[one]}" for one in (codec, rival) if one]
    return EncodingUnclear(
        file_name=file_name,
        line=line,
        column=column,
        readings=" and ".join(readings),
        codecs=" or ".join(filter(None, (codec, rival))),
    )
