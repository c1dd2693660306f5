"""What is fuzzed: functions of any bytes that end in a right result or in a refusal of ours."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import anyio
from fastapi import Request

from core.api.http import multipart
from core.errors import AppError
from core.storage import stage
from core.uploads import archives
from core.uploads.csv import stream
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine

BOUNDARY = b"fuzz"
Target = Callable[[bytes], None]


def reader(folder: Path) -> Target:
    """Examine the bytes as a file, and read back what was accepted."""
    path = folder / "file"

    def examined(data: bytes) -> None:
        path.write_bytes(data)
        try:
            found = examine(path, file_name="file.csv")
        except AppError as refused:
            assert refused.message
            return
        with path.open("rb") as source:
            table = stream.read_table(source, found.dialect)
        assert table.num_rows == found.n_rows
        assert table.column_names == [column.name for column in found.columns]
        assert Examination.from_json(found.to_json()) == found

    return examined


def multiparts(folder: Path) -> Target:
    """Receive the bytes as the body of an upload; the first byte says how they are cut into chunks."""

    def received(data: bytes) -> None:
        size = 1 + (data[0] if data else 0)
        body = data[1:]
        chunks = [body[at : at + size] for at in range(0, len(body), size)]

        async def receive() -> dict[str, object]:
            chunk = chunks.pop(0) if chunks else b""
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

        media_type = b"multipart/form-data; boundary=" + BOUNDARY
        request = Request({"type": "http", "headers": [(b"content-type", media_type)]}, receive)
        with stage(folder) as staged:
            try:
                form = anyio.run(_form, request, staged)
            except AppError as refused:
                assert refused.message
                return
            assert staged.size_bytes <= len(body)
            assert form.file_name

    return received


def packed(folder: Path) -> Target:
    """Unpack the bytes as a gzip or zip file."""

    def unpacked(data: bytes) -> None:
        with stage(folder) as staged:
            staged.write(data)
            staged.close()
            try:
                with archives.unpacked(staged, file_name="a.zip", limit_mb=1) as plain:
                    assert plain.staged.size_bytes <= max(len(data), 1_000_000)
                    assert plain.file_name
            except AppError as refused:
                assert refused.message

    return unpacked


async def _form(request: Request, staged: object) -> multipart.Form:
    return await multipart.receive(request, staged, limit_mb=1, silence_s=60)  # type: ignore[arg-type]  # a Staging


def form(data: bytes) -> bytes:
    """A body with a file and a field in it, to begin with."""
    head = b'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    field = b'Content-Disposition: form-data; name="mode"\r\n\r\nnone'
    parts = b"".join(b"--%s\r\n%s\r\n" % (BOUNDARY, part) for part in (head + data, field))
    return b"\x40" + parts + b"--%s--\r\n" % BOUNDARY


def zipped(data: bytes) -> bytes:
    """A zip with this file in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", data)
    return packed.getvalue()


TARGETS: dict[str, Callable[[Path], Target]] = {"reader": reader, "multipart": multiparts, "archives": packed}
