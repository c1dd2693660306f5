"""The list of predictions, opened by its own link."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from core import db
from core.predictions import listing, predictions
from core.ui.predictions import actions, filters, live_list
from tests import journeys
from tests.pages.conftest import abandon
from tests.pages.scored import Desk, open_page, texts


def test_the_list_shows_a_scored_file_with_its_counts(desk: Desk) -> None:
    app = open_page("predictions.py")

    assert not app.exception
    assert app.pills(key="predictions_status").options == list(filters.STATUSES)
    assert _numbers(app) == {
        "All": 1,
        "Queued": 0,
        "Processing": 0,
        "Completed": 1,
        "Failed": 0,
        "Cancelled": 0,
    }
    assert app.menu_button(key=f"menu_{desk.scored_id}").options[-1] == ":material/delete: Delete"


def test_what_a_pill_sends_stays_as_it_was_while_its_number_changes(desk: Desk) -> None:
    app = open_page("predictions.py")
    shown = list(app.pills(key="predictions_status").options)
    desk.queue()
    app.run()

    assert app.pills(key="predictions_status").options == shown
    assert _numbers(app)["Queued"] == 1


def test_an_empty_list_teaches_the_next_step(desk: Desk) -> None:
    with db.session_scope(desk.user, write=True) as session:
        predictions.delete(session, prediction_id=desk.scored_id)

    app = open_page("predictions.py")

    assert "No predictions yet" in texts(app)
    assert app.button(key="first_prediction").label == "Score a file"


def test_filters_are_read_from_the_address(desk: Desk) -> None:
    app = open_page("predictions.py", status="failed", file="customers")

    assert app.pills(key="predictions_status").value == "Failed"
    assert app.text_input(key="predictions_file").value == "customers"
    assert "No matching predictions" in texts(app)


def test_a_chosen_status_is_written_into_the_address(desk: Desk) -> None:
    app = open_page("predictions.py")

    app.pills(key="predictions_status").select("Failed").run()

    assert app.query_params["status"] == "failed"


def test_clearing_the_filters_shows_everything_again(desk: Desk) -> None:
    app = open_page("predictions.py", status="failed")

    app.button(key="clear_filters").click().run()

    assert app.menu_button(key=f"menu_{desk.scored_id}").label == ""
    assert "status" not in app.query_params


def test_results_come_in_pages(desk: Desk) -> None:
    for _ in range(filters.PER_PAGE):
        desk.queue()

    app = open_page("predictions.py", page="2")

    assert [button.key for button in app.menu_button] == [f"menu_{desk.scored_id}"]
    assert "21–21 of 21\u00a0predictions" in texts(app)


@pytest.mark.parametrize("page", ["9" * 5_000, "0", "-1", "two", "²"])
def test_what_is_no_number_of_a_page_opens_the_first(desk: Desk, page: str) -> None:
    for _ in range(filters.PER_PAGE):
        desk.queue()

    app = open_page("predictions.py", page=page)

    assert not app.exception
    assert "1–20 of 21\u00a0predictions" in texts(app)


def test_a_search_without_end_finds_nothing(desk: Desk) -> None:
    app = open_page("predictions.py", file="\0" + "customers" * 9_000)

    assert not app.exception
    assert not app.error
    assert "No matching predictions" in texts(app)


def test_queued_without_a_worker_says_so_with_a_button(desk: Desk) -> None:
    desk.queue()

    app = open_page("predictions.py")

    assert "No worker is running." in texts(app)
    assert app.button(key="next_by_hand").label == "Score the next one now"


def test_what_its_worker_left_half_done_can_be_done_by_hand(desk: Desk) -> None:
    left_id = desk.queue()
    left = journeys.ask(desk.user, lambda session: predictions.get(session, prediction_id=left_id))
    abandon(left.task_id)

    app = open_page("predictions.py")

    assert "**No worker is running.** :gray[· 1\u00a0prediction waiting]" in texts(app)
    assert ":material/play_arrow: Score now" in app.menu_button(key=f"menu_{left_id}").options
    assert journeys.ask(desk.user, listing.next_waiting) == left_id


def test_by_hand_without_a_runner_is_refused_with_its_cure(desk: Desk) -> None:
    queued_id = desk.queue()
    app = open_page("predictions.py")

    app.button(key="next_by_hand").click().run()

    assert "This process can't run tasks right now" in app.error[0].value
    assert desk.status(queued_id) == "QUEUED"


def test_a_queued_prediction_is_cancelled_from_its_menu(desk: Desk) -> None:
    queued_id = desk.queue()
    app = open_page("predictions.py")

    app.menu_button(key=f"menu_{queued_id}").click(":material/block: Cancel").run()

    assert desk.status(queued_id) == "CANCELLED"
    assert app.menu_button(key=f"menu_{queued_id}").options[1] == ":material/refresh: Retry"


def test_a_deletion_is_confirmed_first(desk: Desk) -> None:
    app = open_page("predictions.py")

    app.menu_button(key=f"menu_{desk.scored_id}").click(":material/delete: Delete").run()

    assert "This permanently deletes the result of" in texts(app)
    assert app.button(key="confirm_delete").label == "Delete prediction"
    assert desk.status(desk.scored_id) == "COMPLETED"


def test_a_deleted_prediction_takes_its_files_along(desk: Desk) -> None:
    results = desk.settings.files_dir / "results"
    assert list(results.rglob("*.csv"))

    actions.delete(desk.scored_id)

    assert not list(results.rglob("*.csv"))
    assert "No predictions yet" in texts(open_page("predictions.py"))


def test_the_list_looks_again_seldom_once_nothing_is_pending(
    desk: Desk,
    intervals: list[float | None],
) -> None:
    queued_id = desk.queue()
    app = open_page("predictions.py")
    assert intervals == [live_list.MOVING_S]

    with db.session_scope(desk.user, write=True) as session:
        predictions.cancel(session, prediction_id=queued_id)
    app.run()

    assert intervals[-1] == live_list.SETTLED_S
    assert live_list.SETTLED_S > live_list.MOVING_S


def _numbers(app: AppTest) -> dict[str, int]:
    """What is drawn beside each pill."""
    styles = "".join(element.proto.body for element in app.get("html"))
    drawn = re.findall(r'nth-of-type\((\d)\) p::after { content: " (\d+)"; }', styles)
    return {
        app.pills(key="predictions_status").options[int(place) - 1]: int(number) for place, number in drawn
    }
