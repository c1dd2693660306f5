"""How often one may fail to sign in."""

from __future__ import annotations

import pytest

from core.access import throttle
from core.access.errors import TooManyAttempts
from core.access.throttle import MOST_ACCOUNT, MOST_ADDRESS, MOST_TOGETHER, WINDOW_S, Throttle


class Watch:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def fail(counts: Throttle, n: int, *, address: str = "192.0.2.7", account: str = "ada@example.org") -> None:
    for _ in range(n):
        counts.require(address=address, account=account)
        counts.failed(address=address, account=account)


def test_after_some_failures_one_waits_and_then_may_try_again() -> None:
    watch = Watch()
    counts = Throttle(watch)
    fail(counts, MOST_TOGETHER)
    with pytest.raises(TooManyAttempts) as refused:
        counts.require(address="192.0.2.7", account="ada@example.org")
    assert 0 < refused.value.wait_s <= WINDOW_S + 1
    watch.now_s += WINDOW_S
    counts.require(address="192.0.2.7", account="ada@example.org")


def test_the_owner_of_an_account_is_not_kept_out_by_a_few_guesses_of_another() -> None:
    counts = Throttle(Watch())
    fail(counts, MOST_TOGETHER)
    counts.require(address="198.51.100.9", account="ada@example.org")


def test_guesses_at_one_account_from_many_addresses_end() -> None:
    counts = Throttle(Watch())
    for n in range(MOST_ACCOUNT):
        fail(counts, 1, address=f"192.0.2.{n}")
    with pytest.raises(TooManyAttempts):
        counts.require(address="198.51.100.9", account="ada@example.org")


def test_guesses_at_many_accounts_from_one_address_end() -> None:
    counts = Throttle(Watch())
    for n in range(MOST_ADDRESS):
        fail(counts, 1, account=f"{n}@example.org")
    with pytest.raises(TooManyAttempts):
        counts.require(address="192.0.2.7", account="new@example.org")
    counts.require(address="198.51.100.9", account="new@example.org")


def test_whoever_gets_in_starts_anew() -> None:
    counts = Throttle(Watch())
    fail(counts, MOST_TOGETHER - 1)
    counts.passed(address="192.0.2.7", account="ada@example.org")
    fail(counts, MOST_TOGETHER - 1)


def test_what_is_kept_of_failures_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST_KEYS", 30)
    counts = Throttle(Watch())
    for n in range(100):
        counts.failed(address=f"2001:db8::{n:x}", account=f"{n}@example.org")
    assert len(counts._failures) == 30
