"""Who writes conversations: Claude, a server that speaks like it, or the app itself; and what that may cost."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from core.settings.part import Part
from core.settings.values import ModelPrices, WebAddress

NANO = 1_000_000_000


class LlmSettings(Part, pools=("generation", "training"), secrets=("anthropic_base_url",)):
    anthropic_api_key: SecretStr = Field(
        default=SecretStr(""),
        description="Anthropic API key, for batch jobs and code of trainings; without it and ANTHROPIC_BASE_URL, "
        "the app itself writes.",
    )
    anthropic_base_url: WebAddress = Field(
        default="",
        description="Address of a gateway, or without a key of a compatible local server; empty = Anthropic's.",
    )
    anthropic_model: str = Field(
        default="claude-haiku-5-5",
        min_length=1,
        max_length=200,
        description="Model that is asked unless a job names another.",
    )
    model_prices: ModelPrices = Field(
        default="",
        description="Prices the app does not know, in dollars per million tokens: `name=input/output, …`.",
    )
    max_cost_usd_per_day: Decimal | None = Field(
        default=None,
        gt=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="Most that all jobs and trainings may spend on one day (UTC), in dollars; empty = no limit.",
    )

    @field_validator("anthropic_base_url")
    @classmethod
    def _without_a_password(cls, url: str) -> str:
        if "@" in urlsplit(url).netloc:
            raise ValueError("it must hold no password; a key belongs into ANTHROPIC_API_KEY")
        return url

    @field_validator("max_cost_usd_per_day", mode="before")
    @classmethod
    def _empty_is_none(cls, given: object) -> object:
        return None if given == "" else given

    @field_validator("anthropic_api_key")
    @classmethod
    def _can_be_sent(cls, key: SecretStr) -> SecretStr:
        plain = key.get_secret_value().strip()
        if not all("!" <= sign <= "~" for sign in plain):
            raise ValueError("it must be the key alone, in plain letters without blanks")
        return SecretStr(plain)

    @property
    def max_cost_nano_usd_per_day(self) -> int | None:
        """The same in billionths of a dollar, as money is counted."""
        return None if self.max_cost_usd_per_day is None else int(self.max_cost_usd_per_day * NANO)
