"""The System page, opened by its own link."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import db, settings
from core.access import sessions
from core.db import migrate
from core.queue import Pool, SqsQueue, workers
from tests import journeys
from tests.clocks import held_ahead
from tests.pages.scored import Desk, open_page, texts
from tests.servers.sqs import SqsServer


def test_a_working_installation_says_so(desk: Desk) -> None:
    with held_ahead(), db.session_scope(db.WORKER, write=True) as session:
        workers.beat(session, worker_id=uuid4(), pools={Pool.SCORING: 1}, is_embedded=False)

    app = open_page("system.py")

    assert not app.exception
    assert "**Everything works**" in texts(app)
    assert "`python -m core.system`" in texts(app)


def test_what_is_broken_comes_first_with_its_cure(desk: Desk) -> None:
    desk.queue()

    app = open_page("system.py")

    assert "No worker is running" in app.error[0].value
    assert "make worker" in app.error[0].value
    assert "**Workers**" in app.warning[0].value
    assert "Start one with `make worker`" in app.warning[0].value


def test_checking_again_sees_what_was_mended(desk: Desk) -> None:
    app = open_page("system.py")
    assert app.warning

    with held_ahead(), db.session_scope(db.WORKER, write=True) as session:
        workers.beat(session, worker_id=uuid4(), pools={Pool.SCORING: 1}, is_embedded=False)
    app.button(key="check_again").click().run()

    assert "**Everything works**" in texts(app)


def test_a_queue_of_messages_and_the_keys_that_are_set_have_a_card_each(
    desk: Desk,
    sqs_server: SqsServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = sqs_server.settings()
    configure(monkeypatch, said)
    SqsQueue(settings.current()).prepare()

    app = open_page("system.py")

    assert "about 0 waiting, 0 with workers" in texts(app).replace("\\", "")
    assert "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY" in texts(app).replace("\\", "")
    assert str(said["aws_secret_access_key"]) not in texts(app), "a secret is on the page"


def test_a_queue_that_is_not_there_and_half_a_pair_of_keys_are_said_with_their_cures(
    desk: Desk,
    sqs_server: SqsServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(monkeypatch, sqs_server.settings())

    missing = open_page("system.py")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    settings.current.cache_clear()
    half = open_page("system.py")

    assert "the queue does not exist; create it with python -m core.system prepare" in errors(missing)
    assert "Set AWS_SECRET_ACCESS_KEY, or neither" in errors(half)


@pytest.mark.parametrize("page", ["home.py", "prediction.py", "system.py"])
def test_without_its_database_every_address_says_what_is_broken_and_how_to_mend_it(
    desk: Desk, page: str
) -> None:
    take_away()

    app = open_page(page, id=str(desk.scored_id))

    assert not app.exception
    assert app.title[0].value == "System"
    (broken,) = (error.value.replace("\\", "") for error in app.error)
    assert broken.startswith("**Database** · The database can't be used right now")
    assert "Check that it is running" in broken
    assert "**Storage**" in texts(app)
    assert "Recent errors" not in texts(app)


def test_a_new_database_beside_files_of_an_earlier_one_is_said_at_every_address_with_its_cure(
    desk: Desk, tmp_path: Path
) -> None:
    take_away()
    migrate.upgrade(db.connect(f"sqlite:///{tmp_path / 'new.sqlite3'}"))

    app = open_page("uploads.py")

    assert not app.exception
    assert app.title[0].value == "System"
    (broken,) = (error.value.replace("\\", "") for error in app.error)
    assert broken.startswith(
        "**Database** · The database is new and empty, but storage has 3 files of an earlier one"
    )
    assert "`python -m core.system restore FOLDER`" in broken


def test_where_people_sign_in_an_outage_shows_nobody_the_installation(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_away()
    configure(monkeypatch, {"oidc_issuer": "https://id.example", "oidc_client_id": "desk"})
    monkeypatch.setattr(type(st.context), "cookies", {sessions.cookie_name(settings.current()): "secret"})

    app = open_page("system.py")

    assert not app.exception
    assert "The database can't be used right now" in errors(app)
    assert "**Storage**" not in texts(app)


def take_away() -> None:
    """Remove the database while the app runs."""
    file = Path(str(db.current().engine.url.database))
    file.rename(file.with_suffix(".gone"))


def configure(monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]) -> None:
    """What an environment that says this makes of this process."""
    for name, value in said.items():
        monkeypatch.setenv(name.upper(), str(value))
    settings.current.cache_clear()


def errors(app: AppTest) -> str:
    """Everything that the page shows as broken."""
    return "\n".join(error.value for error in app.error).replace("\\", "")


def test_what_failed_lately_can_be_unfolded(desk: Desk) -> None:
    queued_id = desk.queue()
    shutil.rmtree(desk.settings.files_dir / "uploads")
    with journeys.running(desk.settings):
        failed = journeys.settled(desk.user, queued_id)

    app = open_page("system.py")

    assert failed.error_message
    assert app.expander[0].label.startswith("Scoring · ")
    assert app.expander[0].label.replace("\\", "").endswith(failed.error_message)
