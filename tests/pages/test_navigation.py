"""The frame around every page."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from streamlit.testing.v1 import AppTest

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


def test_a_failure_that_a_page_lets_pass_is_said_with_its_cure_and_a_way_out(open_page: OpenPage) -> None:
    missing = uuid4()
    app = open_page("model.py", id=missing)
    assert not app.exception
    assert "There is no model with the id" in app.error[0].value
    assert "Open the list and choose again" in app.error[0].value
    assert len(app.get("page_link")) == 1


def test_an_address_that_is_no_id_is_said_as_one_that_is_unknown(open_page: OpenPage) -> None:
    app = open_page("model.py", id="../../etc/passwd")
    assert not app.exception
    assert "There is no model with the id" in app.error[0].value
