"""Files to the browser: streamed from storage in flat memory, whole or from where a broken download stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import quote

import anyio
import anyio.to_thread
from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from core import db, logs
from core.access import audit
from core.api.errors import PreconditionFailed, RangeUnsatisfiable
from core.storage import Storage, disk_reserve
from core.uploads.detect.encodings import charsets

log = logs.get("api")

CACHING = "private, no-cache"
CHUNK_BYTES = 256 << 10
# What OpenAPI says of the headers of a download.
CONDITIONS: Mapping[str, Any] = {
    "parameters": [
        {"name": name, "in": "header", "schema": {"type": "string"}, "description": means}
        for name, means in {
            "Range": "One range of bytes, such as `bytes=1000-`; several return the whole file.",
            "If-Range": "An ETag: the range applies only if the file still has it.",
            "If-Match": "ETags, or `*`: 412 if none of them is the file's.",
            "If-None-Match": "ETags, or `*`: 304 if one of them is the file's.",
        }.items()
    ]
}
UNCHANGED: Mapping[int | str, dict[str, Any]] = {
    304: {"description": "The file has an ETag that If-None-Match names."}
}
_RANGE = re.compile(r"bytes=\s*+(\d{0,99}+)\s*+-\s*+(\d{0,99}+)\s*+", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Download:
    """A stored file as it is to arrive. etag: changes when the bytes do. subject: what it is in the audit trail."""

    subject: audit.Subject
    key: str
    file_name: str
    media_type: str
    etag: str


def csv_media_type(codec: str) -> str:
    """`text/csv` with the charset's registered name, where it has one; codec: Python's name of it."""
    charset = charsets.charset(codec)
    return f"text/csv; charset={charset}" if charset else "text/csv"


def respond(request: Request, storage: Storage, download: Download, *, user: db.User) -> Response:
    """The whole file, or the one range that was asked for; or the way to it where storage gives it out itself.

    Blocking; raises NotStored, RangeUnsatisfiable, PreconditionFailed.

    Several ranges, and what is no range, are answered with the whole file, as RFC 9110 allows.
    """
    size_bytes = storage.stat(download.key).size_bytes
    etag = f'"{download.etag}"'
    if not _is_among(etag, request.headers.get("if-match", "*")):
        raise PreconditionFailed(file_name=download.file_name)
    if _is_among(etag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers={"ETag": etag, "Cache-Control": CACHING})
    span = _span(request, size_bytes=size_bytes, etag=etag)
    start, stop = span or (0, size_bytes)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": CACHING,
        "Content-Disposition": _disposition(download.file_name),
        # Streamlit's middleware compresses whatever names no encoding: slow, and without a length
        "Content-Encoding": "identity",
        "Content-Length": str(stop - start),
        "Content-Type": download.media_type,
        "ETag": etag,
        "X-Content-Type-Options": "nosniff",
    }
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size_bytes}"
    status_code = 200 if span is None else 206
    if request.method == "HEAD":
        return Response(status_code=status_code, headers=headers)
    if start == 0:  # what goes on where a broken download stopped is the same one
        note(user, download.subject, download.media_type)
    if "if-range" not in request.headers:  # whose tag is ours, not the bucket's
        disposition, media_type = headers["Content-Disposition"], download.media_type
        if link := storage.link(download.key, disposition=disposition, media_type=media_type):
            return Response(status_code=307, headers={"Location": link, "Cache-Control": "private, no-store"})
    # Opened before the head is sent: if it was deleted since, that can still be said.
    stream = storage.open(download.key, start=start)
    return _Streamed(stream, n_bytes=stop - start, status_code=status_code, headers=headers)


def note(user: db.User, subject: audit.Subject, media_type: str) -> None:
    """Have the audit trail say who took a file, before they get it."""
    with disk_reserve.lent(), db.session_scope(user, write=True) as session:
        audit.note(session, f"{subject.kind}.downloaded", subject, type=media_type.partition(";")[0])


def respond_with(request: Request, chunks: Iterator[bytes], *, file_name: str, media_type: str) -> Response:
    """A file that is made while it is sent; its length is not known before. What `chunks` raises cuts it off."""
    headers = {
        "Cache-Control": CACHING,
        "Content-Disposition": _disposition(file_name),
        "Content-Encoding": "identity",
        "Content-Type": media_type,
        "X-Content-Type-Options": "nosniff",
    }
    if request.method == "HEAD":
        return Response(headers=headers)
    return StreamingResponse(chunks, headers=headers)


class _Streamed(StreamingResponse):
    """An open file's next bytes. Closes it as soon as the answer ends, even when the client went away meanwhile."""

    def __init__(self, stream: BinaryIO, *, n_bytes: int, status_code: int, headers: dict[str, str]) -> None:
        super().__init__((), status_code=status_code, headers=headers)
        self._stream = stream
        self._n_bytes = n_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._stream.close)

    async def stream_response(self, send: Send) -> None:
        """A file that became shorter ends the answer unfinished, for which the server cuts the connection."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        left = self._n_bytes
        while left:
            chunk = await anyio.to_thread.run_sync(self._stream.read, min(CHUNK_BYTES, left))
            if not chunk:
                log.warning("a stored file became shorter while it was sent", n_missing=left)
                return
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _span(request: Request, *, size_bytes: int, etag: str) -> tuple[int, int] | None:
    """First byte and the one behind the last; None for the whole file. Raises RangeUnsatisfiable."""
    asked = request.headers.get("range", "")
    match = _RANGE.fullmatch(asked)
    if match is None or request.headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    if first:
        start = int(first)
        stop = min(int(last) + 1, size_bytes) if last else size_bytes
        if last and int(last) < start:
            return None
    elif last:
        start, stop = max(0, size_bytes - int(last)), size_bytes
    else:
        return None
    if start >= size_bytes or start >= stop:
        raise RangeUnsatisfiable(size_bytes=size_bytes, asked=asked[:80])
    return start, stop


def _is_among(etag: str, tags: str) -> bool:
    """Whether a header that lists tags means this one, or any."""
    listed = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    return etag in listed or listed == ["*"]


def _disposition(file_name: str) -> str:
    plain = re.sub(r'[^ -~]|["\\%]', "_", file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
