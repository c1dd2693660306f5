"""What toys are made of."""

from __future__ import annotations

from pydantic import Field

from core.settings.part import Part


class ToySettings(Part, pools=("generation",)):
    toy_text: str = Field(default="a toy", min_length=1, description="What is in the file of a toy.")
