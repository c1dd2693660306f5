"""The frame around every page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.pages.scored import Desk

OpenPage = Callable[..., AppTest]


@pytest.mark.parametrize(
    ("page", "title"), [("home.py", "Home"), ("uploads.py", "New prediction"), ("models.py", "Models")]
)
def test_a_page_opened_by_its_own_link_has_the_frame_around_it(
    open_page: OpenPage, page: str, title: str
) -> None:
    app = open_page(page)
    assert [element.value for element in app.title] == [title]
    assert "Sign-in is off. Only this machine" in app.sidebar.caption[0].value
    assert app.sidebar.caption[1].value.startswith("Version ")


def test_a_model_that_is_not_there_is_said_with_its_cure_and_a_way_out(open_page: OpenPage) -> None:
    missing = uuid4()
    app = open_page("model.py", id=missing)
    assert not app.exception
    assert "There is no model with the id" in app.error[0].value
    assert "Open the list and choose again" in app.error[0].value
    assert app.title[0].value == "Model not found"
    assert app.button(key="view_all").label == "View all models"


def test_an_address_that_is_no_id_is_said_as_one_that_is_unknown(open_page: OpenPage) -> None:
    app = open_page("model.py", id="../../etc/passwd")
    assert not app.exception
    assert "There is no model with the id" in app.error[0].value


def test_the_tab_of_the_browser_says_what_is_open(
    open_page: OpenPage, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[str] = []
    real = st.set_page_config

    def set_page_config(**given: Any) -> None:
        named.append(given["page_title"])
        real(**given)

    monkeypatch.setattr(st, "set_page_config", set_page_config)
    for page, query, said in (
        ("predictions.py", {}, "Predictions"),
        ("prediction.py", {"id": desk.scored_id}, desk.upload.file_name),
        ("model.py", {"id": desk.model.id}, f"{desk.model.name} v{desk.model.version}"),
        ("uploads.py", {"upload": desk.upload.id}, desk.upload.file_name),
    ):
        open_page(page, **query)
        assert named[-1] == f"{said} · Model Desk"
