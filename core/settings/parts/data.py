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

    @property
    def staging_dir(self) -> Path:
        """Where bytes wait on this machine until they are known to be good."""
        return self.data_dir / "staging"
