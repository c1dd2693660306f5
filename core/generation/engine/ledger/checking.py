"""The quality of a job's conversations: of each its text when it is read, and what it is like when it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from core import db
from core.generation.quality import nearest, rows
from core.generation.quality.duplicates import Signatures
from core.generation.quality.thresholds import Thresholds


class Checking:
    """Of one attempt. asked: what the job's template asks of its conversations."""

    def __init__(self, *, batch_job_id: UUID, user_id: UUID, asked: Thresholds) -> None:
        self._batch_job_id, self._user_id, self._asked = batch_job_id, user_id, asked
        self._signatures: Signatures | None = None
        self._compared = set[UUID]()

    def by_text(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What a new row holds of its quality before it is compared with others. Raises nothing."""
        return rows.by_text(
            values["messages"], asked=self._asked, params=values["params"], conversation=str(values["id"])
        )

    def compare(self, made: Sequence[dict[str, Any]]) -> None:
        """Put into the values of new rows what they are like, those before them too; a second time changes nothing.

        In a transaction of its own, so that nothing in it can undo what is kept. Raises DatabaseUnavailable.
        """
        new = [values for values in made if values["id"] not in self._compared]
        if not new:
            return
        with db.session_scope(db.WORKER) as session:
            if self._signatures is None:
                self._signatures = nearest.of_job(session, self._batch_job_id)
            for values in new:
                values |= rows.compared(
                    session,
                    values,
                    row_id=values["id"],
                    user_id=self._user_id,
                    job=self._signatures,
                    asked=self._asked,
                )
                if values["minhash"] is not None:
                    self._signatures.add(values["id"], values["minhash"])
                self._compared.add(values["id"])
