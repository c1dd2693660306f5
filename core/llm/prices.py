"""What tokens cost: prices by model and date, in whole billionths of a dollar, so that sums are exact.

A price of a dollar per million tokens is 1,000 billionths of a dollar a token. Prices change, so each row of the table
says from when it holds. A model that is not in the table, nor in MODEL_PRICES, is refused: it never costs 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Final

from core.llm.errors import UnknownPrice
from core.llm.messages import Usage, undated
from core.settings.values import price_list

NANO_PER_TOKEN: Final = 1_000  # billionths of a dollar for a token at a dollar per million
NANO: Final = 1_000_000_000
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
BATCH_SHARE: Final = Decimal("0.5")
WRITE_5M, WRITE_1H, READ = Decimal("1.25"), Decimal(2), Decimal("0.1")  # of the price of input


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens, for prompts of at most `up_to` tokens, from a day on.

    up_to: None for prompts of any length. It counts the whole prompt, what comes from the cache included, and decides
    for every token of a request.
    """

    input: Decimal
    output: Decimal
    cache_read: Decimal
    since: datetime = LONG_AGO
    up_to: int | None = None

    def of(self, usage: Usage) -> Decimal:
        """Billionths of a dollar."""
        million = (
            usage.n_input * self.input
            + usage.n_output * self.output
            + usage.n_cache_read * self.cache_read
            + usage.n_cache_write_5m * self.input * WRITE_5M
            + usage.n_cache_write_1h * self.input * WRITE_1H
        )
        return million * NANO_PER_TOKEN


def _price(
    input_: str, output: str, cache_read: str, *, since: datetime = LONG_AGO, up_to: int | None = None
) -> Price:
    return Price(Decimal(input_), Decimal(output), Decimal(cache_read), since, up_to)


# Of each model the rows in the order in which they are looked through: newest first, then short prompts before long.
KNOWN: Final[Mapping[str, tuple[Price, ...]]] = {
    "claude-haiku-5-5": (_price("0.10", "0.50", "0.01", up_to=100_000), _price("0.50", "2.50", "0.05")),
    "claude-sonnet-5-5": (
        _price("2", "10", "0.10", since=datetime(2026, 10, 7, tzinfo=UTC)),
        _price("2", "10", "0.20"),
    ),
    "claude-opus-5-5": (_price("4", "20", "0.40"),),
}


@dataclass(frozen=True)
class PriceTable:
    """The prices that hold for one provider. is_free: no money flows, whatever is asked of it."""

    prices: Mapping[str, tuple[Price, ...]]
    is_free: bool = False

    def knows(self, model: str) -> bool:
        """Whether it is known what a model costs."""
        return self.is_free or undated(model) in self.prices

    def cost(self, model: str, usage: Usage, at: datetime, *, batch: bool = False) -> int:
        """Billionths of a dollar for one reply, rounded up. at: when it was asked. Raises UnknownPrice."""
        if self.is_free:
            return 0
        found = self._price(model, usage.n_prompt, at).of(usage)
        return int((found * (BATCH_SHARE if batch else 1)).to_integral_value(ROUND_CEILING))

    def worst_case(
        self, model: str, n_input: int, max_tokens: int, at: datetime, *, batch: bool = False
    ) -> int:
        """Most that one request can cost: its whole prompt written to the cache, and every token of output used."""
        usages = (
            Usage(n_input=n_input, n_output=max_tokens),
            Usage(n_cache_write_5m=n_input, n_output=max_tokens),
        )
        return max(self.cost(model, usage, at, batch=batch) for usage in usages)

    def _price(self, model: str, n_prompt: int, at: datetime) -> Price:
        for price in self.prices.get(undated(model), ()):
            if at >= price.since and (price.up_to is None or n_prompt <= price.up_to):
                return price
        raise UnknownPrice(model=model)


def named(model_prices: str) -> dict[str, tuple[Price, ...]]:
    """The prices of MODEL_PRICES; reading from the cache costs a tenth of input."""
    listed = price_list(model_prices)
    return {name: (Price(paid, output, paid * READ),) for name, (paid, output) in listed.items()}


def usd(nano_usd: int) -> str:
    """As people read it: "$0.57"; what is less than a cent with all that counts of it."""
    amount = Decimal(nano_usd) / NANO
    if amount and abs(amount) < Decimal("0.01"):
        return f"${amount.normalize():f}" if abs(amount) >= Decimal("0.0001") else "less than $0.0001"
    return f"${amount:,.2f}"
