"""A package on Workspace, and the page of a training that runs on its owner's machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import db
from core import settings as settings_module
from core.access import sessions, tokens
from core.db.tables.training_jobs import TrainingJobRow
from core.db.types import now_plus
from core.settings import Settings
from core.training.local import batches, reports
from core.training.local.reports import Told
from core.training.states import Status
from tests.pages.conftest import texts
from tests.trainings import Bench

OpenPage = Callable[..., AppTest]


@pytest.fixture
def bench(reader: db.User, settings: Settings) -> Bench:
    """The reader's own installation."""
    return Bench(settings, reader)


@pytest.fixture
def job_id(reader: db.User) -> UUID:
    """A training that has told a little."""
    told = Told("Churn", target="churned", data_name="customers.csv", environment={"host": "ada's laptop"})
    with db.session_scope(reader, write=True) as session:
        job, _ = reports.begin(session, job_id=uuid4(), told=told, token_id=None, now=datetime.now(UTC))
        points = [{"name": "roc_auc", "split": "trees", "step": n, "value": 0.5 + n / 10} for n in range(3)]
        rows = [{"row": n, "actual": "Yes", "prediction": "<b>No</b>", "probability": 0.25} for n in (4, 7)]
        same = {"job_id": job.id, "token_id": None, "attempt": 1, "number": 1}
        batches.metrics(session, rows=points, **same)
        batches.predictions(session, rows=rows, **same)
        return job.id


def test_workspace_offers_a_package_of_a_file_and_the_lines_to_run(open_page: OpenPage, bench: Bench) -> None:
    bench.upload()
    app = open_page("workspace.py")
    assert not app.exception
    assert lines_of(app) == [
        "unzip churned_from_customers_csv-package.zip -d training && cd training",
        "python -m pip install -r requirements.txt",
        "python train.py",
    ]
    assert "No token is needed" in texts(app)


def test_what_is_stated_of_rows_is_in_the_address_of_the_package(open_page: OpenPage, bench: Bench) -> None:
    upload_id = bench.upload().id
    app = open_page("workspace.py")
    key = f"own_{upload_id}"
    app.selectbox(key=f"validation_{key}").set_value("time").run()
    assert asked_of(app) is None, "the column is not chosen yet"
    app.selectbox(key=f"time_column_{key}").set_value("age").run()
    app.multiselect(key=f"keep_{key}").set_value(["age", "contract"]).run()
    assert app.selectbox(key=f"stated_threshold_{key}").options == ["One half", "By hand"]
    app.selectbox(key=f"stated_threshold_{key}").set_value("by_hand").run()
    assert not app.exception
    asked = asked_of(app)
    assert asked is not None
    told = {"upload_id": [str(upload_id)], "target": ["churned"], "time_column": ["age"]}
    told |= {"keep": ["age", "contract"], "threshold": ["0.5"], "task": ["binary"]}
    assert {name: asked[name] for name in told} == told


def asked_of(app: AppTest) -> dict[str, list[str]] | None:
    """What the address of the package says; None while it can't be downloaded."""
    (button,) = [one for one in app.get("link_button") if one.proto.label == "Download package"]
    return None if button.proto.disabled else parse_qs(urlsplit(button.proto.url).query)


def test_where_people_sign_in_a_token_is_made_and_its_secret_stands_in_the_lines(
    open_page: OpenPage, bench: Bench, stranger: db.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "desk"}.items():
        monkeypatch.setenv(name, value)
    settings_module.current.cache_clear()
    config, now = settings_module.current(), datetime.now(UTC)
    secret = sessions.begin(stranger, means="oidc", agent="", settings=config, now=now)
    monkeypatch.setattr(type(st.context), "cookies", {sessions.cookie_name(config): secret})
    monkeypatch.setattr(type(st.context), "ip_address", "192.0.2.7")
    Bench(bench.settings, stranger).upload()
    app = open_page("workspace.py")
    assert not app.exception
    assert "export MODEL_DESK_TOKEN=…" in lines_of(app)
    app.button(key="own_token").click().run()
    assert not app.exception
    (line,) = [line for line in lines_of(app) if "MODEL_DESK_TOKEN" in line]
    token = tokens.check(line.partition("=")[2], settings=config, now=now, address="")
    assert (token.user.id, token.scopes) == (stranger.id, {"package"})


def lines_of(app: AppTest) -> list[str]:
    (lines,) = [code.value for code in app.code if "python train.py" in code.value]
    return lines.splitlines()


def test_a_running_one_tells_where_it_runs_what_came_of_it_and_its_curve(
    open_page: OpenPage, job_id: UUID
) -> None:
    app = open_page("training.py", id=job_id)
    assert not app.exception
    told = {metric.label: metric.value for metric in app.metric}
    assert told["Runs on"] == "ada's laptop"
    assert (told["Batches received"], told["Predictions received"]) == ("2", "2")
    assert "No contact since" not in texts(app)
    assert "on its owner's own machine" in texts(app)


def test_a_silent_one_says_since_when_and_cancelling_it_settles_it(
    open_page: OpenPage, job_id: UUID, reader: db.User
) -> None:
    with db.as_worker(), db.session_scope(db.WORKER, write=True) as session:
        this = sa.update(TrainingJobRow).where(TrainingJobRow.id == job_id)
        session.execute(this.values(heard_at=now_plus(-120)))
    app = open_page("training.py", id=job_id)
    assert "No contact since" in texts(app)
    app.button(key="cancel").click().run()
    assert not app.exception
    with db.session_scope(reader) as session:
        assert session.get_one(TrainingJobRow, job_id).status == Status.CANCELLED
    assert "This training was cancelled" in texts(app)


def test_lists_and_home_know_of_one_without_a_model(open_page: OpenPage, job_id: UUID) -> None:
    for page in ("workspace.py", "home.py"):
        app = open_page(page)
        assert not app.exception
        links = [link for link in app.get("page_link") if link.page == "training"]
        assert links
        assert "Churn" in {link.label for link in links}


def test_one_that_is_only_announced_waits_for_no_worker_and_says_what_comes_next(
    open_page: OpenPage, reader: db.User
) -> None:
    with db.session_scope(reader, write=True) as session:
        told = Told("Churn", environment={"host": "ada's laptop"})
        job, _ = reports.begin(session, job_id=None, told=told, token_id=None, now=datetime.now(UTC))
    home = open_page("home.py")
    assert not home.exception
    assert "on ada's laptop" in texts(home)
    assert "Train it now" not in {button.label for button in home.button}
    app = open_page("training.py", id=job.id)
    assert "It trains as soon as the code there has begun." in texts(app)
    assert "No curve yet" in texts(app)
    assert "Waiting" not in texts(app)
    with db.session_scope(reader, write=True) as session:
        reports.beat(session, job_id=job.id, token_id=None, attempt=1)
    assert "The code runs." in texts(open_page("training.py", id=job.id))


def test_home_tells_of_one_that_succeeded_elsewhere_and_forgets_a_failure_that_it_mended(
    open_page: OpenPage, reader: db.User
) -> None:
    for status in (Status.FAILED, Status.SUCCEEDED):
        with db.session_scope(reader, write=True) as session:
            told = Told("Churn at home")
            job, _ = reports.begin(session, job_id=None, told=told, token_id=None, now=datetime.now(UTC))
            same = {"job_id": job.id, "token_id": None, "attempt": 1}
            reports.end(session, status=status, reason="No rows.", **same)
        app = open_page("home.py")
        assert not app.exception
        assert ("could not be trained" in texts(app)) is (status is Status.FAILED)
    assert job.id is not None
    links = [link.label for link in app.get("page_link") if link.page == "training"]
    assert links.count("Churn at home") == 2


def test_account_lists_tokens_of_packages(open_page: OpenPage, reader: db.User) -> None:
    with db.session_scope(reader, write=True) as session:
        tokens.create(session, name="Laptop", scopes=["package"], now=datetime.now(UTC))
    app = open_page("account.py")
    assert not app.exception
    assert "training package: reports of what was begun with it" in texts(app)
