"""Review: one conversation at a time, decided, taken back, edited; by its own link and in the queue."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core import db
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import conversations, review
from core.generation.conversations.conversations import Filter
from core.generation.conversations.states import Status
from core.generation.quality import backlog
from core.generation.quality.findings import Finding, from_json
from core.generation.templates import shipped
from core.ui.review import marked
from tests import enrichments, generation
from tests.journeys import ask
from tests.pages.conftest import keyed
from tests.pages.scored import texts
from tests.principals import ELSEWHERE

Open = Callable[..., AppTest]


def get(user: db.User, row_id: UUID) -> ConversationRow:
    return ask(user, partial(conversations.get, row_id=row_id))


def key(name: str, row_id: UUID, row_version: int = 1) -> str:
    return f"{name}_{row_id}_{row_version}"


def said(app: AppTest) -> list[str]:
    return [element.value for element in app.text]


def decide_elsewhere(user: db.User, row_id: UUID, decision: Status) -> None:
    with db.session_scope(user, write=True) as session:
        review.decide(session, decision=decision, ids=[row_id])


def test_the_oldest_that_waits_is_open_with_its_facts(reader: db.User, open_page: Open) -> None:
    job_id = generation.job(reader, name="May batch")
    generation.conversations(reader, 3, job_id=job_id)
    app = open_page("review.py")
    assert not app.exception
    assert said(app) == ["Question 1?", "Answer 1."]
    shown = texts(app)
    assert "**1** of 3 waiting" in shown
    for fact in ("May batch, item 1", "Support v1", "parcel", "OFFLINE"):
        assert fact in shown, fact


def test_approving_leads_to_the_next_and_undo_back(reader: db.User, open_page: Open) -> None:
    first, second = generation.conversations(reader, 2)
    app = open_page("review.py")
    app.button(key=key("approve", first)).click().run()
    assert get(reader, first).status == "approved"
    assert said(app) == ["Question 2?", "Answer 2."]
    assert "**1** of 1 waiting" in texts(app)
    assert str(second) in app.query_params["id"]
    app.button(key=key("undo", first, 2)).click().run()
    assert get(reader, first).status == "pending"
    assert said(app) == ["Question 1?", "Answer 1."]
    assert app.button(key="undo").disabled


def test_a_second_click_on_approve_does_not_meet_the_next(reader: db.User, open_page: Open) -> None:
    first, second = generation.conversations(reader, 2)
    app = open_page("review.py")
    app.button(key=key("approve", first)).click().run()
    keys = {button.key for button in app.button}
    assert key("approve", first) not in keys  # so what is sent twice is sent to a button that is gone
    assert key("approve", second) in keys


def test_rejecting_keeps_the_reason(reader: db.User, open_page: Open) -> None:
    (only,) = generation.conversations(reader, 1)
    app = open_page("review.py")
    app.text_input(key=key("reason", only)).input(" Off topic ")
    app.button(key=key("reject", only)).click().run()
    found = get(reader, only)
    assert (found.status, found.reason) == ("rejected", "Off topic")
    assert "All reviewed" in texts(app) or "Rejected" in texts(app)


def test_when_all_is_reviewed_it_says_so_and_the_last_can_be_taken_back(
    reader: db.User, open_page: Open
) -> None:
    (only,) = generation.conversations(reader, 1)
    app = open_page("review.py")
    app.button(key=key("approve", only)).click().run()
    assert "All reviewed" in texts(app)
    app.button(key=key("undo", only, 2)).click().run()
    assert get(reader, only).status == "pending"
    assert said(app)


def test_the_arrows_go_through_the_queue(reader: db.User, open_page: Open) -> None:
    a, b, c = generation.conversations(reader, 3)
    app = open_page("review.py", id=b)
    assert "**2** of 3 waiting" in texts(app)
    app.button(key=f"next_{c}").click().run()
    assert said(app)[0] == "Question 3?"
    assert app.button(key="next_None").disabled
    app.button(key=f"previous_{b}").click().run()
    app.button(key=f"previous_{a}").click().run()
    assert said(app)[0] == "Question 1?"
    assert {get(reader, one).status for one in (a, b, c)} == {"pending"}


def test_somebody_else_was_first_and_the_reader_is_told(reader: db.User, open_page: Open) -> None:
    first, second = generation.conversations(reader, 2)
    app = open_page("review.py")
    decide_elsewhere(reader, first, Status.REJECTED)
    app.button(key=key("approve", first)).click().run()
    assert not app.exception
    assert [get(reader, one).status for one in (first, second)] == ["rejected", "pending"]
    assert "rejected it while you were reading" in app.toast[0].value.replace("\\", "")


def test_somebody_else_decided_the_same_and_nobody_is_bothered(reader: db.User, open_page: Open) -> None:
    first, _ = generation.conversations(reader, 2)
    app = open_page("review.py")
    decide_elsewhere(reader, first, Status.APPROVED)
    app.button(key=key("approve", first)).click().run()
    assert not app.toast
    assert said(app) == ["Question 2?", "Answer 2."]


def test_state_and_batch_stand_in_the_address(reader: db.User, open_page: Open) -> None:
    job_id, other = generation.job(reader, name="One"), generation.job(reader, name="Two")
    generation.conversations(reader, 2, job_id=job_id, status="approved")
    generation.conversation(reader, job_id=other, idx=9, said=generation.talk("Waits?", "Yes."))
    app = open_page("review.py", status="approved", job=job_id)
    assert "**1** of 2 approved" in texts(app)
    app.session_state["review_choose"] = True  # its box is open
    app.run()
    app.selectbox(key=f"review_job_{job_id}").select(str(other)).run()
    assert "No matching conversations" in texts(app)
    app.button(key="clear_filters").click().run()
    assert said(app) == ["Waits?", "Yes."]
    app.pills(key="review_status").select("All").run()
    assert "of 3 conversations" in texts(app)


def test_an_edit_is_saved_and_waits_again(reader: db.User, open_page: Open) -> None:
    (only,) = generation.conversations(reader, 1, status="approved")
    app = open_page("review.py", id=only)
    app.button(key=key("edit", only)).click().run()
    assert app.button(key=key("approve", only)).disabled
    app.text_area(key=f"turn_{only}_1_2").input("A better answer.")
    app.button(key="save_edit").click().run()
    assert not app.exception
    found = get(reader, only)
    assert (found.status, found.messages[1]["content"]) == ("pending", "A better answer.")
    assert said(app) == ["Question 1?", "A better answer."]
    assert "once" in texts(app)


def test_an_edit_that_is_no_conversation_keeps_the_form(reader: db.User, open_page: Open) -> None:
    (only,) = generation.conversations(reader, 1)
    app = open_page("review.py")
    app.button(key=key("edit", only)).click().run()
    app.text_area(key=f"turn_{only}_1_1").input("   ")
    app.button(key="save_edit").click().run()
    assert "it is empty, message 1 of 2" in app.error[0].value.replace("\\", "")
    assert app.text_area(key=f"turn_{only}_1_1").value == "   "
    app.button(key="cancel_edit").click().run()
    assert said(app) == ["Question 1?", "Answer 1."]
    assert get(reader, only).row_version == 1


def test_hostile_words_are_text(reader: db.User, open_page: Open) -> None:
    words = "<img src=x onerror=alert(1)> **bold** :red[x] ![a](http://x.example/a.png) $$x$$ \u202e"
    job_id = generation.job(reader, name=words)
    row_id = generation.conversation(
        reader, job_id=job_id, said=generation.talk(words, words), params={words: words}, reason=words
    )
    app = open_page("review.py", id=row_id)
    assert not app.exception
    assert said(app) == [words, words]
    shown = "\n".join(element.value for element in app.markdown)
    assert "**bold**" not in shown
    assert "![a]" not in shown
    assert ":red[x]" not in shown


def test_the_open_one_is_deleted_once_it_is_confirmed_and_comes_back(
    reader: db.User, open_page: Open
) -> None:
    first, _ = generation.conversations(reader, 2)
    app = open_page("review.py", id=first)
    app.button(key=f"delete_{first}").click().run()
    assert "Question 1?" in texts(app)
    assert get(reader, first).row_version == 1
    app.button(key=f"delete_{first}").click()
    app.button(key=f"confirm_delete_{first}").click().run()
    assert not app.exception
    assert said(app) == ["Question 2?", "Answer 2."]
    assert "Deleted 1\u00a0conversation." in texts(app)
    keyed(app.button, "undo_deletion").click().run()
    assert "**1** of 2 waiting" in texts(app)
    assert get(reader, first).id == first


def test_all_that_the_filters_find_are_deleted_without_the_approved(reader: db.User, open_page: Open) -> None:
    job_id = generation.job(reader, name="One")
    generation.conversations(reader, 2, job_id=job_id)
    kept = generation.conversation(reader, job_id=job_id, idx=8, status="approved")
    other = generation.conversation(reader, idx=9)
    app = open_page("review.py", view="list", status="all", job=job_id)
    app.button(key="delete_filtered").click().run()
    assert "The filters find **3\u00a0conversations** of yours" in texts(app)
    app.button(key="delete_filtered").click()
    app.button(key="confirm_delete_2").click().run()
    assert not app.exception
    assert "Deleted 2\u00a0conversations." in texts(app)
    shown = ask(reader, partial(conversations.page, asked=Filter()))
    assert {row.id for row in shown.items} == {kept, other}


def test_a_number_that_has_changed_is_not_confirmed(reader: db.User, open_page: Open) -> None:
    generation.conversations(reader, 2)
    app = open_page("review.py", view="list", status="all")
    app.button(key="delete_filtered").click().run()
    generation.conversation(reader, idx=9)
    app.button(key="delete_filtered").click()
    app.button(key="confirm_delete_2").click().run()
    assert keyed(app.button, "confirm_delete").label == "Delete 3\u00a0conversations"
    assert sum(ask(reader, partial(conversations.counts, asked=Filter())).values()) == 3


@pytest.mark.parametrize("given", ["7", str(ELSEWHERE), "x" * 500, "../../etc"])
def test_a_bad_link_is_a_sentence_with_the_way_to_the_queue(
    reader: db.User, open_page: Open, given: str
) -> None:
    generation.conversations(reader, 1)
    app = open_page("review.py", id=given)
    assert not app.exception
    assert "There is no conversation with the id" in app.error[0].value.replace("\\", "")
    app.button(key="view_all").click().run()
    assert said(app)


def test_the_business_key_in_a_link_is_told_apart(reader: db.User, open_page: Open) -> None:
    business_key = uuid4()
    row_id = generation.conversation(reader, conversation_id=business_key)
    app = open_page("review.py", id=business_key)
    assert str(row_id) in app.error[0].value.replace("\\", "")


def test_with_nothing_there_the_page_says_what_will_be(reader: db.User, open_page: Open) -> None:
    app = open_page("review.py")
    assert not app.exception
    assert "No conversations yet" in texts(app)


def test_home_says_how_many_wait(reader: db.User, open_page: Open) -> None:
    generation.conversations(reader, 2)
    assert "**2\u00a0conversations** wait for review" in texts(open_page("home.py"))
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(ConversationRow).values(status="approved"))
    assert "review" not in texts(open_page("home.py"))


def test_the_score_and_its_reasons_stand_beside_and_old_ones_can_be_checked(
    reader: db.User, open_page: Open
) -> None:
    said = generation.talk("Where is it?", "Write to **jo@acme-mail.de** for it.")
    (start, end), words = (8, 28), said[1]["content"]
    found = [
        Finding("email", 1, start, end).to_json(),
        Finding("near_duplicate_in_job", detail=str(ELSEWHERE)).to_json(),
        {"code": "of a *later* version"},
    ]
    row_id = generation.conversation(reader, said=said, score=15, findings=found)
    generation.conversation(reader, idx=1)
    app = open_page("review.py", id=row_id)
    assert not app.exception
    shown = texts(app)
    assert "15 · poor" in shown
    assert "An e\\-mail address \\(message 2\\)" in shown
    assert "of a \\*later\\* version" in shown
    drawn = marked.parts(words, from_json(found))
    assert "".join(part.text for part in drawn) == words
    assert [(part.text, part.says) for part in drawn if part.says] == [(words[start:end], "E-mail address")]
    app.button(key="check_quality").click().run()
    assert not app.exception
    with db.session_scope(reader) as session:
        assert backlog.is_under_way(session)
    assert "check_quality" not in {button.key for button in app.button}


@pytest.mark.parametrize(
    ("spans", "wanted"),
    [
        ([], ["abcdef"]),
        ([(0, 6)], ["abcdef"]),
        ([(1, 3), (2, 4)], ["a", "b", "c", "d", "ef"]),
        ([(4, 99), (-3, 1), (5, 5), (9, 12)], ["a", "bcd", "ef"]),
    ],
)
def test_marks_keep_every_letter_wherever_they_point(spans: list[tuple[int, int]], wanted: list[str]) -> None:
    drawn = marked.parts("abcdef", [Finding("email", 0, start, end) for start, end in spans])
    assert [part.text for part in drawn] == wanted


def test_what_was_found_out_stands_beside_it_as_text_and_what_was_not_can_be(
    reader: db.User, open_page: Open
) -> None:
    shipped.ensure()
    found = {
        **enrichments.FOUND, "source": "claude-haiku-5-5", "summary": "<b>bold</b> :red[red] \u202egnorw",
    }  # fmt: skip
    known = generation.conversation(reader, enrichment=found)
    new = generation.conversation(reader, idx=1)
    app = open_page("review.py", id=known)
    assert not app.exception
    assert "late parcel, tracking" in texts(app)
    assert ":red[red]" not in texts(app)
    assert "<b>" not in texts(app)
    assert f"enrich_{known}" not in {one.key for one in app.button}
    app = open_page("review.py", id=new)
    app.button(key=f"enrich_{new}").click().run()
    app.button(key=f"enrich_{new}").click()
    app.button(key="enrich_start").click().run()
    assert not app.exception
    with db.session_scope(reader) as scope:
        made = scope.execute(sa.select(BatchJobRow)).scalar_one()
        assert (made.kind, made.n_items) == ("enrich", 1)
    app = open_page("review.py")
    app.button(key="enrich_many").click().run()
    assert "None of these conversations is left to enrich" in app.error[0].value
