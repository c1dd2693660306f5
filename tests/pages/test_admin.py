"""The admin page: the audit trail by filters and pages, and the people there are."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core import db
from core.access import audit, users
from core.access.users import Identity
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.users import UserRow
from core.settings import Settings
from core.ui.account import sessions
from core.ui.admin import audit_table

OpenPage = Callable[..., AppTest]


def note(user: db.User, n: int, action: str = "upload.added") -> None:
    with db.session_scope(user, write=True) as session:
        audit.note(session, action, audit.Subject("upload", n, f"file {n}.csv"))


def lines(app: AppTest) -> list[str]:
    """The lines of the trail, as markdown."""
    return [line.value for line in app.markdown if " the file **" in line.value]


def test_the_trail_is_shown_newest_first_a_page_at_a_time(open_page: OpenPage, reader: db.User) -> None:
    for n in range(audit_table.N_A_PAGE + 3):
        note(reader, n)
    app = open_page("admin.py")
    assert not app.exception
    first = lines(app)
    assert len(first) == audit_table.N_A_PAGE
    app.button(key="older").click().run()
    rest = lines(app)
    assert len(rest) == 3
    assert set(first) & set(rest) == set()
    app.button(key="newer").click().run()
    assert lines(app) == first


def test_filters_narrow_the_trail_and_say_when_nothing_fits(open_page: OpenPage, reader: db.User) -> None:
    note(reader, 1)
    note(reader, 2, "upload.deleted")
    app = open_page("admin.py")
    app.selectbox(key="audit_what").select("upload.deleted").run()
    (line,) = lines(app)
    assert "deleted the file **file 2\\.csv**" in line
    app.text_input(key="audit_text").input("no such name").run()
    assert lines(app) == []
    assert "**No matching events**" in [line.value for line in app.markdown]


def test_details_are_told_in_words(open_page: OpenPage, reader: db.User) -> None:
    with db.session_scope(reader, write=True) as session:
        subject = audit.Subject("token", None, "Nightly")
        audit.note(
            session, "token.created", subject, scopes=["read", "write"], rows={"uploads": 2, "models": 1}
        )
    app = open_page("admin.py")
    (line,) = [line.value for line in app.markdown if "Nightly" in line.value]
    assert "scopes: read, write" in line.replace("\\", "")
    assert "rows: uploads 2, models 1" in line.replace("\\", "")


@pytest.fixture
def eve(reader: db.User, settings: Settings) -> UUID:
    """Somebody who has signed in before."""
    identity = Identity("oidc", "https://id.example", "eve", "Eve", "eve@example.org")
    return users.settle(identity, settings=settings, via="session", address="").id


def row_of(user_id: UUID) -> UserRow:
    with db.session_scope(db.WORKER) as session:
        return session.get_one(UserRow, user_id)


def test_an_admin_gives_a_role_and_blocks(open_page: OpenPage, eve: UUID) -> None:
    app = open_page("admin.py", tab="people")
    app.selectbox(key=f"role_{eve}_analyst").select("reviewer").run()
    assert row_of(eve).role == "reviewer"
    app.button(key=f"block_{eve}").click().run()
    assert row_of(eve).blocked_at is not None
    app.button(key=f"block_{eve}").click().run()
    assert row_of(eve).blocked_at is None
    assert not app.exception


def test_a_role_that_was_given_elsewhere_is_shown_and_not_taken_back(
    open_page: OpenPage, reader: db.User, eve: UUID
) -> None:
    app = open_page("admin.py", tab="people")
    with db.session_scope(reader, write=True) as session:
        users.set_role(session, user_id=eve, role="admin")
    app.run()
    assert row_of(eve).role == "admin"
    assert app.selectbox(key=f"role_{eve}_admin").value == "admin"


def test_nobody_is_offered_to_change_themselves(open_page: OpenPage, reader: db.User) -> None:
    app = open_page("admin.py")
    assert not [button for button in app.button if (button.key or "").startswith("block_")]


@pytest.mark.parametrize(
    ("agent", "named"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14) AppleWebKit/605.1 Version/18 Safari/605.1",
            "Safari on macOS",
        ),
        ("curl/8.5.0", "curl"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_as_a_person_names_it(agent: str, named: str) -> None:
    assert sessions.named(agent) == named


def test_every_action_has_words(open_page: OpenPage) -> None:
    assert all(audit_table.action_label(action) for action in audit.known_actions())


@pytest.mark.parametrize(
    ("action", "subject", "said"),
    [
        ("sign_out", None, "signed out"),
        ("prediction.deleted", audit.Subject("prediction", 1, "a"), "deleted the prediction of **a**"),
        ("model.trained", audit.Subject("model", 1, "churn v2"), "started training the model **churn v2**"),
        ("user.blocked", audit.Subject("user", 1, "eve"), "blocked **eve**"),
        (
            "sign_in.failed",
            audit.Subject("account", "eve"),
            "failed to sign in as **eve** :red-badge[Refused]",
        ),
        ("access.refused", audit.Subject("call", "GET /x"), "was refused: **GET /x** :red-badge[Refused]"),
        ("token.created", audit.Subject("token", 1, "laptop"), "created the token **laptop**"),
        ("session.revoked", audit.Subject("session", 1), "ended a session"),
        (
            "upload.added",
            audit.Subject("upload", 1, "[a](b).csv"),
            "uploaded the file **\\[a\\]\\(b\\)\\.csv**",
        ),
    ],
)
def test_a_line_reads_as_a_sentence(action: str, subject: audit.Subject | None, said: str) -> None:
    row = AuditEventRow(
        actor="Ada",
        action=action,
        outcome="refused" if "Refused" in said else "done",
        subject_kind=subject.kind if subject else None,
        subject_id=str(subject.id) if subject else None,
        subject_name=subject.name if subject else None,
    )
    assert audit_table.sentence(row) == f"**Ada** {said}"


def test_an_empty_trail_names_no_filter(open_page: OpenPage, reader: db.User) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.delete(AuditEventRow))
    app = open_page("admin.py")
    assert "**No events yet**" in [line.value for line in app.markdown]


def test_the_open_tab_stands_in_the_address(open_page: OpenPage, reader: db.User) -> None:
    app = open_page("admin.py", tab="people")
    assert app.query_params["tab"] == "people"
    assert not app.get("text_input")
