from __future__ import annotations

from core.worker.outage import REMIND_S, News, Outage


def test_an_outage_is_told_when_it_begins_then_seldom() -> None:
    outage = Outage()
    told = [(second, news) for second in range(1000) if (news := outage.failed(float(second)))]
    assert told == [
        (0, News.BEGAN),
        (REMIND_S, News.LASTS),
        (2 * REMIND_S, News.LASTS),
        (3 * REMIND_S, News.LASTS),
    ]


def test_its_end_is_told_once_with_how_long_it_lasted() -> None:
    outage = Outage()
    assert outage.succeeded(5.0) is None
    outage.failed(10.0)
    outage.failed(12.0)
    assert outage.succeeded(17.5) == 7.5
    assert outage.succeeded(18.0) is None


def test_the_next_outage_is_told_at_once_again() -> None:
    outage = Outage()
    outage.failed(0.0)
    outage.succeeded(1.0)
    assert outage.failed(2.0) is News.BEGAN
