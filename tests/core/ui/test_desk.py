"""What Home makes of what it reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from core.ui import desk

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_one_busy_day_is_no_trace() -> None:
    assert desk.per_day([(NOW, 5), (NOW - timedelta(hours=1), 7)], now=NOW, zone=UTC) == []


def test_a_trace_sums_by_the_readers_days_and_ends_today() -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # already the 2nd in Berlin
    moments = [(NOW - timedelta(days=30), 100), (NOW - timedelta(days=3), 4), (late, 2), (NOW, 1)]
    assert desk.per_day(moments, now=NOW, zone=UTC)[-4:] == [4, 0, 2, 1]
    assert desk.per_day(moments, now=NOW, zone=ZoneInfo("Europe/Berlin"))[-4:] == [4, 0, 0, 3]
    assert len(desk.per_day(moments, now=NOW, zone=UTC)) == desk.DAYS
