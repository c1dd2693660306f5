"""Figures as a person says them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.ui import formatting

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("nano_usd", "said"),
    [
        (0, "$0.00"),
        (1, "< $0.0001"),
        (99_999, "< $0.0001"),
        (2_613_000, "$0.0026"),
        (9_499_999, "$0.0095"),
        (9_999_999, "$0.01"),
        (14_000_000, "$0.01"),
        (570_000_000, "$0.57"),
        (1_234_567_000_000, "$1,234.57"),
    ],
)
def test_money_keeps_two_digits_below_a_cent(nano_usd: int, said: str) -> None:
    assert plain(formatting.money(nano_usd)) == said


def plain(text: str) -> str:
    """With ordinary spaces, which read better here."""
    return text.replace(formatting.NO_BREAK, " ")


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "0"),
        (7043, "7,043"),
        (999_499, "999,499"),
        (1_000_000, "1 M"),
        (1_234_567, "1.2 M"),
        (123_456_789, "123 M"),
        (999_999_999, "1 B"),
        (2_500_000_000, "2.5 B"),
    ],
)
def test_a_number_is_exact_until_it_is_in_millions(n: int, said: str) -> None:
    assert plain(formatting.number(n)) == said


def test_one_thing_is_not_said_in_the_plural() -> None:
    assert plain(formatting.count(1, "row")) == "1 row"
    assert plain(formatting.count(0, "row")) == "0 rows"
    assert plain(formatting.exact(1_234_567, "row")) == "1,234,567 rows"
    assert plain(formatting.count(2, "child", "children")) == "2 children"


def test_a_number_and_its_unit_are_never_parted() -> None:
    assert " " not in formatting.count(1_234_567, "row")
    assert " " not in formatting.size(27_600_000)


@pytest.mark.parametrize(
    ("n_bytes", "said"),
    [(1, "1 byte"), (999, "999 bytes"), (1000, "1 kB"), (27_600_000, "27.6 MB"), (2_048_000_000, "2 GB")],
)
def test_sizes_are_in_decimal_units(n_bytes: int, said: str) -> None:
    assert plain(formatting.size(n_bytes)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "< 0.1 s"),
        (0.04, "< 0.1 s"),
        (0.24, "0.2 s"),
        (9.96, "10 s"),
        (38, "38 s"),
        (59.7, "1 min"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (4320, "1 h 12 min"),
        (100_000, "1 d 3 h"),
    ],
)
def test_durations_have_at_most_two_units(seconds: float, said: str) -> None:
    assert plain(formatting.duration(seconds)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "1 s"), (0.24, "1 s"), (3.4, "3 s"), (9.6, "10 s"), (9.97, "10 s"), (185, "3 min 5 s")],
)
def test_an_estimate_is_told_in_whole_seconds(seconds: float, said: str) -> None:
    assert plain(formatting.estimate(seconds)) == said


def test_what_has_not_ended_took_no_time_that_is_known() -> None:
    assert formatting.took(NOW, None) == "–"
    assert plain(formatting.took(NOW, NOW + timedelta(seconds=38))) == "38 s"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-60, "just now"),
        (4, "just now"),
        (40, "40 s ago"),
        (199, "3 min ago"),
        (7300, "2 h ago"),
        (86_400, "yesterday"),
        (2 * 86_400, "2 days ago"),
        (40 * 86_400, "40 days ago"),
        (90 * 86_400, "3 months ago"),
        (800 * 86_400, "2 years ago"),
    ],
)
def test_an_age_is_told_at_the_coarsest_unit_that_is_true(seconds: int, said: str) -> None:
    assert plain(formatting.ago(NOW - timedelta(seconds=seconds), now=NOW)) == said


def test_a_moment_is_on_the_readers_own_clock_and_says_the_day_only_when_it_is_another() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert formatting.moment(NOW, now=NOW, zone=berlin) == "10:30"
    assert plain(formatting.moment(datetime(2026, 3, 1, 23, 30, tzinfo=UTC), now=NOW, zone=berlin)) == "00:30"
    assert plain(formatting.moment(datetime(2026, 2, 1, 9, 5, tzinfo=UTC), now=NOW)) == "1 Feb, 09:05"
    assert plain(formatting.moment(datetime(2025, 2, 1, 9, 5, tzinfo=UTC), now=NOW)) == "1 Feb 2025, 09:05"
    assert formatting.exact_moment(NOW, zone=berlin) == "2026-03-02 10:30:00 CET"


@pytest.mark.parametrize(
    ("share", "said"), [(0, "0 %"), (0.001, "< 1 %"), (0.1234, "12 %"), (0.999, "> 99 %"), (1, "100 %")]
)
def test_a_share_never_rounds_to_nothing_or_all(share: float, said: str) -> None:
    assert plain(formatting.percent(share)) == said


def test_a_metric_has_three_decimals_until_it_is_large_and_a_spread_never_looks_like_none() -> None:
    assert formatting.score(0.85312) == "0.853"
    assert formatting.score(1234.5) == "1,234"
    assert formatting.score(-0.0001) == "0.000"
    assert formatting.score(float("nan")) == "–"
    assert plain(formatting.plus_minus(0.85312, 0.0111)) == "0.853 ± 0.011"
    assert plain(formatting.plus_minus(0.9991, 0.0002)) == "0.999 ± < 0.001"
