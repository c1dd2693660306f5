"""Files that are no table in text, told by how they begin: archives, workbooks, documents, pages, scripts."""

from __future__ import annotations

import codecs
import re

from core.uploads.errors import Compressed, NotACsv, Spreadsheet

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
_OTHER_TEXTS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"<!doctype html|<html|<table[\s>]|MIME-Version:", re.IGNORECASE), "a web page"),
    (re.compile(rb"\A<\?xml|\A<[A-Za-z][\w:.-]{0,60}(?:\s[^<>]{0,2000})?>\s*<"), "an XML file"),
    (_JSON, "a JSON file"),
    (
        re.compile(
            rb"\A(?:--[^\n]*\n|/\*[^*]{0,2000}\*/|\s)*+"
            rb"(?:create\s+(?:table|database|schema)|insert\s+into|drop\s+table)\s+[\w`\".\[]",
            re.IGNORECASE,
        ),
        "a script of SQL statements",
    ),
    (re.compile(rb"\A(?:%[^\n]*\n|\s)*+\\(?:documentclass|begin|hline|toprule)\b"), "a LaTeX document"),
    (re.compile(rb"\{\\rtf"), "an RTF document"),
    (re.compile(rb"%!PS"), "a PostScript document"),
    (re.compile(rb"BEGIN:V(?:CARD|CALENDAR)", re.IGNORECASE), "a vCard or calendar file"),
    (re.compile(rb"\AID;P[^\r\n]{0,60}[\r\n]+[A-Z];"), "a SYLK spreadsheet"),
    (
        re.compile(rb"version https://git-lfs\.github\.com/spec/"),
        "a Git LFS pointer, which stands for a file",
    ),
)


def of(head: bytes) -> tuple[type[NotACsv], str] | None:
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
    return next(((NotACsv, kind) for form, kind in _OTHER_TEXTS if form.match(text)), None)
