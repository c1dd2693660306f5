"""The file of an export: a zip with `data/train.*`, `data/validation.*`, `manifest.json` and `README.md`.

It is made while it is sent. A few rows are in memory at a time, each few read in a transaction of their own, which is
over before they are sent. Whatever ends it early leaves a zip without its directory, which no reader takes for whole.
Of the same conversations comes the same file, byte for byte: nothing in it tells when it was made.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import IO, Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from core import db
from core.access import audit
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import files
from core.generation.export import card, manifest, plan
from core.generation.export.formats import FORMATS, Format, Said, line
from core.generation.export.plan import Plan, Side
from core.generation.export.tally import Tally

N_AT_FIRST, N_AT_MOST = 50, 300  # rows of one reading
READ_LETTERS: Final = 2 << 20  # of one reading, about, as those before it went
CHUNK_BYTES: Final = 256 << 10
ROW_GROUP_BYTES: Final = 4 << 20
MEDIA_TYPE: Final = "application/zip"
_LEVEL: Final = 3  # at twice the speed of the usual one, for a tenth more bytes
_READ: Final = ("id", "conversation_id", "content_sha256", "status", "model", "is_offline", "messages")


def note(user: db.User, planned: Plan) -> None:
    """Have the audit trail say who takes what, before they get it."""
    with db.session_scope(user, write=True) as session:
        many = audit.Subject("conversations", "", f"{planned.n:,} conversations as {planned.wanted.format}")
        audit.note(session, "conversation.exported", many, n=planned.n, **planned.wanted.told())


def packed(user: db.User, planned: Plan) -> Iterator[bytes]:
    """The zip, in pieces that are worth sending. Raises NotAllowed, DatabaseUnavailable."""
    form, sink = FORMATS[planned.wanted.format], _Sink()
    tallies: dict[str, Tally] = {}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for side in planned.sides:
            tallies[side.name] = tally = Tally()
            name = f"data/{side.name}.{form.suffix}"
            stored = zipfile.ZipInfo(name) if form.is_parquet else name  # which is packed already
            with archive.open(stored, "w", force_zip64=True) as entry:
                hashed = _Hashed(entry)
                for _ in _written(user, planned, side, form, hashed, tally):
                    if sink.n_bytes >= CHUNK_BYTES:
                        yield sink.taken()
            tally.size_bytes, tally.sha256 = hashed.n_bytes, hashed.sha256.hexdigest()
        with archive.open("manifest.json", "w", force_zip64=True) as entry:
            for piece in manifest.pieces(planned, tallies):
                entry.write(piece)
                if sink.n_bytes >= CHUNK_BYTES:
                    yield sink.taken()
        with archive.open("README.md", "w") as entry:
            entry.write(card.text(planned, tallies).encode())
    yield sink.taken()


def _written(
    user: db.User, planned: Plan, side: Side, form: Format, entry: _Hashed, tally: Tally
) -> Iterator[None]:
    """Write a side; after each few rows the caller may send what has come together."""
    if not form.is_parquet:
        for some in _read(user, planned, side, tally):
            for said in some:
                entry.write(line(form.row(said)))
            yield
        return
    with pq.ParquetWriter(entry, form.schema, compression="zstd") as writer:
        waiting: list[dict[str, Any]] = []
        n_bytes = 0
        for some in _read(user, planned, side, tally):
            for said in some:
                waiting.append(form.row(said))
                n_bytes += sum(len(one["content"]) for one in said.messages)
                if n_bytes >= ROW_GROUP_BYTES:
                    writer.write_table(pa.Table.from_pylist(waiting, form.schema))
                    waiting, n_bytes = [], 0
            yield
        if waiting:
            writer.write_table(pa.Table.from_pylist(waiting, form.schema))


def _read(user: db.User, planned: Plan, side: Side, tally: Tally) -> Iterator[list[Said]]:
    """The conversations of a side, a few at a time: as many as are of the length of those before."""
    begin, n_most = 0, N_AT_FIRST
    while part := side.part(begin, n_most):
        some = list(_unchanged(user, planned, part, tally))
        yield some
        begin += len(part)
        n_letters = sum(len(one["content"]) for said in some for one in said.messages)
        n_most = max(1, min(N_AT_MOST, READ_LETTERS * len(part) // max(1, n_letters)))


def _unchanged(
    user: db.User, planned: Plan, part: Sequence[tuple[UUID, str]], tally: Tally
) -> Iterator[Said]:
    """Those of a part that are still what was planned, in its order; the transaction is over before the first."""
    row = ConversationRow
    with db.session_scope(user) as session:
        fit = plan.conditions(session, planned.wanted)
        these = sa.select(*(getattr(row, name) for name in _READ)).where(
            row.id.in_([row_id for row_id, _ in part]), *fit
        )
        found = {one.id: one for one in session.execute(these)}
    for row_id, content_sha256 in part:
        one = found.get(row_id)
        if one is None or one.content_sha256 != content_sha256:
            tally.changed.append(row_id)
            continue
        said = Said(
            id=one.id,
            conversation_id=one.conversation_id,
            content_sha256=content_sha256,
            status=one.status,
            source=files.OFFLINE if one.is_offline else one.model,
            is_offline=one.is_offline,
            messages=one.messages,
        )
        tally.add(said)
        yield said


class _Hashed(io.RawIOBase):
    """What a side is written to: it knows how many bytes came and their hash."""

    def __init__(self, entry: IO[bytes]) -> None:
        self._entry = entry
        self.n_bytes, self.sha256 = 0, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        self.sha256.update(chunk)
        n = memoryview(chunk).nbytes
        self.n_bytes += n
        self._entry.write(chunk)
        return n

    def tell(self) -> int:
        return self.n_bytes


class _Sink(io.RawIOBase):
    """What an archive is written to, handed on as it comes: it is never whole in memory."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self.n_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        self._chunks.append(bytes(chunk))
        self.n_bytes += len(chunk)
        return len(chunk)

    def taken(self) -> bytes:
        """What has come since this was last asked."""
        chunks, self._chunks, self.n_bytes = self._chunks, [], 0
        return b"".join(chunks)
