"""Export: conversations as a file to train with, made while it is sent, and the manifest that says what is in it.

A format is a function that writes one conversation; a few rows are in memory at a time, each few read in a transaction
of their own, which is over before they are sent.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from core import db
from core.access import audit
from core.db.tables.conversations import ConversationRow
from core.generation.conversations import files
from core.generation.conversations.conversations import Filter
from core.generation.conversations.errors import FormatUnknown, TooManyNamed
from core.generation.conversations.states import Status

N_A_READING: Final = 50
MOST_IDS: Final = 1_000
CHUNK_BYTES: Final = 64 << 10
MEDIA_TYPE: Final = "application/jsonl"
_FIXED: Final = (1980, 1, 1, 0, 0, 0)  # so that of the same conversations the same archive comes


@dataclass(frozen=True)
class Wanted:
    """What is to be exported. ids: these alone, as far as they fit the filter."""

    format: str
    asked: Filter = field(default_factory=lambda: Filter(statuses=(Status.APPROVED,)))
    ids: tuple[UUID, ...] | None = None

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise FormatUnknown(format=self.format[:80], known=", ".join(FORMATS))
        if self.ids is not None and len(self.ids) > MOST_IDS:
            raise TooManyNamed(n_ids=len(self.ids), limit=MOST_IDS)


@dataclass
class Tally:
    """What has been written so far."""

    n: int = 0
    n_offline: int = 0
    n_messages: int = 0
    n_bytes: int = 0
    by_source: dict[str, int] = field(default_factory=dict)
    sha256: Any = field(default_factory=hashlib.sha256)

    def add(self, conversation: ConversationRow, line: bytes) -> None:
        source = files.source(conversation)
        self.n += 1
        self.n_offline += conversation.is_offline
        self.n_messages += conversation.n_messages
        self.n_bytes += len(line)
        self.by_source[source] = self.by_source.get(source, 0) + 1
        self.sha256.update(line)


def chat_jsonl(conversation: ConversationRow) -> bytes:
    """A line that fine-tuning reads: `messages`, and what the conversation is and came of."""
    row = conversation
    said = {
        "messages": [{"role": one["role"], "content": one["content"]} for one in row.messages],
        "id": str(row.id),
        "conversation_id": str(row.conversation_id),
        "content_sha256": row.content_sha256,
        "status": row.status,
        "source": files.source(row),
        "is_offline": row.is_offline,
    }
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


FORMATS: Final[Mapping[str, Callable[[ConversationRow], bytes]]] = {"chat-jsonl": chat_jsonl}


def note(user: db.User, wanted: Wanted) -> None:
    """Have the audit trail say who takes what, before they get it. Raises NotAllowed for others' conversations."""
    with db.session_scope(user, write=True) as session:
        wanted.asked.conditions(session)
        many = audit.Subject("conversations", "", f"conversations as {wanted.format}")
        audit.note(session, "conversation.exported", many, **said(wanted))


def lines(user: db.User, wanted: Wanted, tally: Tally) -> Iterator[bytes]:
    """The file, in the order in which conversations were made; `tally` grows with it."""
    write = FORMATS[wanted.format]
    last: tuple[datetime, UUID] | None = None
    while rows := _read(user, wanted, last):
        for row in rows:
            line = write(row)
            tally.add(row, line)
            yield line
        last = rows[-1].created_at, rows[-1].id


def plain(user: db.User, wanted: Wanted) -> Iterator[bytes]:
    """The file alone, in pieces that are worth sending."""
    waiting: list[bytes] = []
    n_bytes = 0
    for line in lines(user, wanted, Tally()):
        waiting.append(line)
        n_bytes += len(line)
        if n_bytes >= CHUNK_BYTES:
            yield b"".join(waiting)
            waiting, n_bytes = [], 0
    if waiting:
        yield b"".join(waiting)


def packed(user: db.User, wanted: Wanted, *, now: datetime) -> Iterator[bytes]:
    """A zip with the file and, behind it, `manifest.json`."""
    tally, sink = Tally(), _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(zipfile.ZipInfo("conversations.jsonl", _FIXED), "w", force_zip64=True) as file:
            for line in lines(user, wanted, tally):
                file.write(line)
                if chunk := sink.taken():  # nothing while little has come together
                    yield chunk
        told = json.dumps(manifest(wanted, tally, now=now), ensure_ascii=False, indent=1)
        archive.writestr(zipfile.ZipInfo("manifest.json", _FIXED), told, zipfile.ZIP_DEFLATED)
    yield sink.taken()


def manifest(wanted: Wanted, tally: Tally, *, now: datetime) -> dict[str, Any]:
    """What a file holds, how it was chosen, and the hash by which it is known again."""
    return {
        "file": "conversations.jsonl",
        "exported_at": now.astimezone(UTC).isoformat(),
        **said(wanted),
        "n_conversations": tally.n,
        "n_offline": tally.n_offline,
        "n_messages": tally.n_messages,
        "by_source": tally.by_source,
        "size_bytes": tally.n_bytes,
        "sha256": tally.sha256.hexdigest(),
    }


def said(wanted: Wanted) -> dict[str, Any]:
    """The format and the filters, as they are written down."""
    asked = wanted.asked
    named = {
        "status": [status.value for status in asked.statuses] or None,
        "batch_job_id": asked.batch_job_id,
        "template_id": asked.template_id,
        "is_offline": asked.is_offline,
        "user_id": asked.owner,
        "ids": None if wanted.ids is None else [str(one) for one in wanted.ids],
    }
    filters = {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in named.items()
        if value is not None
    }
    return {"format": wanted.format, "filters": filters}


def _read(user: db.User, wanted: Wanted, last: tuple[datetime, UUID] | None) -> Sequence[ConversationRow]:
    row = ConversationRow
    with db.session_scope(user) as session:
        rows = sa.select(row).where(*wanted.asked.conditions(session)).options(undefer(row.messages))
        if wanted.ids is not None:
            rows = rows.where(row.id.in_(wanted.ids))
        if last is not None:
            behind = sa.tuple_(sa.literal(last[0], row.created_at.type), sa.literal(last[1], row.id.type))
            rows = rows.where(sa.tuple_(row.created_at, row.id) > behind)
        return session.execute(rows.order_by(row.created_at, row.id).limit(N_A_READING)).scalars().all()


class _Sink(io.RawIOBase):
    """What an archive is written to, handed on as it comes: it is never whole in memory."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        self._chunks.append(bytes(chunk))
        return len(chunk)

    def taken(self) -> bytes:
        """What has come since this was last asked."""
        chunks, self._chunks = self._chunks, []
        return b"".join(chunks)
