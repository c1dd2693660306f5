"""The installation's first start."""

from __future__ import annotations

from pydantic import Field

from core.settings.part import Part


class SystemSettings(Part):
    sample: bool = Field(default=True, description="Create the sample file and its model on first start.")
