"""A multipart body with one file in it, streamed straight into staging: never whole in memory, never twice on disk."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import anyio
import anyio.to_thread
from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from core.api.errors import (
    FileElsewhere,
    FileNameMissing,
    NoFile,
    RequestTooLarge,
    SenderSilent,
    SeveralFiles,
    UnreadableRequest,
    WrongMediaType,
)
from core.storage import Staging

FILE = "file"
BATCH_BYTES = 1 << 20
MAX_FIELD_BYTES = 4096
MAX_HEAD_BYTES = 4096
MAX_PARTS = 16
_EXTENDED = re.compile(rb"filename\*\s*=\s*utf-8'[^']*'([^;\s]*)", re.IGNORECASE)  # RFC 8187
ENVELOPE_BYTES = (MAX_PARTS + 1) * (MAX_FIELD_BYTES + MAX_HEAD_BYTES)  # all that may stand around the file


@dataclass(frozen=True)
class Form:
    """What came beside the file's bytes. file_name is as sent: any text at all."""

    file_name: str
    fields: dict[str, str]


async def receive(request: Request, staged: Staging, *, limit_mb: int, silence_s: float) -> Form:
    """Write the file part to `staged` while it arrives; fields may stand before or behind it.

    Raises RequestTooLarge (at once, where Content-Length says so), WrongMediaType, UnreadableRequest, NoFile,
    SeveralFiles, DiskFull, ClientDisconnect when the sender goes away, and SenderSilent when it sends nothing
    for silence_s.
    """
    media_type, options = parse_options_header(request.headers.get("content-type"))
    if media_type != b"multipart/form-data":
        raise WrongMediaType(expected="multipart/form-data", found=media_type.decode("latin-1") or "nothing")
    if not (boundary := options.get(b"boundary")):
        raise UnreadableRequest(problem="its Content-Type names no boundary")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit_mb * 1_000_000 + ENVELOPE_BYTES:
        raise _too_large(limit_mb)
    if declared.isdecimal():
        staged.require_room(int(declared))
    parts = _Parts(boundary, limit_mb=limit_mb)
    async with aclosing(request.stream()) as chunks:
        async for chunk in _in_time(chunks, silence_s):
            parts.feed(chunk)
            if len(parts.arrived) >= BATCH_BYTES:
                await _keep(parts, staged)
    await _keep(parts, staged)
    return parts.form()


async def _in_time(chunks: AsyncGenerator[bytes], silence_s: float) -> AsyncGenerator[bytes]:
    """The chunks, each due within silence_s of the one before. Raises SenderSilent."""
    while True:
        try:
            with anyio.fail_after(silence_s):
                chunk = await anext(chunks, None)
        except TimeoutError as late:
            raise SenderSilent(silent_s=round(silence_s)) from late
        if chunk is None:
            return
        yield chunk


async def _keep(parts: _Parts, staged: Staging) -> None:
    batch, parts.arrived = bytes(parts.arrived), bytearray()
    if batch:
        await anyio.to_thread.run_sync(staged.write, batch)


def _too_large(limit_mb: int) -> RequestTooLarge:
    remedy = "Split it into several files, or raise MAX_UPLOAD_MB."
    return RequestTooLarge(resource="file", limit_mb=limit_mb, remedy=remedy)


class _Parts:
    """What the parser has found so far. `arrived`: bytes of the file that are to be written next."""

    def __init__(self, boundary: bytes, *, limit_mb: int) -> None:
        self.arrived = bytearray()
        self._limit_mb = limit_mb
        self._n_file_bytes = 0
        self._file_name: str | None = None
        self._fields: dict[str, str] = {}
        self._n_parts = 0
        self._ended = False
        self._header_name = self._header_value = b""
        self._disposition = b""
        self._field: str | None = None  # None while the part is the file
        self._value = bytearray()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_name_goes_on,
                    "on_header_value": self._header_value_goes_on,
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._body_begins,
                    "on_part_data": self._body_goes_on,
                    "on_part_end": self._part_ends,
                    "on_end": self._ends,
                },
                max_header_size=MAX_HEAD_BYTES,
            )
        except ValueError as error:
            raise UnreadableRequest(problem="its boundary is too long") from error

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except MultipartParseError as error:
            raise UnreadableRequest(problem=self._why(error)) from error

    def _why(self, error: MultipartParseError) -> str:
        if not self._n_parts:
            return "it does not start with the boundary from its Content-Type"
        if "header size" in str(error):
            return f"a part's header has a line of more than {MAX_HEAD_BYTES:,} bytes; shorten the file name"
        return f"part {self._n_parts} is malformed"

    def form(self) -> Form:
        """The form, once every byte was fed."""
        if not self._ended:
            raise UnreadableRequest(problem="it ends before its last boundary")
        if self._file_name is None:
            raise NoFile
        return Form(file_name=self._file_name, fields=self._fields)

    def _part_begins(self) -> None:
        self._n_parts += 1
        if self._n_parts > MAX_PARTS:
            raise UnreadableRequest(problem=f"it has more than {MAX_PARTS} parts")
        self._disposition = b""
        self._value.clear()

    def _header_name_goes_on(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _header_value_goes_on(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_ends(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name = self._header_value = b""

    def _body_begins(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = _text(options.get(b"name", b""))
        file_name = _file_name(options, self._disposition)
        if file_name is None:
            if name == FILE:
                raise FileNameMissing
            self._field = name
            if name in self._fields:
                raise UnreadableRequest(problem=f"it has the field '{name[:80]}' twice")
            return
        self._field = None
        if self._file_name is not None:
            raise SeveralFiles
        if name != FILE:
            raise FileElsewhere(part=name)
        if not file_name:
            raise FileNameMissing
        self._file_name = file_name

    def _body_goes_on(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._n_file_bytes += end - start
            if self._n_file_bytes > self._limit_mb * 1_000_000:
                raise _too_large(self._limit_mb)
            self.arrived += data[start:end]
            return
        self._value += data[start:end]
        if len(self._value) > MAX_FIELD_BYTES:
            raise UnreadableRequest(problem=f"the field '{self._field[:80]}' is too long")

    def _part_ends(self) -> None:
        if self._field is not None:
            self._fields[self._field] = _text(self._value)

    def _ends(self) -> None:
        self._ended = True


def _file_name(options: dict[bytes, bytes], disposition: bytes) -> str | None:
    """A part's file name; None where it has none. The extended form counts only where it stands alone."""
    if b"filename" in options:
        return _text(options[b"filename"])
    extended = _EXTENDED.search(disposition)
    return None if extended is None else _text(unquote_to_bytes(extended[1]))


def _text(value: bytes | bytearray) -> str:
    return value.decode("utf-8", errors="replace")
