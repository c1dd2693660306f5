"""kill -9 of who reads pages or waits for Claude: the next attempt goes on, and what may be paid for is counted."""

from __future__ import annotations

import os
import signal

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.llm_calls import LlmCallRow
from core.settings import Settings
from core.training import records
from tests.core.training.coding.conftest import files, said, with_claude
from tests.servers.claude import ClaudeServer
from tests.servers.site import Site, page, silent
from tests.servers.waiting import wait_for
from tests.trainings import Bench, require_sandbox

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("stage", ["scraping", "generating"])
def test_a_stage_outlives_its_process(
    database: db.Database, settings: Settings, user: db.User, stage: str
) -> None:
    require_sandbox(settings.data_dir)
    with ClaudeServer() as claude, Site() as site:
        bench = with_claude(Bench(settings, user), claude)
        site.pages["/terms"] = silent if stage == "scraping" else page(b"Prices rise.", kind="text/plain")
        claude.hold()
        training_job_id = bench.trigger(resources=("http://pages.example/terms",))
        database.engine.dispose()
        child = os.fork()
        if not child:
            bench.attempt(training_job_id, web=site.web())
            os._exit(0)
        is_under_way = (lambda: site.asked) if stage == "scraping" else (lambda: claude.n_in_flight)
        wait_for(is_under_way, what=f"the stage {stage}")
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert bench.job(training_job_id).status == stage

        bench.abandon(training_job_id)
        claude.go_on()
        claude.next.append(said(files()))
        site.pages["/terms"] = page(b"Prices rise.", kind="text/plain")
        job = bench.attempt(training_job_id, web=site.web())
    assert (job.status, job.code_source, job.warnings) == ("succeeded", "claude", [])
    first = ["queued", "scraping", "scraping", "generating"]
    assert bench.events(job.id)[:4] == (
        first if stage == "scraping" else ["queued", "scraping", "generating", "generating"]
    )
    with db.session_scope(db.WORKER) as session:
        open_ones = (
            session.execute(sa.select(LlmCallRow.is_open).order_by(LlmCallRow.asked_at)).scalars().all()
        )
        assert len(records.pages(session, training_job_id=job.id)) == 1
    assert open_ones == ([False] if stage == "scraping" else [True, False])
    bench.agree()
