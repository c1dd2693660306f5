"""The Supabase project whose sign-in or files are used."""

from __future__ import annotations

from pydantic import Field

from core.settings.part import EVERY_POOL, Part
from core.settings.values import WebAddress


class SupabaseSettings(Part, pools=EVERY_POOL):
    supabase_url: WebAddress = Field(
        default="", description="URL of the Supabase project, such as https://my-project.supabase.co."
    )
