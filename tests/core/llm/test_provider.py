"""Who answers follows from two settings, and whether money flows."""

from __future__ import annotations

from typing import Any

import pytest

from core import settings as settings_module
from core.settings import WrongSetting
from core.settings.parts.llm import LlmSettings
from tests.core.llm.conftest import KEY, provider


def test_a_key_means_claude_or_a_gateway_to_it() -> None:
    plain, behind = provider(), provider("https://gateway.example/anthropic/")
    assert (plain.kind, plain.base_url, plain.label) == ("anthropic", "https://api.anthropic.com", "Claude")
    assert (behind.kind, behind.base_url) == ("anthropic", "https://gateway.example/anthropic")
    assert behind.label == "Claude at gateway.example"
    assert plain.costs_money
    assert behind.costs_money
    assert plain.default_model == "claude-haiku-5-5"
    assert plain.models == ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5")


def test_an_address_alone_means_a_server_of_ones_own() -> None:
    free = provider("http://localhost:8080", key="", anthropic_model="qwen")
    assert (free.kind, free.label, free.default_model) == (
        "compatible",
        "The server at localhost:8080",
        "qwen",
    )
    assert not free.costs_money
    priced = provider("http://localhost:8080", key="", anthropic_model="qwen", model_prices="other=1/2")
    assert (priced.costs_money, priced.models) == (True, ("qwen", "other"))


def test_neither_means_the_offline_generator() -> None:
    offline = provider(key="")
    assert (offline.kind, offline.is_offline, offline.costs_money) == ("offline", True, False)


def test_a_key_is_known_by_an_id_that_does_not_show_it() -> None:
    assert provider().key_id == provider().key_id
    assert KEY not in repr(provider()) + provider().key_id
    others = [
        provider(key="sk-another"),
        provider("https://gateway.example"),
        provider("http://localhost:1", key=""),
    ]
    assert len({one.key_id for one in (provider(), *others)}) == 4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"anthropic_api_key": "two words"}, "ANTHROPIC_API_KEY can't be used: it must be the key alone"),
        ({"anthropic_api_key": "schlüssel"}, "ANTHROPIC_API_KEY can't be used: it must be the key alone"),
        ({"anthropic_base_url": "localhost:8080"}, "ANTHROPIC_BASE_URL can't be used: it must be an address"),
        (
            {"anthropic_base_url": "https://me:word@host"},
            "ANTHROPIC_BASE_URL can't be used: it must hold no password",
        ),
        ({"anthropic_model": ""}, "ANTHROPIC_MODEL can't be used"),
        ({"model_prices": "qwen"}, "MODEL_PRICES can't be used: it must list models as name=input/output"),
        ({"model_prices": "qwen=1"}, "MODEL_PRICES can't be used: it must list"),
        ({"model_prices": "qwen=1/-2"}, "MODEL_PRICES can't be used: it must list"),
        ({"model_prices": "qwen=1/2/3"}, "MODEL_PRICES can't be used: it must list"),
        ({"model_prices": "=1/2"}, "MODEL_PRICES can't be used: it must list"),
        ({"model_prices": "qwen=1/nan"}, "MODEL_PRICES can't be used: it must list"),
        ({"model_prices": "a=1/2,a=1/3"}, "MODEL_PRICES can't be used: it names a twice"),
        ({"max_cost_usd_per_day": "0"}, "MAX_COST_USD_PER_DAY can't be used: input should be greater than 0"),
        ({"max_cost_usd_per_day": "much"}, "MAX_COST_USD_PER_DAY can't be used"),
        ({"max_cost_usd_per_day": "inf"}, "MAX_COST_USD_PER_DAY can't be used"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(given: dict[str, Any], message: str) -> None:
    with pytest.raises(WrongSetting) as refused:
        settings_module.read(_env_file=None, **given)
    assert message in refused.value.message
    assert "\n" not in refused.value.message
    assert "word" not in refused.value.message.replace("password", "")


def test_blanks_around_a_key_are_none_of_it_and_a_day_may_have_a_limit() -> None:
    read = settings_module.read(_env_file=None, anthropic_api_key=f" {KEY}\n", max_cost_usd_per_day="2.5")
    found = settings_module.part(read, LlmSettings)
    assert found.anthropic_api_key.get_secret_value() == KEY
    assert found.max_cost_nano_usd_per_day == 2_500_000_000
    for empty in ({}, {"max_cost_usd_per_day": ""}):
        plain = settings_module.part(settings_module.read(_env_file=None, **empty), LlmSettings)
        assert plain.max_cost_nano_usd_per_day is None
    assert read.environment(pools=["generation"])["MAX_COST_USD_PER_DAY"] == "2.5"
