"""Which events of a training belong to which of its attempts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.db.tables.training_jobs import TrainingEventRow
from core.ui.training.detail import timeline

AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "attempts"),
    [
        ("queued:0 generating:1 succeeded:1", ["queued generating succeeded"]),
        ("queued:0 cancelled:0", ["queued cancelled"]),
        (
            "queued:0 generating:1 training:1 queued:1 provisioning:2 failed:2",
            ["queued generating training", "queued provisioning failed"],
        ),
        ("queued:0 training:1 provisioning:2 lost:2", ["queued training", "provisioning lost"]),
        ("queued:0 training:1 queued:1 queued:2", ["queued training", "queued", "queued"]),
    ],
)
def test_an_attempt_begins_where_it_waits_again_or_another_worker_takes_over(
    told: str, attempts: list[str]
) -> None:
    events = []
    for event in told.split():
        state, attempt = event.split(":")
        events.append(TrainingEventRow(state=state, attempt=int(attempt), message="", at=AT))
    assert [" ".join(event.state for event in of_one) for of_one in timeline.attempts(events)] == attempts
