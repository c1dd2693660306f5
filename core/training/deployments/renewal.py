"""How long a live app at E2B lives on: while people use it, through the app or at its own address.

E2B gives a sandbox so many seconds from when it is asked, whoever comes by meanwhile. Of those who open its own address
nothing passes through here, so the process counts them and says the count beside its health, which is asked anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from core import db, logs, queue
from core.db.tables.deployments import DeploymentRow
from core.db.types import now_plus
from core.sandboxes import SandboxUnavailable
from core.sandboxes.e2b.sandbox import E2BSandbox
from core.settings import Settings, part
from core.settings.parts.training import DeploymentSettings

NOT_RENEWED: Final = "not_renewed"
ASLEEP_THEN: Final = "It sleeps when its time is over; the next visitor wakes it up."
log = logs.get("training")


class Renewal:
    """Of one live app. write: notes something in its row, as `Serving` does."""

    def __init__(self, settings: Settings, deployment_id: UUID, write: Callable[..., bool]) -> None:
        self._config = part(settings, DeploymentSettings)
        self._deployment_id, self._write = deployment_id, write
        self._used_at: datetime | None = None
        self._n_visits: int | None = None

    @property
    def idle_s(self) -> float:
        """How long it lives without being used."""
        return self._config.deployment_idle_s

    def begin(self, *, n_visits: int | None) -> None:
        """Of a process that begins with this count; None: of one that was taken up and has counted before."""
        self._n_visits = n_visits

    def look(self, sandbox: E2BSandbox, *, n_visits: int | None) -> None:
        """Let it live on where somebody has used it since the last look, or has extended it, as far as the plan goes.

        n_visits: as the process says, so that code could keep itself awake. So could anybody who asks it now and then.
        """
        before, self._n_visits = self._n_visits, n_visits
        if before is not None and n_visits is not None and n_visits > before:
            expires_at = now_plus(self._config.deployment_ttl_s)
            self._write(to=None, used_at=now_plus(), expires_at=expires_at)
        with db.session_scope(db.WORKER) as session:
            this = sa.select(DeploymentRow.used_at, DeploymentRow.reason)
            found = session.execute(this.where(DeploymentRow.id == self._deployment_id)).one()
        if self._used_at is not None and found.used_at <= self._used_at:
            return
        self._used_at = found.used_at
        try:
            sandbox.renew(self.idle_s)
        except SandboxUnavailable as refused:
            log.warning("E2B lets a live app live no longer", problem=refused.problem)
            said = f"It was used, but E2B does not let it live longer: {refused.problem}."
            self._write(to=None, reason=queue.Reason(NOT_RENEWED, said, ASLEEP_THEN))
        else:
            if (found.reason or {}).get("code") == NOT_RENEWED:
                self._write(to=None, clears=True)
