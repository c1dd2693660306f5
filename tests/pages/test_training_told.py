"""What a training is told and asked: web pages and Claude in the form before the click, and on its page afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from core import db
from core.db.tables.training_jobs import TrainingPageRow
from core.queue import TaskState
from core.settings import Settings
from core.training import jobs
from core.training.coding import rounds
from tests import journeys
from tests.core.training.coding.conftest import PREDICT, TRAIN, files
from tests.pages.conftest import texts
from tests.trainings import Bench, require_sandbox

OpenPage = Callable[..., AppTest]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a key, which nobody uses here."""
    return settings.model_copy(update={"anthropic_api_key": SecretStr("sk-ant-only-for-this-test")})


@pytest.fixture
def bench(reader: db.User, settings: Settings) -> Bench:
    """The reader's own installation."""
    require_sandbox(settings.data_dir)
    return Bench(settings, reader)


def words(app: AppTest) -> str:
    """What is said, with blanks in place of those that keep words together, and without marks against markup."""
    return texts(app).replace("\u00a0", " ").replace("\\", "")


def shown(app: AppTest) -> str:
    return "\n".join(code.value for code in app.code)


def test_what_leaves_is_shown_before_the_click_and_values_only_where_ticked(
    open_page: OpenPage, bench: Bench
) -> None:
    upload = bench.upload()
    app = open_page("workspace.py")
    app.text_area(key="training_goal").set_value("Who leaves?")
    app.text_area(key="training_pages").set_value("https://a.example/x\nhttps://b.example/").run()
    assert not app.exception
    assert "Claude writes the code" in words(app)
    assert "15 columns, and address and text of 2 pages. It gets no rows." in words(app)
    assert '<page address="https://b.example/">\n(What the page says' in shown(app)
    assert "Who leaves?" in shown(app)
    assert '"column": "tenure_months"' in shown(app)
    assert "Month to month" not in shown(app)
    assert "numbers and words that Claude does not know yet are blacked out" in words(app)
    assert "claude-haiku-5-5 is asked up to 3 times: about $0.0" in words(app)
    app.checkbox(key=f"shares_values_{upload.id}").check().run()
    assert "Month to month" in shown(app)
    assert "It gets no rows" not in words(app)
    assert "what code prints when it fails, which may be rows" in words(app)
    app.button(key="trigger").click().run()
    assert not app.exception
    (job,) = journeys.ask(bench.user, lambda session: jobs.page(session).items)
    assert (job.resources, job.shares_values) == (["https://a.example/x", "https://b.example/"], True)


@pytest.mark.parametrize(
    "address", ["http://10.0.0.1/", "http://localhost:8501/", "what?", "\n".join("abcdefghijk")]
)
def test_a_page_that_is_never_read_is_said_before_the_click(
    open_page: OpenPage, bench: Bench, address: str
) -> None:
    bench.upload()
    app = open_page("workspace.py")
    app.text_area(key="training_pages").set_value(address).run()
    assert not app.exception
    assert app.button(key="trigger").disabled
    assert "can't be read" in words(app) or "10 web pages at most" in words(app)


def test_pages_and_rounds_are_on_the_page_of_the_training(open_page: OpenPage, bench: Bench) -> None:
    training_job_id = bench.trigger(resources=("https://a.example/x", "https://b.example/"))
    job = bench.job(training_job_id)
    of_job: dict[str, Any] = {"training_job_id": job.id, "at": job.created_at}
    of_model: dict[str, Any] = {"model_id": job.model_id, "user_id": job.user_id}
    paid: dict[str, Any] = {"model": "claude-haiku-5-5", "n_input": 120, "n_output": 90, "cost": 57_000}
    broken = files(train="import torch\n" + TRAIN)
    with db.session_scope(db.WORKER, write=True) as session:
        session.add(
            TrainingPageRow(
                n=1, url="https://a.example/x", text=":red[Prices] rise", sha256="ab" * 32, **of_job
            )
        )
        session.add(
            TrainingPageRow(n=2, url="https://b.example/", problem="it has more than 2 MB.", **of_job)
        )
        rounds.say(session, role="user", n=1, content="Write <b>it</b>.", **of_model)
        rounds.say(session, role="assistant", n=1, content=broken, **of_model, **paid)
        rounds.say(session, role="user", n=2, content="Write it again.", **of_model)
        rounds.say(
            session, role="assistant", n=2, content=files(approach=":red[A] guess"), **of_model, **paid
        )
        rounds.say(session, role="user", n=3, content="Mend it.", **of_model)
        rounds.say(session, role="system", n=3, content="Claude asks to slow down.", **of_model)
    bench.settle(bench.claim(training_job_id), TaskState.CANCELLED)
    bench.change(
        training_job_id, code=TRAIN, predict_code=PREDICT, code_source="claude", code_sha256="0" * 64
    )
    app = open_page("training.py", id=training_job_id, tab="data")
    assert not app.exception
    assert ":red[Prices] rise" in shown(app)
    assert "It has more than 2 MB" in words(app)
    assert f"sha256 {'ab' * 6}" in words(app)
    app = open_page("training.py", id=training_job_id, tab="code")
    assert not app.exception
    for part in ("Write <b>it</b>.", "Mend it.", TRAIN, PREDICT, "-import torch"):
        assert part in shown(app)
    told = words(app)
    for part in (
        "train.py imports torch, which is not there",
        "Claude asks to slow down",
        "120 tokens in, 90 out",
    ):
        assert part in told
    assert r"\:red\[A\] guess" in texts(app), "what Claude wrote is no markup"
    assert json.loads(broken)["train_py"] not in told
