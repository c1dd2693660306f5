"""What an attempt keeps of a sandbox that went away, on each kind of database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.sandboxes import SandboxLost
from core.training.bargain.metric_lines import Point
from core.training.errors import SandboxGoneAgain
from core.training.runs.recorder import Recorder
from core.training.states import Status
from tests.trainings import LEASE_S, Bench

GONE = SandboxLost(ref="i1")


def test_a_sandbox_is_made_anew_once_in_a_jobs_life_whichever_attempt_it_is_in(bench: Bench) -> None:
    training_job_id = bench.trigger(code="pass")
    recorder = Recorder(bench.claim(training_job_id), training_job_id=training_job_id, lease_s=LEASE_S)
    recorder.stage(Status.TRAINING, checkpoint={"done": "generating"})
    recorder.point(Point("loss", "train", 1, 0.5))
    recorder.flush()
    recorder.point(Point("loss", "train", 2, 0.4))
    recorder.once_more(GONE)
    recorder.stage(Status.TRAINING, checkpoint={"done": "generating"})
    recorder.point(Point("loss", "train", 1, 0.5))  # as the code begins anew, so do its points
    recorder.flush()
    assert bench.events(training_job_id)[-3:] == ["training", "provisioning", "training"]
    [warning] = bench.job(training_job_id).warnings
    assert warning.startswith("The sandbox i1 was gone at ")
    with pytest.raises(SandboxGoneAgain):
        recorder.once_more(GONE)

    bench.abandon(training_job_id)
    later = Recorder(bench.claim(training_job_id), training_job_id=training_job_id, lease_s=LEASE_S)
    with pytest.raises(SandboxGoneAgain, match=r"gone at .* UTC, and the one that was made anew"):
        later.once_more(GONE)


def test_no_limit_counts_the_time_without_contact(bench: Bench) -> None:
    clock = [0.0]
    training_job_id = bench.trigger(code="pass")
    task = bench.claim(training_job_id)
    recorder = Recorder(task, training_job_id=training_job_id, lease_s=LEASE_S, now=lambda: clock[0])
    clock[0] = 10.0
    recorder.contact(since := datetime.now(UTC))
    clock[0] = 100.0
    assert recorder.in_contact_s() == 10.0
    recorder.contact(since)
    recorder.contact(None)
    clock[0] = 105.0
    assert recorder.in_contact_s() == 15.0
