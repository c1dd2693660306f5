"""How often one may fail to sign in."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from core.access.errors import ProviderUnavailable, SignInFailed, TooManyAttempts
from core.access.throttle import MOST_ACCOUNT, MOST_ADDRESS, MOST_TOGETHER, WINDOW_S, Throttle


class Watch:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


HERE, ADA = "192.0.2.7", "ada@example.org"


def fail(counts: Throttle, n: int, *, address: str = HERE, account: str = ADA) -> None:
    for _ in range(n):
        with (
            pytest.raises(SignInFailed, match="wrong password"),
            counts.attempt(address=address, account=account),
        ):
            raise SignInFailed(reason="wrong password")


def enter(counts: Throttle, *, address: str = HERE, account: str = ADA) -> None:
    with counts.attempt(address=address, account=account):
        pass


def test_after_some_failures_one_waits_and_then_may_try_again() -> None:
    watch = Watch()
    counts = Throttle(watch)
    fail(counts, MOST_TOGETHER)
    with pytest.raises(TooManyAttempts) as refused:
        enter(counts)
    assert 0 < refused.value.wait_s <= WINDOW_S + 1
    watch.now_s += WINDOW_S
    enter(counts)


def test_the_owner_of_an_account_is_not_kept_out_by_a_few_guesses_of_another() -> None:
    counts = Throttle(Watch())
    fail(counts, MOST_TOGETHER)
    enter(counts, address="198.51.100.9", account="ada@example.org")


def test_guesses_at_one_account_from_many_addresses_end() -> None:
    counts = Throttle(Watch())
    for n in range(MOST_ACCOUNT):
        fail(counts, 1, address=f"192.0.2.{n}")
    with pytest.raises(TooManyAttempts):
        enter(counts, address="198.51.100.9", account="ada@example.org")


def test_guesses_at_many_accounts_from_one_address_end() -> None:
    counts = Throttle(Watch())
    for n in range(MOST_ADDRESS):
        fail(counts, 1, account=f"{n}@example.org")
    with pytest.raises(TooManyAttempts):
        enter(counts, address="192.0.2.7", account="new@example.org")
    enter(counts, address="198.51.100.9", account="new@example.org")


def test_whoever_gets_in_starts_anew() -> None:
    counts = Throttle(Watch())
    fail(counts, MOST_TOGETHER - 1)
    enter(counts)
    fail(counts, MOST_TOGETHER)
    with pytest.raises(TooManyAttempts):
        enter(counts)


def test_many_at_once_are_as_many_guesses() -> None:
    counts = Throttle(Watch())
    with ExitStack() as open_ones:
        for _ in range(MOST_TOGETHER):
            open_ones.enter_context(counts.attempt(address=HERE, account=ADA))
        with pytest.raises(TooManyAttempts):
            enter(counts)


def test_what_nobody_could_check_is_no_failure() -> None:
    counts = Throttle(Watch())
    for _ in range(MOST_ADDRESS + 1):
        with pytest.raises(ProviderUnavailable), counts.attempt(address=HERE, account=ADA):
            raise ProviderUnavailable(problem="it is away")
    enter(counts)


def test_addresses_of_one_network_count_as_one_where_anybody_has_as_many_as_they_like() -> None:
    counts = Throttle(Watch())
    for n in range(MOST_TOGETHER):
        fail(counts, 1, address=f"2001:db8::{n:x}")
    with pytest.raises(TooManyAttempts):
        enter(counts, address="2001:db8::ffff")
    enter(counts, address="2001:db8:0:1::1")


def test_ipv4_behind_a_socket_of_both_kinds_counts_by_its_own_address() -> None:
    counts = Throttle(Watch())
    fail(counts, MOST_TOGETHER, address="::ffff:192.0.2.7")
    with pytest.raises(TooManyAttempts):
        enter(counts, address="192.0.2.7")
    enter(counts, address="::ffff:198.51.100.9")


def test_what_is_kept_of_failures_has_an_end() -> None:
    counts = Throttle(Watch(), most_keys=30)
    for n in range(100):
        fail(counts, 1, address=f"192.0.2.{n}", account=f"{n}@example.org")
    assert len(counts._failures) == 30
