"""Who answers: Claude by a key, a compatible server at an address of one's own, or the offline generator."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import SecretStr

from core.llm import prices
from core.llm.prices import PriceTable
from core.settings import Settings, part
from core.settings.parts.llm import LlmSettings

ANTHROPIC_URL = "https://api.anthropic.com"
OFFLINE_URL, OFFLINE_MODEL = "http://offline.invalid", "offline-generator"
NO_KEY = "local"  # what a server is given that asks for none: without a key the SDK would look for one on the machine


class ProviderKind(StrEnum):
    """How the model is reached."""

    ANTHROPIC = "anthropic"
    COMPATIBLE = "compatible"
    OFFLINE = "offline"


@dataclass(frozen=True)
class Provider:
    """One way to a model. label: how a sentence names it. key_id: the same for the same key at the same address."""

    kind: ProviderKind
    base_url: str
    label: str
    default_model: str
    prices: PriceTable = field(repr=False)
    key: SecretStr = field(repr=False)
    key_id: str

    @property
    def is_offline(self) -> bool:
        return self.kind is ProviderKind.OFFLINE

    @property
    def models(self) -> tuple[str, ...]:
        """The models that can be asked by name, the default one first; a server of one's own may have others."""
        return tuple(dict.fromkeys((self.default_model, *self.prices.prices)))

    @property
    def costs_money(self) -> bool:
        """Whether a request to it is paid."""
        return not self.prices.is_free


def provider(settings: Settings) -> Provider:
    """The provider that the settings name."""
    chosen = part(settings, LlmSettings)
    key, url = chosen.anthropic_api_key.get_secret_value(), chosen.anthropic_base_url.rstrip("/")
    named, model = prices.named(chosen.model_prices), chosen.anthropic_model
    if key:
        where = f"Claude at {_host(url)}" if url else "Claude"
        table = PriceTable({**prices.KNOWN, **named})
        return _provider(ProviderKind.ANTHROPIC, url or ANTHROPIC_URL, where, model, table, key)
    if url:
        table = PriceTable(named, is_free=not named)
        return _provider(ProviderKind.COMPATIBLE, url, f"The server at {_host(url)}", model, table, NO_KEY)
    free = PriceTable({}, is_free=True)
    return _provider(ProviderKind.OFFLINE, OFFLINE_URL, "The offline generator", OFFLINE_MODEL, free, NO_KEY)


def _provider(kind: ProviderKind, url: str, label: str, model: str, table: PriceTable, key: str) -> Provider:
    key_id = hashlib.sha256(f"{kind}\0{url}\0{key}".encode()).hexdigest()[:16]
    return Provider(kind, url, label, model, table, SecretStr(key), key_id)


def _host(url: str) -> str:
    """The address without what may be a secret in it."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
