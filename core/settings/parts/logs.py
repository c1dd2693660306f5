"""How log lines look."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.settings.part import EVERY_POOL, Part


class LogSettings(Part, pools=EVERY_POOL):
    log_format: Literal["console", "json"] = Field(default="console", description="Format of log lines.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level of log lines to show."
    )
