"""The account page without sign-in: tokens, and that nobody has to sign in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from streamlit.testing.v1 import AppTest

from core import db
from core.access import tokens
from core.settings import Settings

OpenPage = Callable[..., AppTest]


def test_a_token_is_made_shown_once_and_kept_as_its_beginning(open_page: OpenPage, reader: db.User) -> None:
    app = open_page("account.py")
    app.text_input(key="token_name").input("Nightly")
    app.button(key="make_token").click().run()
    assert not app.exception
    secret = app.code[0].value
    assert secret.startswith("mdk_")
    app.run()
    assert app.code[0].value == secret, "drawing the page again took the only copy away"
    app.button(key="copied").click().run()
    assert len(app.code) == 0
    assert any("Nightly" in line.value and secret[:9] in line.value for line in app.markdown)
    assert not any(secret in line.value for line in app.markdown)


def test_before_a_token_is_revoked_a_question_is_asked(
    open_page: OpenPage, reader: db.User, settings: Settings
) -> None:
    with db.session_scope(reader, write=True) as session:
        row, _ = tokens.create(session, name="Old", scopes=["read"], days=1, now=datetime.now(UTC))
    app = open_page("account.py")
    app.button(key=f"revoke_{row.id}").click().run()
    confirming = app.button(key="confirm_revoke")
    assert (confirming.label, confirming.proto.icon) == ("Revoke token", ":material/block:")
    with db.session_scope(reader) as session:
        assert len(tokens.alive(session, now=datetime.now(UTC))) == 1


def test_a_token_without_a_scope_is_refused_in_place(open_page: OpenPage, reader: db.User) -> None:
    app = open_page("account.py")
    app.text_input(key="token_name").input("Nightly")
    app.multiselect(key="token_scopes").set_value([])
    app.button(key="make_token").click().run()
    assert "at least one valid scope" in app.error[0].value
    with db.session_scope(reader) as session:
        assert tokens.alive(session, now=datetime.now(UTC)) == []


def test_without_sign_in_there_are_no_sessions_to_show(open_page: OpenPage, reader: db.User) -> None:
    app = open_page("account.py")
    assert [element.value for element in app.subheader] == ["API tokens"]


def test_a_token_needs_a_name(open_page: OpenPage, reader: db.User) -> None:
    app = open_page("account.py")
    app.button(key="make_token").click().run()
    assert "The token has no name." in app.error[0].value.replace("\\", "")
    with db.session_scope(reader) as session:
        assert tokens.alive(session, now=datetime.now(UTC)) == []


def test_a_secret_that_is_not_copied_yet_is_not_replaced_by_another(open_page: OpenPage) -> None:
    app = open_page("account.py")
    app.text_input(key="token_name").input("First")
    app.button(key="make_token").click().run()
    assert app.button(key="make_token").disabled
    app.button(key="copied").click().run()
    assert not app.button(key="make_token").disabled


def test_without_sign_in_the_menu_leads_to_the_account(open_page: OpenPage) -> None:
    app = open_page("home.py")
    assert "Account" in [link.proto.label for link in app.sidebar.get("page_link")]
