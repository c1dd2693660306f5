"""The System page, opened by its own link."""

from __future__ import annotations

import shutil
from uuid import uuid4

from core import db
from core.queue import workers
from tests import journeys
from tests.pages.scored import Desk, desk, made_desk, open_page, texts  # noqa: F401  # fixtures


def test_a_working_installation_says_so(desk: Desk) -> None:  # noqa: F811
    with db.session_scope(db.WORKER, write=True) as session:
        workers.beat(session, worker_id=uuid4(), slots=1, is_embedded=False)

    app = open_page("system.py")

    assert not app.exception
    assert "**Everything works**" in texts(app)
    assert "`python -m core.system`" in texts(app)


def test_what_is_broken_comes_first_with_its_cure(desk: Desk) -> None:  # noqa: F811
    desk.queue()

    app = open_page("system.py")

    assert "No worker takes them" in app.error[0].value
    assert "make worker" in app.error[0].value
    assert "**Workers**" in app.warning[0].value


def test_checking_again_sees_what_was_mended(desk: Desk) -> None:  # noqa: F811
    app = open_page("system.py")
    assert app.warning

    with db.session_scope(db.WORKER, write=True) as session:
        workers.beat(session, worker_id=uuid4(), slots=1, is_embedded=False)
    app.button(key="check_again").click().run()

    assert "**Everything works**" in texts(app)


def test_what_failed_lately_can_be_unfolded(desk: Desk) -> None:  # noqa: F811
    queued_id = desk.queue()
    shutil.rmtree(desk.settings.files_dir / "uploads")
    with journeys.running(desk.settings):
        failed = journeys.settled(desk.user, queued_id)

    app = open_page("system.py")

    assert failed.error_message
    assert app.expander[0].label.startswith("Scoring · ")
    assert app.expander[0].label.replace("\\", "").endswith(failed.error_message)
