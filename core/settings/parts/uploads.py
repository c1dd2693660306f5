"""How large an upload may be, and how slow."""

from __future__ import annotations

from pydantic import Field

from core.settings.part import Part


class UploadSettings(Part):
    max_upload_mb: int = Field(default=2048, ge=1, description="Largest upload, in MB of 1,000,000 bytes.")
    upload_silence_s: float = Field(
        default=60.0, gt=0, description="Seconds without data after which an upload is aborted."
    )
