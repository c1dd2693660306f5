"""Files that come packed: the one CSV in a gzip or zip file, unpacked as a stream with a cap on its bytes.

What goes on is the CSV: its bytes are what is hashed, stored and known again. An archive is told by its bytes, not by
its name, and is unpacked once: one inside another is refused. There is no cap on the ratio, as a table of few values
packs as well as a bomb does; the cap on the bytes bounds both.
"""

from __future__ import annotations

import errno
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core.storage import Staging, stage
from core.uploads.detect.encodings import encoding, other_kinds
from core.uploads.errors import (
    ArchiveInside,
    ArchiveUnreadable,
    Compressed,
    NothingInside,
    SeveralInside,
    Spreadsheet,
    UnpacksTooLarge,
)
from core.uploads.names import shown_filename
from core.uploads.report.receipt import SourceArchive

PIECE_BYTES = 1 << 20
DIRECTORY_BYTES = 1 << 20
"""A zip's list of files may be so long; a reader holds all of it."""
MOST_MEMBERS = 1_000_000
"""So many gzip files may follow each other in one; each costs time, however little it holds."""
_READ_BYTES = 64 << 10
_GZIP_WINDOW = 31  # zlib's word for gzip's own header and checksum
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may ask for gigabytes at once
_LOCKED = 0x1
_TABLES = (".csv", ".tsv", ".tab")
_ENDINGS = (".gz", ".gzip", ".zip")
_SHOWN = 5
_LONGEST_NAME = 80


@dataclass(frozen=True)
class UnpackedFile:
    """A file to be read. staged: its bytes. file_name: what it is called. packed: what it came in, if packed."""

    staged: Staging
    file_name: str
    packed: SourceArchive | None


def is_packed(path: Path) -> bool:
    """Whether it is a gzip or zip file, of which much more may come out."""
    with path.open("rb") as source:
        match other_kinds.of(source.read(encoding.HEAD_BYTES)):
            case (_, other_kinds.GZIP | other_kinds.ZIP):
                return True
    return False


@contextmanager
def unpacked(staged: Staging, *, file_name: str, limit_mb: int) -> Iterator[UnpackedFile]:
    """The file itself, or the CSV in it where it is a gzip or zip file, staged beside it until the end.

    staged: closed. limit_mb: most MB of 1,000,000 bytes that may come out.
    Raises BadArchive (ArchiveUnreadable, NothingInside, SeveralInside, ArchiveInside, UnpacksTooLarge), Spreadsheet,
    DiskFull, StorageUnavailable.
    """
    file_name = shown_filename(file_name)
    with staged.path.open("rb") as source:
        head = source.read(encoding.HEAD_BYTES)
        source.seek(0)
        match other_kinds.of(head):
            case (_, other_kinds.GZIP):
                kind, name = "gzip", _without_ending(file_name)
                pieces, n_others = _gunzipped(source, file_name), 0
            case (_, other_kinds.ZIP):
                kind = "zip"
                name, n_others, pieces = _in_zip(source, file_name, limit_mb)
            case _:
                yield UnpackedFile(staged, file_name, None)
                return
        with stage(staged.path.parent) as inner:
            _write(pieces, inner, file_name, name, limit_mb)
            yield UnpackedFile(inner, name, SourceArchive(kind, file_name, staged.size_bytes, n_others))


def _write(pieces: Iterator[bytes], inner: Staging, file_name: str, name: str, limit_mb: int) -> None:
    is_first = True
    for piece in pieces:
        if is_first:
            other = other_kinds.of(piece)
            if other is not None and issubclass(other[0], Compressed):
                raise ArchiveInside(file_name=file_name, member=name, kind=other[1])
            is_first = False
        if inner.size_bytes + len(piece) > limit_mb * 1_000_000:
            raise UnpacksTooLarge(file_name=file_name, limit_mb=limit_mb)
        inner.write(piece)
    inner.close()


def _without_ending(file_name: str) -> str:
    """sales.csv.gz → sales.csv; sales.gz → sales.csv."""
    ending = next((ending for ending in _ENDINGS if file_name.lower().endswith(ending)), "")
    bare = file_name.removesuffix(file_name[len(file_name) - len(ending) :])
    return shown_filename(f"{bare}.csv" if bare and not PurePosixPath(bare).suffix else bare)


def _gunzipped(source: BinaryIO, file_name: str) -> Iterator[bytes]:
    """What one gzip file or several in a row hold; zeros may follow each. Raises ArchiveUnreadable."""
    held = source.read(_READ_BYTES)
    for n_members in range(1, MOST_MEMBERS + 1):
        member = zlib.decompressobj(wbits=_GZIP_WINDOW)
        while not member.eof:
            if not held:
                raise ArchiveUnreadable(file_name=file_name, problem="it is incomplete")
            try:
                piece = member.decompress(held, PIECE_BYTES)
            except zlib.error as error:
                raise ArchiveUnreadable(file_name=file_name, problem=_why(error, n_members)) from error
            if piece:
                yield piece
            held = member.unused_data if member.eof else member.unconsumed_tail or source.read(_READ_BYTES)
        held = held.lstrip(b"\0")
        while not held and (more := source.read(_READ_BYTES)):
            held = more.lstrip(b"\0")
        if not held:
            return
    problem = f"it contains more than {MOST_MEMBERS:,} gzip files"
    raise ArchiveUnreadable(file_name=file_name, problem=problem)


def _why(error: zlib.error, n_members: int) -> str:
    told = str(error)
    if "data check" in told or "length check" in told:
        return "its checksum does not match its contents"
    if "header check" in told and n_members > 1:
        return "other data follows after its end"
    return "its contents are damaged"


def _in_zip(source: BinaryIO, file_name: str, limit_mb: int) -> tuple[str, int, Iterator[bytes]]:
    """(name of the CSV, number of other files, its bytes). Raises BadArchive, Spreadsheet."""
    with _translated(file_name):
        archive = zipfile.ZipFile(_Bounded(source))
    files = [member for member in archive.infolist() if _is_file(member)]
    names = {member.filename for member in files}
    if "[Content_Types].xml" in names or {"mimetype", "META-INF/manifest.xml"} <= names:
        raise Spreadsheet(file_name=file_name, kind="an Excel or OpenDocument workbook")
    tables = [member for member in files if member.filename.lower().endswith(_TABLES)]
    if not files:
        raise NothingInside(file_name=file_name)
    if len(files) > 1 and len(tables) != 1:
        shown = ", ".join(_name(member)[:_LONGEST_NAME] for member in (tables or files)[:_SHOWN])
        more = "" if len(tables or files) <= _SHOWN else ", …"
        raise SeveralInside(file_name=file_name, n_files=len(tables or files), names=shown + more)
    (member,) = tables if len(files) > 1 else files
    if member.flag_bits & _LOCKED:
        raise ArchiveUnreadable(file_name=file_name, problem="it is protected by a password")
    if member.compress_type not in _METHODS:
        raise ArchiveUnreadable(
            file_name=file_name,
            problem=f"its compression method ({member.compress_type}) is not supported, only Deflate is",
        )
    if member.file_size > limit_mb * 1_000_000:
        raise UnpacksTooLarge(file_name=file_name, limit_mb=limit_mb)
    return _name(member), len(files) - 1, _unzipped(archive, member, file_name)


def _unzipped(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file_name: str) -> Iterator[bytes]:
    """Raises ArchiveUnreadable."""
    with _translated(file_name):
        source = archive.open(member)
    n_left = member.file_size
    while True:
        with _translated(file_name):
            piece = source.read(PIECE_BYTES)
        if not piece:
            break
        n_left -= len(piece)
        yield piece
    if n_left:
        raise ArchiveUnreadable(file_name=file_name, problem="its contents are damaged")


def _is_file(member: zipfile.ZipInfo) -> bool:
    """Whether a member is there for its own sake; what a Mac adds is not."""
    parts = PurePosixPath(member.filename).parts
    is_macs = "__MACOSX" in parts or (bool(parts) and parts[-1] in (".DS_Store", "Thumbs.db"))
    return not member.filename.endswith("/") and not is_macs


def _name(member: zipfile.ZipInfo) -> str:
    """Of a path only its last part, wherever the path leads."""
    return shown_filename(member.filename)


@contextmanager
def _translated(file_name: str) -> Iterator[None]:
    """Whatever zipfile makes of bytes that are no right zip is an ArchiveUnreadable."""
    try:
        yield
    except zipfile.BadZipFile as error:
        told = str(error)
        problem = "its contents are damaged"
        if "CRC" in told:
            problem = "its checksum does not match its contents"
        elif "not a zip file" in told:
            problem = "it is incomplete"
        elif told == _Bounded.TOO_LONG:
            problem = told
        raise ArchiveUnreadable(file_name=file_name, problem=problem) from error
    except (zlib.error, struct.error, EOFError, NotImplementedError, ValueError, OverflowError) as error:
        raise ArchiveUnreadable(file_name=file_name, problem="its contents are damaged") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # it points to a place before the file's beginning
            raise
        raise ArchiveUnreadable(file_name=file_name, problem="its contents are damaged") from error


class _Bounded:
    """A file of which nobody reads more than DIRECTORY_BYTES at once, as zipfile would do with its list of files."""

    TOO_LONG = f"its list of files is longer than {DIRECTORY_BYTES >> 20} MB"

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def read(self, size: int = -1, /) -> bytes:
        """Raises BadZipFile where so many bytes are asked for."""
        if size > max(DIRECTORY_BYTES, PIECE_BYTES):
            raise zipfile.BadZipFile(self.TOO_LONG)
        return self._source.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()

    def seekable(self) -> bool:
        return True
