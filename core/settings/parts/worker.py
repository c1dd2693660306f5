"""Workers: how many, and how long they are waited for."""

from __future__ import annotations

from pydantic import Field

from core.settings.part import EVERY_POOL, Part


class LeaseSettings(Part, pools=EVERY_POOL):
    """Children renew the lease with each checkpoint."""

    lease_s: float = Field(
        default=30.0,
        gt=0,
        description="Seconds after which a task is taken from a worker that stopped responding.",
    )


class WorkerSettings(LeaseSettings):
    workers: int = Field(
        default=1, ge=0, le=16, description="Embedded workers; 0 = none, tasks are started by hand."
    )
    silence_s: float = Field(
        default=300.0,
        gt=0,
        description="Seconds after which a child process that stopped responding is replaced.",
    )
    drain_s: float = Field(
        default=20.0, ge=0, description="Seconds that a stopping worker may take to finish its tasks."
    )
