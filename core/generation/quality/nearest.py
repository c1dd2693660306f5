"""Which conversations one is like: of its own job, and of what is approved, whoever's it is.

Near-duplicates of approved ones are found by the indexes of bands (`tables/generation/conversations.py`); those of a
job by reading its signatures, which an attempt at the job does once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.db.row_rules import SCHEMA
from core.db.tables.generation.conversations import BANDS, IS_APPROVED, MOST_OF_A_BAND, ConversationRow
from core.generation.quality.duplicates import SIZE_BYTES, Signatures, bands, similarity
from core.generation.quality.findings import Code, Finding

DUPLICATES: Final = frozenset({Code.NEAR_DUPLICATE_IN_JOB, Code.NEAR_DUPLICATE_APPROVED})
_READ_AT_ONCE: Final = 2_000
_SHARING_A_BAND: Final = (
    sa.text(
        " UNION ".join(
            f"SELECT * FROM (SELECT id, user_id, minhash FROM conversations WHERE {IS_APPROVED} "  # noqa: S608  # ours
            f"AND {band} = :band_{at} LIMIT {MOST_OF_A_BAND}) AS b{at}"
            for at, band in enumerate(BANDS)
        )
    )
    .bindparams(*(sa.bindparam(f"band_{at}", type_=sa.LargeBinary) for at in range(len(BANDS))))
    .columns(ConversationRow.id, ConversationRow.user_id, ConversationRow.minhash)
)
_OF_JOB_SHARING_A_BAND: Final = (
    sa.text(
        "SELECT id, minhash FROM conversations WHERE batch_job_id = :batch_job_id AND ("  # noqa: S608  # ours
        + " OR ".join(f"{band} = :band_{at}" for at, band in enumerate(BANDS))
        + ")"
    )
    .bindparams(
        sa.bindparam("batch_job_id", type_=sa.Uuid),
        *(sa.bindparam(f"band_{at}", type_=sa.LargeBinary) for at in range(len(BANDS))),
    )
    .columns(ConversationRow.id, ConversationRow.minhash)
)
_LIKE_AN_APPROVED_ONE: Final = (
    sa.text(f"SELECT id, share FROM {SCHEMA}.like_an_approved_one(:minhash, :row_id, :user_id)")  # noqa: S608  # ours
    .bindparams(
        sa.bindparam("minhash", type_=sa.LargeBinary),
        sa.bindparam("row_id", type_=sa.Uuid),
        sa.bindparam("user_id", type_=sa.Uuid),
    )
    .columns(id=sa.Uuid, share=sa.Double)
)


@dataclass(frozen=True)
class Like:
    """An approved conversation that one is like. row_id: None where its text is not this reader's to see."""

    row_id: UUID | None
    share: float


def approved(session: Session, minhash: bytes, *, row_id: UUID, user_id: UUID) -> Like | None:
    """The approved conversation that is most like this one; None where none shares a band. user_id: whose this one is,
    who is told of others' no more than that there is one."""
    if len(minhash) != SIZE_BYTES:
        return None
    if db.current().has_row_security and session.info["user"] != db.WORKER:
        given = {"minhash": minhash, "row_id": row_id, "user_id": user_id}
        like = session.execute(_LIKE_AN_APPROVED_ONE, given).one_or_none()
        return Like(like.id, like.share) if like is not None else None
    found = [row for row in session.execute(_SHARING_A_BAND, _banded(minhash)) if row.id != row_id]
    if not found:
        return None
    shares = similarity(minhash, [row.minhash for row in found])
    at = int(shares.argmax())
    return Like(found[at].id if found[at].user_id == user_id else None, float(shares[at]))


def of_job_like(session: Session, batch_job_id: UUID, minhash: bytes) -> Signatures:
    """The signatures of a job's conversations that share a band with this one: for one look alone."""
    signatures = Signatures()
    given = {"batch_job_id": batch_job_id, **_banded(minhash)}
    signatures.extend([(row.id, row.minhash) for row in session.execute(_OF_JOB_SHARING_A_BAND, given)])
    return signatures


def of_job(session: Session, batch_job_id: UUID) -> Signatures:
    """The signatures of all conversations of a job that the reader may see: for many looks."""
    row, signatures = ConversationRow, Signatures()
    rows = sa.select(row.id, row.minhash).where(row.batch_job_id == batch_job_id, row.minhash.is_not(None))
    found = session.execute(rows.execution_options(yield_per=_READ_AT_ONCE))
    for some in found.partitions():
        signatures.extend([(row_id, minhash) for row_id, minhash in some if minhash is not None])
    return signatures


def findings(
    session: Session,
    minhash: bytes,
    *,
    row_id: UUID,
    user_id: UUID,
    job: Signatures | None,
    similarity: float,
) -> list[Finding]:
    """That it is like another of its job, else like an approved one. similarity: from which share on."""
    like = job.nearest(minhash, but_not=row_id) if job is not None else None
    if like is not None and like[1] >= similarity:
        return [Finding(Code.NEAR_DUPLICATE_IN_JOB, detail=str(like[0]))]
    other = approved(session, minhash, row_id=row_id, user_id=user_id)
    if other is not None and other.share >= similarity:
        return [Finding(Code.NEAR_DUPLICATE_APPROVED, detail=str(other.row_id or ""))]
    return []


def _banded(minhash: bytes) -> dict[str, bytes]:
    return {f"band_{at}": band for at, band in enumerate(bands(minhash))}
