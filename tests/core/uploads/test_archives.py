"""What comes out of gzip and zip files, and what each bad one is told."""

from __future__ import annotations

import gzip
import io
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import AppError
from core.storage import stage
from core.uploads import archives, errors
from core.uploads.report.receipt import SourceArchive

CSV = b"name,amount\n" + b"".join(b"Ada %d,%d.5\n" % (n, n) for n in range(2000))


def unpacked(
    folder: Path, data: bytes, *, file_name: str = "sales.zip", limit_mb: int = 3
) -> tuple[bytes, str, SourceArchive | None]:
    """What an upload of these bytes is read as; nothing stays in staging."""
    try:
        with stage(folder / "staging") as staged:
            staged.write(data)
            staged.close()
            with archives.unpacked(staged, file_name=file_name, limit_mb=limit_mb) as plain:
                assert plain.staged.size_bytes == plain.staged.path.stat().st_size
                return plain.staged.path.read_bytes(), plain.file_name, plain.packed
    finally:
        assert list((folder / "staging").iterdir()) == []


def refused(folder: Path, data: bytes, *, file_name: str = "sales.zip", limit_mb: int = 3) -> AppError:
    with pytest.raises((errors.BadArchive, errors.NotACsv)) as caught:
        unpacked(folder, data, file_name=file_name, limit_mb=limit_mb)
    assert caught.value.message.startswith(file_name)
    assert caught.value.hint
    return caught.value


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return packed.getvalue()


def zipped_to_a_pipe(data: bytes) -> bytes:
    """A zip whose sizes stand behind the data, as where the writer can't go back."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.written = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, chunk: bytes, /) -> int:  # type: ignore[override]  # bytes are all that comes
            self.written += chunk
            return len(chunk)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sales.csv", data)
    return bytes(pipe.written)


def zipped_in_64_bits(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, archive.open("sales.csv", "w", force_zip64=True) as member:
        member.write(data)
    return packed.getvalue()


def patched(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def directory(data: bytes) -> int:
    """Where the zip's list of files begins."""
    return data.index(b"PK\x01\x02")


@pytest.mark.parametrize("data", [CSV, b"", b"\x1f", b"PK", b"a,b\n1,2\nPK\x03\x04"])
def test_a_file_that_is_not_packed_goes_on_as_it_came(tmp_path: Path, data: bytes) -> None:
    assert unpacked(tmp_path, data, file_name="a/sales.gz") == (data, "sales.gz", None)


@pytest.mark.parametrize(
    ("sent_as", "called"),
    [
        ("sales.csv.gz", "sales.csv"),
        ("sales.GZ", "sales.csv"),
        ("sales.tsv", "sales.tsv"),
        (".gz", "upload.csv"),
    ],
)
def test_a_gzip_file_is_told_by_its_bytes_and_loses_its_ending(
    tmp_path: Path, sent_as: str, called: str
) -> None:
    data = gzip.compress(CSV, mtime=0)
    found, file_name, packed = unpacked(tmp_path, data, file_name=sent_as)
    assert (found, file_name) == (CSV, called)
    assert packed is not None
    assert (packed.kind, packed.size_bytes, packed.n_others) == ("gzip", len(data), 0)


@pytest.mark.parametrize("padding", [b"", bytes(3), bytes(200_000)])
def test_gzip_files_in_a_row_are_one(tmp_path: Path, padding: bytes) -> None:
    parts = [CSV[at : at + 5000] for at in range(0, len(CSV), 5000)]
    data = b"".join(gzip.compress(part, mtime=0) + padding for part in [*parts, b""])
    assert unpacked(tmp_path, data, file_name="a.csv.gz")[0] == CSV


def test_a_large_gzip_file_comes_out_whole(tmp_path: Path) -> None:
    data = random.Random(0).randbytes(1_500_000).hex().encode()
    assert unpacked(tmp_path, gzip.compress(data, 1), file_name="a.gz", limit_mb=3)[0] == data


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda data: data[:-1], "it is incomplete"),
        (lambda data: data[:100], "it is incomplete"),
        (lambda data: data[:2], "it is incomplete"),
        (lambda data: data[:3], "it is incomplete"),
        (lambda data: patched(data, len(data) - 8, b"\0\0\0\0"), "its checksum does not match its contents"),
        (lambda data: patched(data, len(data) - 4, b"\1\0\0\0"), "its checksum does not match its contents"),
        (lambda data: patched(data, 2, b"\7"), "its contents are damaged"),
        (lambda data: patched(data, 10, b"\xff" * 9), "its contents are damaged"),
        (lambda data: data + b"more", "other data follows after its end"),
    ],
)
def test_a_bad_gzip_file_is_refused_with_what_is_wrong(
    tmp_path: Path, spoil: Callable[[bytes], bytes], problem: str
) -> None:
    found = refused(tmp_path, spoil(gzip.compress(CSV, mtime=0)), file_name="a.csv.gz")
    assert isinstance(found, errors.ArchiveUnreadable)
    assert found.problem == problem


def test_more_gzip_files_in_a_row_than_can_be_read_in_time_are_refused(tmp_path: Path) -> None:
    found = refused(tmp_path, gzip.compress(b"", mtime=0) * (archives.MOST_MEMBERS + 1), file_name="a.gz")
    assert isinstance(found, errors.ArchiveUnreadable)
    assert "1,000,000" in found.problem


@pytest.mark.parametrize(
    "data",
    [
        zipped(("sales.csv", CSV)),
        zipped(("sales.csv", CSV), method=zipfile.ZIP_STORED),
        zipped_to_a_pipe(CSV),
        zipped_in_64_bits(CSV),
        zipped(("2024/q1/sales.csv", CSV)),
        zipped(("../../etc/sales.csv", CSV)),
        zipped(("/sales.csv", CSV)),
        zipped(("C:\\sales.csv", CSV)),
        b"PK\x07\x08" + zipped(("sales.csv", CSV)),
        zipped(("sales.csv", CSV)) + b"behind",
    ],
    ids=[
        "deflate", "stored", "data descriptor", "zip64", "folder", "..", "absolute", "drive", "spanned", "behind",
    ],
)  # fmt: skip
def test_the_csv_in_a_zip_is_read_whatever_its_path(tmp_path: Path, data: bytes) -> None:
    assert unpacked(tmp_path, data) == (CSV, "sales.csv", SourceArchive("zip", "sales.zip", len(data)))


def test_what_a_mac_packs_beside_a_file_does_not_count(tmp_path: Path) -> None:
    data = zipped(
        ("data/", b""), ("data/a.txt", CSV), ("__MACOSX/data/._a.txt", b"\0\5"), ("data/.DS_Store", b"")
    )
    assert unpacked(tmp_path, data) == (CSV, "a.txt", SourceArchive("zip", "sales.zip", len(data)))


def test_the_only_csv_among_other_files_is_read_and_they_are_counted(tmp_path: Path) -> None:
    data = zipped(("README.txt", b"read me"), ("SALES.CSV", CSV), ("licence.pdf", b"%PDF-"))
    assert unpacked(tmp_path, data) == (CSV, "SALES.CSV", SourceArchive("zip", "sales.zip", len(data), 2))


@pytest.mark.parametrize(
    ("members", "n_files", "names"),
    [
        ([("a.csv", CSV), ("b.csv", CSV), ("c.txt", b"")], 2, "a.csv, b.csv"),
        ([("a.csv", CSV), ("x/a.csv", CSV)], 2, "a.csv, a.csv"),
        ([("a.txt", CSV), ("b.txt", CSV)], 2, "a.txt, b.txt"),
        ([(f"{n}.csv", b"") for n in range(7)], 7, "0.csv, 1.csv, 2.csv, 3.csv, 4.csv, …"),
    ],
)
def test_a_zip_of_several_files_is_refused_with_their_names(
    tmp_path: Path, members: list[tuple[str, bytes]], n_files: int, names: str
) -> None:
    found = refused(tmp_path, zipped(*members))
    assert isinstance(found, errors.SeveralInside)
    assert (found.n_files, found.names) == (n_files, names)


@pytest.mark.parametrize("members", [[], [("data/", b"")], [("__MACOSX/._a.csv", b"x")]])
def test_a_zip_without_a_file_is_refused(tmp_path: Path, members: list[tuple[str, bytes]]) -> None:
    assert isinstance(refused(tmp_path, zipped(*members)), errors.NothingInside)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda data: data[:-1], "it is incomplete"),
        (lambda data: data[:60], "it is incomplete"),
        (lambda data: patched(data, directory(data) + 8, b"\1"), "it is protected by a password"),
        (
            lambda data: patched(data, directory(data) + 10, b"\x0e"),
            "its compression method (14) is not supported, only Deflate is",
        ),
        (lambda data: patched(data, directory(data) + 16, b"abcd"), "its checksum does not match its contents"),
        (lambda data: patched(data, directory(data) + 24, b"\xff\xff\2\0"), "its contents are damaged"),
        (lambda data: patched(data, directory(data) + 42, b"\xff\xff\xff\x7f"), "its contents are damaged"),
        (lambda data: patched(data, directory(data), b"XX"), "its contents are damaged"),
        (lambda data: patched(data, 60, b"\xff" * 9), "its contents are damaged"),
        (lambda data: patched(data, 30, b"other"), "its contents are damaged"),
        (
            lambda data: data[:-22]
            + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 2 << 20, 0, 0)
            + bytes(0),
            "its contents are damaged",
        ),
    ],
)  # fmt: skip
def test_a_bad_zip_is_refused_with_what_is_wrong(
    tmp_path: Path, spoil: Callable[[bytes], bytes], problem: str
) -> None:
    found = refused(tmp_path, spoil(zipped(("sales.csv", CSV))))
    assert isinstance(found, errors.ArchiveUnreadable)
    assert found.problem == problem


def test_a_zip_whose_list_of_files_would_fill_memory_is_refused(tmp_path: Path) -> None:
    listed = zipped(*((f"{n:060000}.csv", b"") for n in range(20)), method=zipfile.ZIP_STORED)
    found = refused(tmp_path, listed)
    assert isinstance(found, errors.ArchiveUnreadable)
    assert found.problem == "its list of files is longer than 1 MB"


@pytest.mark.parametrize(
    ("inner", "kind"),
    [
        (gzip.compress(CSV, mtime=0), "a gzip archive"),
        (zipped(("sales.csv", CSV)), "a zip archive"),
        (b"BZh91AY", "a bzip2 archive"),
    ],
)
def test_an_archive_in_an_archive_is_refused(tmp_path: Path, inner: bytes, kind: str) -> None:
    for outer, file_name in (
        (zipped(("inner", inner)), "sales.zip"),
        (gzip.compress(inner, mtime=0), "inner.gz"),
    ):
        found = refused(tmp_path, outer, file_name=file_name)
        assert isinstance(found, errors.ArchiveInside)
        assert found.kind == kind


def test_a_tar_in_a_gzip_file_is_refused_as_an_archive(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("sales.csv"), io.BytesIO())
    found = refused(tmp_path, packed.getvalue(), file_name="sales.tgz")
    assert isinstance(found, errors.ArchiveInside)
    assert found.kind == "a tar archive"


def test_a_workbook_is_refused_as_one_though_it_is_a_zip(tmp_path: Path) -> None:
    last = zipped(("docProps/app.xml", random.Random(0).randbytes(99_000)), ("[Content_Types].xml", b"<x/>"))
    sheet = zipped(
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ("META-INF/manifest.xml", b"")
    )
    for data in (last, sheet):
        assert isinstance(refused(tmp_path, data, file_name="book.xlsx"), errors.Spreadsheet)


@pytest.mark.parametrize(
    "pack", [lambda data: gzip.compress(data, mtime=0), lambda data: zipped(("a.csv", data))]
)
def test_a_bomb_is_refused_at_the_cap_and_what_it_wrote_is_gone(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    within, beyond = pack(b"1,2\n" * 250_000), pack(b"1,2\n" * 250_000 + b"\n")
    assert len(unpacked(tmp_path, within, limit_mb=1)[0]) == 1_000_000
    found = refused(tmp_path, beyond, limit_mb=1)
    assert isinstance(found, errors.UnpacksTooLarge)
    assert found.limit_mb == 1


def test_a_bomb_that_says_it_is_small_gives_no_more_than_it_says(tmp_path: Path) -> None:
    bomb = zipped(("a.csv", b"1,2\n" * 500_000))
    lying = patched(bomb, directory(bomb) + 24, struct.pack("<L", 8))
    found = refused(tmp_path, lying, limit_mb=1)
    assert isinstance(found, errors.ArchiveUnreadable)


def test_a_member_without_a_name_is_a_file_all_the_same(tmp_path: Path) -> None:
    data = zipped(("a.csv", CSV))
    nameless = patched(patched(data, directory(data) + 46, b"\0"), 30, b"\0")
    assert unpacked(tmp_path, nameless)[:2] == (CSV, "upload.csv")


def test_zip_members_that_share_their_bytes_are_several_files(tmp_path: Path) -> None:
    one = zipped(("a.csv", CSV))
    listed = one[directory(one) : -22]
    twice = one[: directory(one)] + listed * 2
    twice += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, 2 * len(listed), directory(one), 0)
    assert isinstance(refused(tmp_path, twice), errors.SeveralInside)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_no_damage_to_an_archive_breaks_its_unpacking(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = data.draw(st.sampled_from([
        gzip.compress(CSV[:400], mtime=0), zipped(("a.csv", CSV[:400])), zipped_to_a_pipe(CSV[:400]),
        zipped_in_64_bits(CSV[:400]), zlib.compress(CSV[:400]), zipped(("a.csv", CSV[:50]), ("b/c.csv", b"")),
    ]))  # fmt: skip
    spoiled = bytearray(whole)
    for at, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=4)
    ):
        spoiled[at] = value
    end = data.draw(st.integers(0, len(whole)))
    try:
        unpacked(tmp_path_factory.getbasetemp(), bytes(spoiled[:end] + data.draw(st.binary(max_size=9))))
    except AppError as told:
        assert told.message
