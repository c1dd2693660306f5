"""Training: how much of it one user may ask for."""

from __future__ import annotations

from pydantic import Field

from core.settings.part import Part


class ModelSettings(Part):
    max_waiting_trainings: int = Field(
        default=5, ge=1, description="Trainings of one user that may be in the queue; more are refused."
    )
