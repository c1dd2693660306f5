"""Where this machine keeps what is embedded."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from core.settings.part import EVERY_POOL, Part
from core.settings.values import Folder


class DataSettings(Part, pools=EVERY_POOL):
    data_dir: Folder = Field(
        default=Path("data"), validate_default=True, description="Folder for the embedded database and files."
    )

    reserve_mb: int = Field(
        default=20,
        ge=0,
        description="MB that are kept free in DATA_DIR for deleting on a full disk; 0 = none.",
    )

    @property
    def staging_dir(self) -> Path:
        """Where bytes wait on this machine until they are known to be good."""
        return self.data_dir / "staging"

    @property
    def workers_dir(self) -> Path:
        """Where each worker of this machine shows that it lives."""
        return self.data_dir / "workers"
