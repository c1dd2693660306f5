"""Conversations: what a model wrote, what was decided about it, and what it was before it was edited."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.row_rules import FROM_THE_APP, ME, MINE_OR_REVIEWER, SCHEMA, USERS, RowRules, update_guard
from core.db.tables.base import Base, NewId, Now, Owner, one_of, partial_index

OF_A_SEEN_ONE = (
    "exists (select from public.conversations c where c.id = conversation_revisions.conversation_id)"
)
_NOBODY_DECIDES_FOR_ANOTHER = update_guard(
    "conversations",
    "nobody_decides_for_another",
    f"""
  if new.reviewer_id is distinct from old.reviewer_id and new.reviewer_id is distinct from {ME}
      and new.reviewer_id is not null then
    raise exception 'nobody decides on a conversation in the name of another' using errcode = '42501';
  end if;
  return new;
""",
)

# How Postgres finds conversations by their words and findings: expressions of GIN indexes, which the rules of rows
# would keep from being asked, as their operators are not leakproof. SQLite: `conversation_search.py`.
WORDS = "array_to_tsvector(string_to_array(words, ' '))"
CODES = "jsonb_path_query_array(findings, '$[*].code')"
WITH_WORDS, WITH_FINDING = f"{SCHEMA}.conversations_with_words", f"{SCHEMA}.conversations_with_finding"


def _asking(function: str, condition: str) -> tuple[str, ...]:
    """A function that asks such an index. It tells nothing but ids: what a reader sees of them, the rules say."""
    return (
        f"create function {function}(text) returns setof uuid language sql stable security definer "  # noqa: S608  # ours
        f"set search_path = '' set enable_seqscan = off as "
        f"$$ select id from public.conversations where {condition} and {FROM_THE_APP} $$",
        f"revoke all on function {function}(text) from public",
        f"grant execute on function {function}(text) to {USERS}",
    )


_SEARCH = (*_asking(WITH_WORDS, f"{WORDS} @@ $1::tsquery"), *_asking(WITH_FINDING, f"{CODES} ? $1"))


N_BANDS, BAND_BYTES = 16, 16  # of a signature of 64 numbers of 4 bytes
IS_APPROVED = "status = 'approved'"
BANDS = tuple(f"substr(minhash, {at * BAND_BYTES + 1}, {BAND_BYTES})" for at in range(N_BANDS))
MOST_OF_A_BAND = 20  # that are looked at: where more have it, they are like each other too


def _band_indexes() -> list[sa.Index]:
    """Of what is approved, who has which band of a signature: near-duplicates are found by any that they share."""
    condition = sa.text(IS_APPROVED)
    return [
        sa.Index(
            f"ix_conversations_band_{at:02}",
            sa.text(band),
            sqlite_where=condition,
            postgresql_where=condition,
        )
        for at, band in enumerate(BANDS)
    ]


def _like_an_approved_one() -> tuple[str, ...]:
    """The approved conversation that a signature is most like, whoever's, and the share of numbers that they have in
    common. Arguments: the signature, the conversation that has it, its owner.

    The rules of rows would keep the indexes from being asked, as `substr` is not leakproof. Its id is told where it has
    the same owner and the reader may read it; else no more than the share.
    """
    function = f"{SCHEMA}.like_an_approved_one(bytea, uuid, uuid)"
    found = " union ".join(
        f"(select c.id, c.user_id, c.minhash from public.conversations c where c.{IS_APPROVED} "  # noqa: S608  # ours
        f"and {band.replace('minhash', 'c.minhash')} = {band.replace('minhash', '$1')} limit {MOST_OF_A_BAND})"
        for band in BANDS
    )
    shared = (
        "(select count(*) from generate_series(1, 253, 4) place "
        "where substr(f.minhash, place, 4) = substr($1, place, 4)) / 64.0"
    )
    return (
        f"create function {function} returns table (id uuid, share double precision) language sql stable "  # noqa: S608
        f"security definer set search_path = '' as $$ "
        f"select case when f.user_id = $3 and {MINE_OR_REVIEWER} then f.id end, {shared} as share "
        f"from ({found}) f where f.id is distinct from $2 and {FROM_THE_APP} order by share desc, f.id limit 1 $$",
        f"revoke all on function {function} from public",
        f"grant execute on function {function} to {USERS}",
    )


_LIKE_AN_APPROVED_ONE = _like_an_approved_one()


class ConversationRow(Base):
    """A generated conversation. `id` is what rows refer to; `conversation_id` names its file and never a row.

    conversation_id: uuid5 of job, item and template version, so that a replay writes the same one. messages: a list
    of {"role", "content"}, user first. first_words: how it begins, for lists. row_version: grows with each change.
    score: 0 to 100, findings: what was found, as `core/generation/quality/findings.py` reads it, minhash: the signature
    that near-duplicates are told by; all null until it was checked. words: what it is found by.
    """

    __tablename__ = "conversations"
    id: Mapped[NewId]
    conversation_id: Mapped[UUID] = mapped_column(unique=True)
    user_id: Mapped[Owner]
    batch_job_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("batch_jobs.id", ondelete="SET NULL"))
    idx: Mapped[int]
    template_id: Mapped[UUID] = mapped_column(sa.ForeignKey("prompt_templates.id"))
    params: Mapped[dict[str, Any]]
    provider: Mapped[str]
    model: Mapped[str]
    is_offline: Mapped[bool]
    messages: Mapped[list[Any]] = mapped_column(deferred=True)
    n_messages: Mapped[int]
    first_words: Mapped[str]
    words: Mapped[str] = mapped_column(default="", server_default="", deferred=True)
    content_sha256: Mapped[str]
    minhash: Mapped[bytes | None] = mapped_column(deferred=True)
    score: Mapped[int | None]
    findings: Mapped[list[Any] | None]
    enrichment: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    status: Mapped[str] = mapped_column(default="pending", server_default="pending")
    reason: Mapped[str | None]
    reviewer_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    row_version: Mapped[int] = mapped_column(default=1, server_default=sa.text("1"))
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (
        one_of("status", "pending", "approved", "rejected"),
        sa.Index("ix_conversations_newest", "user_id", "created_at", "id", "status"),
        sa.Index("ix_conversations_by_status", "user_id", "status", "created_at", "id"),
        sa.Index("ix_conversations_of_all_by_status", "status", "created_at", "id"),
        sa.Index("ix_conversations_of_job", "batch_job_id", "status", "idx"),
        sa.Index("ix_conversations_of_template", "template_id", "status", "user_id"),
        sa.Index("ix_conversations_content_sha256", "content_sha256"),
        # all that filters ask for, so that the index alone answers
        sa.Index(
            "ix_conversations_filtered",
            *("created_at", "id", "status", "score", "batch_job_id", "template_id", "user_id"),
            *("reviewer_id", "is_offline"),
        ),
        sa.Index("ix_conversations_decided", "reviewer_id", "decided_at", "status", "template_id", "user_id"),
        partial_index("ix_conversations_unchecked", "user_id", "batch_job_id", "idx", where="score IS NULL"),
        *_band_indexes(),
    )
    n_distinct: ClassVar = {"template_id": 100, "status": 3, "batch_job_id": 1_000, "reviewer_id": 20}
    row_rules = RowRules(
        readable=MINE_OR_REVIEWER,
        changeable=MINE_OR_REVIEWER,
        may=("select", "update", "delete"),
        columns=(
            *("status", "reason", "reviewer_id", "decided_at", "row_version", "updated_at"),
            *("messages", "n_messages", "first_words", "content_sha256", "minhash", "score", "findings"),
            *("enrichment", "words"),
        ),
        sql=(*_NOBODY_DECIDES_FOR_ANOTHER, *_LIKE_AN_APPROVED_ONE, *_SEARCH),
    )


class ConversationRevisionRow(Base):
    """What a conversation was before an edit. `conversation_id` is the primary key of `conversations`."""

    __tablename__ = "conversation_revisions"
    id: Mapped[NewId]
    conversation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("conversations.id", ondelete="CASCADE"))
    revision: Mapped[int]
    author_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    messages: Mapped[list[Any]]
    content_sha256: Mapped[str]
    created_at: Mapped[Now]
    __table_args__ = (sa.UniqueConstraint("conversation_id", "revision"),)
    row_rules = RowRules(
        mine=f"author_id = {ME}",
        readable=OF_A_SEEN_ONE,
        may=("select", "insert"),
        new=OF_A_SEEN_ONE,
    )
