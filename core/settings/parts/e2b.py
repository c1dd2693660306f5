"""Sandboxes at E2B: with a key, code that nobody has read runs there and not on this machine."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from core.settings.part import Part
from core.settings.values import HostName, WebAddress


class E2BSettings(Part, pools=("training", "scoring")):
    e2b_api_key: SecretStr = Field(
        default=SecretStr(""), description="E2B API key; with it, code and live apps run in sandboxes there."
    )
    e2b_domain: HostName = Field(
        default="e2b.app", description="Domain of E2B, below which its sandboxes are reached."
    )
    e2b_template: str = Field(
        default="base", min_length=1, description="Template of the sandboxes at E2B; it needs Python and pip."
    )
    e2b_api_url: WebAddress = Field(
        default="", description="Address of another server that speaks like E2B's API; empty = E2B's."
    )
    e2b_sandbox_url: WebAddress = Field(
        default="",
        description="Address by which all sandboxes of such a server are reached; empty = by their own.",
    )
    e2b_private: bool = Field(
        default=False,
        description="Close live apps at E2B to the public; they are reached through APP_URL, which must be set.",
    )

    @field_validator("e2b_api_key")
    @classmethod
    def _as_a_header_holds_it(cls, key: SecretStr) -> SecretStr:
        """Files of secrets end with a line feed, which no header may have."""
        plain = key.get_secret_value().strip()
        if not (plain.isascii() and plain.isprintable()) or " " in plain:
            raise ValueError("it must be the key alone, in plain letters and digits")
        return SecretStr(plain)
