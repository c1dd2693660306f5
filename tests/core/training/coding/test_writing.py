"""Code by Claude, from the question to a model: with a server in its place that answers well, wrongly or not at all."""

from __future__ import annotations

import json

from core import db
from core.training import records
from core.training.coding import rounds
from tests.core.training.coding.conftest import TRAIN, files, said
from tests.servers.claude import ClaudeServer
from tests.servers.site import Site, page
from tests.trainings import Bench

TERMS = b"<html><body><article><p>Customers leave when prices rise by a tenth.</p></article></body></html>"


def test_a_page_is_read_claude_writes_and_its_code_becomes_a_model(
    with_key: Bench, claude: ClaudeServer
) -> None:
    claude.next.append(said(files()))
    with Site() as site:
        site.pages["/terms"] = page(TERMS)
        job = with_key.attempt(
            with_key.trigger(goal="Who leaves?", resources=("http://pages.example/terms",)), web=site.web()
        )
    assert job.status == "succeeded", job.reason
    assert (job.code_source, job.warnings) == ("claude", [])
    stages = ["queued", "scraping", "generating", "provisioning", "training", "collecting", "succeeded"]
    assert with_key.events(job.id) == stages
    assert with_key.messages(job.id) == [
        ("scraping", "1 of 1 page was read."),
        ("generating", "Claude wrote the code. It guesses. Always the same."),
    ]
    asked = json.dumps(claude.asked[0].body)
    assert "Customers leave when prices rise by a tenth." in asked
    with db.session_scope(with_key.user) as session:
        (only,) = rounds.of_model(session, model_id=job.model_id)
        assert only.answer is not None
        assert json.loads(only.answer.content)["train_py"] == TRAIN
        assert (only.answer.n_input, only.answer.n_output, only.answer.cost) == (120, 90, 57_000)
        (kept,) = records.pages(session, training_job_id=job.id)
        assert "prices rise" in (kept.text or "")
