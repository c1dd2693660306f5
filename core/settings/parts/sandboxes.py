"""What code that nobody has read may use of this machine."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from core.settings.parts.data import DataSettings


class SandboxSettings(DataSettings, pools=("training", "scoring")):
    sandbox_memory_mb: int = Field(
        default=2_048, ge=256, le=1_048_576, description="MB of memory that all code in one sandbox may use."
    )
    sandbox_disk_mb: int = Field(
        default=1_024, ge=64, le=1_048_576, description="MB of disk that all files in one sandbox may take."
    )

    @property
    def sandboxes_dir(self) -> Path:
        """Where sandboxes on this machine have their files."""
        return self.data_dir / "sandboxes"
