"""What the rest of a job will cost, told by the replies that it has got."""

from __future__ import annotations

import math
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import llm
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchJobRow
from core.generation.jobs import estimate
from core.generation.jobs.estimate import Estimate

LOOKS_BACK = 500  # replies


def of(session: Session, *, job: BatchJobRow, n_left: int, provider: llm.Provider) -> Estimate | None:
    """None while it has got too few replies to tell, or nothing is left. Raises UnknownPrice."""
    inputs, outputs = _lengths(session, batch_job_id=job.id)
    if len(outputs) < estimate.ENOUGH or not n_left:
        return None
    return estimate.estimated(
        provider,
        model=job.model,
        n_items=n_left,
        n_input=math.ceil(sum(inputs) / len(inputs)),
        is_rough=False,
        past=outputs,
        max_tokens=job.max_tokens,
    )


def _lengths(session: Session, *, batch_job_id: UUID) -> tuple[Sequence[int], Sequence[int]]:
    """How many tokens the job's prompts had and its replies took, of some hundred of them."""
    rows = (
        sa.select(
            BatchCallRow.n_input + BatchCallRow.n_cache_read + BatchCallRow.n_cache_write,
            BatchCallRow.n_output,
        )
        .where(BatchCallRow.batch_job_id == batch_job_id, BatchCallRow.n_output > 0)
        .limit(LOOKS_BACK)
    )
    found = session.execute(rows).all()
    return [n for n, _ in found], [n for _, n in found]
