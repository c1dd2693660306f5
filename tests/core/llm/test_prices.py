"""What a reply costs, to the billionth of a dollar: a price is never guessed and never 0 by mistake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core import llm
from core.llm import prices
from tests.core.llm.conftest import provider

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OCTOBER_7 = datetime(2026, 10, 7, tzinfo=UTC)
HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"
TABLE = provider().prices


def usd(model: str, at: datetime = NOW, *, batch: bool = False, **usage: int) -> float:
    return TABLE.cost(model, llm.Usage(**usage), at, batch=batch) / prices.NANO


def test_a_thousand_conversations_cost_what_the_list_says() -> None:
    usage = llm.Usage(n_input=1_200, n_output=900)
    costs = {model: 1_000 * TABLE.cost(model, usage, NOW) for model in (HAIKU, SONNET, OPUS)}
    assert costs == {HAIKU: 570_000_000, SONNET: 11_400_000_000, OPUS: 22_800_000_000}
    assert 1_000 * TABLE.cost(HAIKU, usage, NOW, batch=True) == 285_000_000


@pytest.mark.parametrize(
    ("model", "at", "usage", "expected"),
    [
        (HAIKU, NOW, {"n_input": 1_000_000}, 0.50),
        (HAIKU, NOW, {"n_input": 100_000}, 0.01),
        (HAIKU, NOW, {"n_input": 100_001}, 0.0500005),
        (HAIKU, NOW, {"n_input": 50_000, "n_cache_read": 50_001}, 0.025 + 0.00250005),
        (HAIKU, NOW, {"n_input": 50_000, "n_cache_write_1h": 50_001}, 0.025 + 0.050001),
        (HAIKU, NOW, {"n_input": 100_001, "n_output": 1_000}, 0.0500005 + 0.0025),
        (HAIKU, NOW, {"n_cache_read": 100_000}, 0.001),
        (HAIKU, NOW, {"n_cache_write_5m": 100_000}, 0.0125),
        (SONNET, NOW, {"n_cache_read": 1_000_000}, 0.10),
        (SONNET, OCTOBER_7, {"n_cache_read": 1_000_000}, 0.10),
        (SONNET, OCTOBER_7 - timedelta(seconds=1), {"n_cache_read": 1_000_000}, 0.20),
        (SONNET, NOW, {"n_cache_write_5m": 1_000_000}, 2.50),
        (SONNET, NOW, {"n_cache_write_1h": 1_000_000}, 4.00),
        (OPUS, NOW, {"n_output": 1_000_000, "n_thinking": 900_000}, 20.00),
    ],
)
def test_bands_caches_and_dates(model: str, at: datetime, usage: dict[str, int], expected: float) -> None:
    assert usd(model, at, **usage) == pytest.approx(expected, rel=1e-12)
    assert usd(model, at, batch=True, **usage) == pytest.approx(expected / 2, rel=1e-12)


def test_parts_of_a_billionth_are_rounded_up() -> None:
    assert TABLE.cost(HAIKU, llm.Usage(n_cache_read=1), NOW) == 10
    assert TABLE.cost(HAIKU, llm.Usage(n_input=1), NOW, batch=True) == 50
    assert (
        prices.PriceTable({"m": (prices._price("0.0001", "0", "0"),)}).cost("m", llm.Usage(n_input=1), NOW)
        == 1
    )


def test_a_dated_name_is_the_same_model() -> None:
    assert usd(f"{HAIKU}-20261001", n_input=1_000) == usd(HAIKU, n_input=1_000)
    assert usd(f"{HAIKU}@20261001", n_input=1_000) == usd(HAIKU, n_input=1_000)


@pytest.mark.parametrize(
    "model", ["claude-haiku-6", "haiku", "", "claude-haiku-5-5-fast", "offline-generator"]
)
def test_an_unknown_model_is_refused_with_its_cure(model: str) -> None:
    assert not TABLE.knows(model)
    for cost in (
        lambda: TABLE.cost(model, llm.Usage(), NOW),
        lambda: TABLE.worst_case(model, 1, 1, NOW),
    ):
        with pytest.raises(llm.UnknownPrice) as refused:
            cost()
        assert f"MODEL_PRICES, such as {model}=0.25/1.25" in refused.value.hint


def test_no_usage_of_as_many_tokens_costs_more_than_the_worst_case() -> None:
    for model in (HAIKU, SONNET, OPUS):
        for n_input in (1, 99_999, 100_000, 100_001, 250_000):
            for batch in (False, True):
                worst = TABLE.worst_case(model, n_input, 2_000, NOW, batch=batch)
                for name in ("n_input", "n_cache_read", "n_cache_write_5m"):
                    for n_sent in (n_input, max(n_input - 10, 1), n_input // 2):
                        usage = llm.Usage(**{name: n_sent, "n_output": 2_000})
                        assert TABLE.cost(model, usage, NOW, batch=batch) <= worst


def test_named_prices_are_added_and_go_before_ours() -> None:
    table = provider(model_prices="my/model=0.25/1.25, claude-haiku-5-5 = 1/2").prices
    assert table.cost("my/model", llm.Usage(n_input=1_000, n_output=1_000), NOW) == 1_500_000
    assert table.cost("my/model", llm.Usage(n_cache_read=1_000), NOW) == 25_000
    assert table.cost(HAIKU, llm.Usage(n_input=1_000), NOW) == 1_000_000
    assert table.knows(SONNET)


def test_a_price_of_nothing_is_taken_only_where_somebody_names_it() -> None:
    free = provider("http://localhost:9", key="", model_prices="mine=0/0").prices
    assert free.cost("mine", llm.Usage(n_input=1_000), NOW) == 0
    with pytest.raises(llm.UnknownPrice):
        free.cost("another", llm.Usage(), NOW)


@pytest.mark.parametrize(
    ("nano_usd", "text"),
    [(0, "$0.00"), (570_000_000, "$0.57"), (1_234_567_890_123, "$1,234.57"), (10_000_000, "$0.01"),
     (1_500_000, "$0.0015"), (99, "less than $0.0001"), (-2_000_000_000, "$-2.00")],
)  # fmt: skip
def test_money_is_shown_in_dollars(nano_usd: int, text: str) -> None:
    assert prices.usd(nano_usd) == text
