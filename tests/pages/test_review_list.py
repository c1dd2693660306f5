"""Review of many: filters in the address and as chips, the list, deciding on what is ticked or on all, and undo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from core import db
from core.generation.conversations import conversations, review
from core.generation.conversations.states import Status
from tests import generation
from tests.journeys import ask
from tests.pages.scored import texts

Open = Callable[..., AppTest]
EMAIL = {"code": "email", "message_idx": 0, "start": 0, "end": 2, "detail": ""}


def statuses(user: db.User, ids: list[UUID]) -> list[str]:
    return [ask(user, partial(conversations.get, row_id=one)).status for one in ids]


def key(name: str, row_id: UUID, row_version: int = 1) -> str:
    return f"{name}_{row_id}_{row_version}"


def click(app: AppTest, **selected: list[object]) -> None:
    """In the table of the list."""
    nothing: dict[str, list[object]] = {"rows": [], "columns": [], "cells": []}
    app.session_state[app.dataframe[0].key] = {"selection": nothing | selected}
    app.run()


@pytest.fixture
def three(reader: db.User) -> list[UUID]:
    """The second has a finding and a low score."""
    job_id = generation.job(reader, name="May <b>batch</b>")
    found = [[], [EMAIL], []]
    return [
        generation.conversation(
            reader, job_id=job_id, idx=idx, score=90 - 30 * idx, findings=findings,
            said=generation.talk(f"Question {idx + 1} about parcels?", "Yes."),
        )
        for idx, findings in enumerate(found)
    ]  # fmt: skip


def test_filters_stand_in_the_address_and_as_chips_that_can_be_removed(
    reader: db.User, open_page: Open, three: list[UUID]
) -> None:
    app = open_page("review.py", finding="email", score="10-70", text="parcel question")
    assert not app.exception
    assert "**1** of 1 waiting" in texts(app)
    labels = {button.key: button.label for button in app.button if str(button.key).startswith("chip_")}
    assert labels == {
        "chip_text": "“parcel question”",
        "chip_score": "Score 10 to 70",
        "chip_finding": "Finding\\: E\\-mail address",
    }
    app.button(key="chip_finding").click().run()
    assert "finding" not in app.query_params
    assert "of 2 waiting" in texts(app)
    app.text_input(key="review_text").input("nothing like it").run()
    assert "No matching conversations" in texts(app)
    app.button(key="clear_chips").click().run()
    assert "of 3 waiting" in texts(app)
    assert app.text_input(key="review_text").value == ""


@pytest.mark.parametrize(
    "asked",
    [
        {"score": "90-10", "finding": "x' OR 1", "sort": "worst", "keys": "?", "view": "grid"},
        {"score": "5", "text": "\0\u202e!!!", "status": "done"},
        {"by": "00000000-0000-4000-8000-000000000000", "view": "list"},
    ],
)
def test_what_makes_no_sense_in_an_address_does_no_harm(
    open_page: Open, three: list[UUID], asked: dict[str, str]
) -> None:
    app = open_page("review.py", **asked)
    assert not app.exception
    assert not app.error


def test_the_box_of_filters_offers_what_there_is(open_page: Open, reader: db.User, three: list[UUID]) -> None:
    with db.session_scope(reader, write=True) as session:
        review.decide(session, decision=Status.REJECTED, ids=[three[0]], reason="Dull")
    app = open_page("review.py", status="all")
    app.session_state["review_choose"] = True
    app.run()
    app.selectbox(key="review_by_").select(str(reader.id)).run()
    assert "**1** of 1 conversation" in texts(app)
    assert app.button(key="chip_by").label == "Decided by you"
    app.slider(key="review_score_0_100").set_range(0, 30).run()
    assert app.query_params["score"] == "0-30"
    assert "No matching conversations" in texts(app)


def test_the_list_is_sorted_and_opens_what_is_clicked(open_page: Open, three: list[UUID]) -> None:
    app = open_page("review.py", view="list", sort="lowest")
    (table,) = app.dataframe
    assert list(table.value["Score"]) == [30, 60, 90]
    assert list(table.value["Findings"]) == ["", "E-mail address", ""]
    assert table.value["Begins with"].iloc[0] == "Question 3 about parcels?"
    click(app, columns=["Score"])  # on its head: over all that fit, not over the rows that are drawn
    assert app.query_params["sort"] == "highest"
    click(app, columns=["Made"])
    assert app.query_params["sort"] == "newest"
    click(app, columns=["Made"])
    assert "sort" not in app.query_params
    click(app, cells=[(1, "Begins with")])
    assert app.query_params["id"] == str(three[1])
    assert "**2** of 3 waiting" in texts(app)
    app.query_params["view"] = "list"
    app.run()
    assert app.dataframe[0].key != table.key  # a table that knows of no click: the way back is open
    assert "view" in app.query_params
    (without,) = open_page("review.py", view="list", score="70-100").dataframe
    assert list(without.value["Score"]) == [90]
    assert "Findings" not in without.value  # an empty column takes no room


def test_what_is_ticked_is_decided_and_taken_back_as_one(
    open_page: Open, reader: db.User, three: list[UUID]
) -> None:
    app = open_page("review.py", view="list")
    click(app, rows=[0, 2])
    assert "**2** ticked" in texts(app)
    (link,) = [one.proto for one in app.get("link_button") if one.proto.id.endswith("ticked_zip")]
    assert link.url == f"/api/conversations/export?ids={three[0]},{three[2]}&format=chat-jsonl"
    app.button(key="bulk_reject").click().run()
    assert "Reject the **2\u00a0conversations** that you ticked" in texts(app)
    assert statuses(reader, three) == ["pending"] * 3
    app.button(key="bulk_reject").click()  # here a press reruns all, not the dialog alone
    app.button(key="decide_bulk").click().run()
    assert statuses(reader, three) == ["rejected", "pending", "rejected"]
    assert app.button(key="undo_bulk").label == "Undo: 2 rejected"
    app.button(key="undo_bulk").click().run()
    assert statuses(reader, three) == ["pending"] * 3
    assert app.button(key="undo_bulk").disabled


def test_a_reason_is_chosen_by_its_button_and_typed_words_come_first(
    open_page: Open, reader: db.User, three: list[UUID]
) -> None:
    app = open_page("review.py")
    app.button(key=f"pick_2_{three[0]}_1").click().run()
    app.button(key=key("reject", three[0])).click().run()
    app.button(key=f"pick_2_{three[1]}_1").click().run()
    app.button(key=f"pick_2_{three[1]}_1").click().run()  # again: none
    app.button(key=key("reject", three[1])).click().run()
    app.button(key=f"pick_1_{three[2]}_1").click().run()
    app.text_input(key=key("reason", three[2])).input("Of my own")
    app.button(key=key("approve", three[2])).click().run()
    reasons = [ask(reader, partial(conversations.get, row_id=one)).reason for one in three]
    assert reasons == ["Wrong facts", None, "Of my own"]
    assert "You decided on 3 today: 1 approved, 2 rejected." in texts(app)


def test_history_and_origins_are_told_as_text(open_page: Open, reader: db.User, three: list[UUID]) -> None:
    with db.session_scope(reader, write=True) as session:
        review.decide(session, decision=Status.REJECTED, ids=[three[0]], reason="**Dull** <b>x</b>\u202e")
    app = open_page("review.py", id=three[0])
    shown = texts(app)
    assert "You rejected it" in shown
    assert "**Dull**" not in shown
    app.button(key=f"origins_{three[0]}").click().run()
    assert not app.exception
    assert "May \\<b\\>batch" in texts(app)
    for part in ("Replies", "Requests", "Values"):
        app.session_state["origins_part"] = part
        app.button(key=f"origins_{three[0]}").click().run()
        assert not app.exception, part


def test_keys_are_switched_off_and_stay_so(open_page: Open, three: list[UUID]) -> None:
    app = open_page("review.py")
    assert app.button(key=key("approve", three[0])).proto.shortcut == "a"
    app.toggle(key="review_keys_True").set_value(False).run()
    assert app.query_params["keys"] == "off"
    assert app.button(key=key("approve", three[0])).proto.shortcut == ""


def test_figures_of_templates_are_drawn(open_page: Open, reader: db.User, three: list[UUID]) -> None:
    app = open_page("templates.py", tab="figures", days="7")
    assert not app.exception
    assert "Nothing to draw yet" in texts(app)  # all was made before
    generation.conversation(reader, created_at=datetime.now(UTC), findings=[EMAIL])
    generation.conversation(reader, template_id=generation.template(reader, name="<b>Sales</b> %{x}"))
    with db.session_scope(reader, write=True) as session:
        review.decide(session, decision=Status.APPROVED, ids=three)
    app = open_page("templates.py", tab="figures", days="7")
    assert not app.exception
    shown = texts(app)
    assert "E\\-mail address was found most" in shown
    assert "100" in shown
