"""What the page of a live app says and does in each state, in a browser; what answers it is the test itself."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from core.models.schema import Feature
from core.training.deployments import page as live_page
from tests.core.api.live.test_page import SHOWN

HOME = "http://desk.test/live/1/"
ANSWER = {"predictions": [{"prediction": "Yes", "probabilities": {"No": 0.25, "Yes": 0.75}}]}


def status(state: str, message: str = "") -> dict[str, Any]:
    return {"status": state, "error": {"message": message, "hint": ""} if message else None}


@dataclass
class Desk:
    """The other side of the wire. said: the status, or an HTTP status, or None where nobody answers.

    then: status and answer once a prediction was asked for.
    """

    page: Page
    said: dict[str, Any] | int | None = field(default_factory=lambda: status("live"))
    predicted: tuple[int, dict[str, Any]] = (200, ANSWER)
    then: tuple[dict[str, Any], tuple[int, dict[str, Any]]] | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    shown: live_page.Shown = SHOWN

    def open(self, *, is_mine: bool = True) -> None:
        shown = replace(self.shown, is_mine=is_mine, status=self.said if isinstance(self.said, dict) else {})
        html = live_page.html(shown, nonce="n")
        headers = {"Content-Security-Policy": live_page.policy("n"), "Content-Type": "text/html"}
        self.page.route(HOME, lambda route: route.fulfill(body=html, headers=headers))
        self.page.route("**/static/**", lambda route: route.abort())
        self.page.route(f"{HOME}status", self._status)
        self.page.route(f"{HOME}start", lambda route: self._json(route, 202, status("starting")))
        self.page.route(f"{HOME}predict", self._predict)
        self.page.clock.install()
        self.page.goto(HOME)

    def _status(self, route: Route) -> None:
        if self.said is None:
            route.abort()
        elif isinstance(self.said, int):
            self._json(route, self.said, {})
        else:
            self._json(route, 200, self.said)

    def _predict(self, route: Route) -> None:
        self.rows += json.loads(route.request.post_data or "")["rows"]
        answer = self.predicted
        if self.then is not None:
            self.said, self.predicted = self.then
        self._json(route, *answer)

    @staticmethod
    def _json(route: Route, code: int, said: dict[str, Any]) -> None:
        route.fulfill(status=code, body=json.dumps(said), content_type="application/json")


@pytest.fixture
def desk(page: Page) -> Desk:
    return Desk(page)


def test_a_row_is_predicted_by_the_keyboard_alone(desk: Desk, page: Page) -> None:
    desk.open()
    page.get_by_label("age").fill("44.5")
    page.keyboard.press("Tab")
    expect(page.get_by_label("plan")).to_be_focused()
    page.get_by_label("age").press("Enter")
    expect(page.locator("#answer")).to_have_text("Yes")
    expect(page.locator(".share")).to_have_text([re.compile("Yes.*75.0"), re.compile("No.*25.0")])
    assert desk.rows == [{"age": 44.5, "plan": "a"}]
    page.get_by_label("age").fill("45")
    expect(page.locator("#stale")).to_be_visible()


def test_columns_and_classes_of_any_name_are_sent_and_shown_as_they_are(desk: Desk, page: Page) -> None:
    names = [
        "addEventListener",
        "elements",
        "__proto__",
        "constructor",
        "two\nlines",
        "\u202edrow",
        "",
        '"><b>',
    ]
    features = tuple(Feature(name, "category", ("one\r\nof two\rlines",)) for name in names)
    desk.shown = replace(SHOWN, schema=replace(SHOWN.schema, features=features))
    shares = {"__proto__": 0.75, "<b>No</b>": 0.25}
    desk.predicted = 200, {"predictions": [{"prediction": "__proto__", "probabilities": shares}]}
    desk.open()
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer")).to_have_text("__proto__")
    expect(page.locator(".share")).to_have_text(
        [re.compile("__proto__.*75.0"), re.compile("<b>No</b>.*25.0")]
    )
    assert desk.rows == [dict.fromkeys(names, "one\r\nof two\rlines")]


def test_what_is_no_number_is_said_beside_its_field_and_is_not_sent(desk: Desk, page: Page) -> None:
    desk.open()
    age = page.get_by_label("age")
    age.fill("old")
    page.get_by_role("button", name="Predict").click()
    expect(age).to_be_focused()
    expect(age).to_have_accessible_description(re.compile("Write a number"))
    assert desk.rows == []
    expect(page.get_by_role("alert")).to_have_text(
        "Nothing was predicted. Write a number in age, or leave it empty."
    )
    age.fill("99")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(age).to_have_accessible_description(re.compile("Outside what training saw: 18 to 90"))
    expect(page.locator("#field-0-error")).to_be_hidden()


def test_an_answer_for_a_row_unlike_the_trainings_says_which_fields_make_it_less_sure(
    desk: Desk, page: Page
) -> None:
    desk.open()
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer")).to_have_text("Yes")
    expect(page.locator("#far")).to_be_hidden()
    page.get_by_label("age").fill("99")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#far")).to_have_text("Less sure, as this is outside what training saw: age")


def test_the_button_and_the_answer_stay_in_sight_on_a_phone(desk: Desk, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 640})
    desk.open()
    page.evaluate("document.querySelector('section').style.minHeight = '2000px'")  # a form of many fields
    button = page.get_by_role("button", name="Predict")
    expect(button).to_be_in_viewport(ratio=1)
    button.click()
    expect(page.locator("#answer")).to_be_in_viewport(ratio=1)
    page.evaluate("document.querySelector('#field-0').parentElement.style.marginTop = '900px'")
    page.evaluate("scrollTo(0, 0)")
    page.get_by_label("age").focus()
    box, panel = page.get_by_label("age").bounding_box(), page.locator("aside").bounding_box()
    assert box and panel
    assert box["y"] + box["height"] <= panel["y"], "what is being written in is not below the button"
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_what_the_app_refuses_stands_beside_the_field_that_it_names(desk: Desk, page: Page) -> None:
    desk.predicted = 422, {"error": {"message": "Row 1: 'plan' is no text.", "hint": "Change it."}}
    desk.open()
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#field-1-error")).to_have_text("'plan' is no text.")
    desk.predicted = 409, {"error": {"message": "This live app is stopped.", "hint": "Restart it first."}}
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_role("alert")).to_have_text("This live app is stopped. Restart it first.")


def test_an_app_that_sleeps_says_so_and_is_woken_by_a_prediction(desk: Desk, page: Page) -> None:
    desk.said = status("paused")
    desk.open()
    expect(page.locator("#state")).to_have_text("Asleep")
    expect(page.locator("#told")).to_contain_text("Your next prediction wakes it up")
    desk.said = status("live")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer")).to_have_text("Yes")
    expect(page.locator("#told")).to_be_hidden()


def test_what_an_app_was_too_slow_to_wake_for_is_predicted_once_it_is_live(desk: Desk, page: Page) -> None:
    desk.said, desk.predicted = (
        status("starting"),
        (409, {"error": {"message": "It is starting.", "hint": ""}}),
    )
    desk.open()
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_role("alert")).to_contain_text("It is starting.")
    desk.said, desk.predicted = status("live"), (200, ANSWER)
    page.clock.run_for(1_000)
    expect(page.locator("#answer")).to_have_text("Yes")
    expect(page.get_by_role("alert")).to_be_hidden()
    assert len(desk.rows) == 2
    desk.predicted = 409, {"error": {"message": "It is busy.", "hint": ""}}
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_role("alert")).to_contain_text("It is busy.")
    page.clock.run_for(30_000)
    assert len(desk.rows) == 3, "a live app that refuses is not asked again and again"


def test_what_was_refused_by_an_app_that_is_live_by_the_next_look_is_predicted_once_more(
    desk: Desk, page: Page
) -> None:
    desk.said, desk.then = status("starting"), (status("live"), (200, ANSWER))
    desk.predicted = 409, {"error": {"message": "It is starting.", "hint": ""}}
    desk.open()
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer")).to_have_text("Yes")
    assert len(desk.rows) == 2


@pytest.mark.parametrize("state", ["stopped", "expired", "failed"])
def test_an_app_that_is_over_is_started_again_by_its_owner_alone(desk: Desk, page: Page, state: str) -> None:
    desk.said = status(state, "It answers something else than in training.")
    desk.open()
    expect(page.locator("#told")).to_contain_text("It answers something else")
    expect(page.get_by_role("button", name="Predict")).to_be_disabled()
    page.get_by_role("button", name="Start it again").click()
    expect(page.locator("#state")).to_have_text("Starting")
    expect(page.get_by_role("button", name="Predict")).to_be_enabled()
    desk.said = status("live")
    page.clock.run_for(1_000)
    expect(page.locator("#state")).to_have_text("Live")


def test_somebody_elses_app_offers_nothing_that_is_refused(desk: Desk, page: Page) -> None:
    desk.said = status("stopped")
    desk.open(is_mine=False)
    expect(page.get_by_role("button", name="Predict")).to_be_disabled()
    expect(page.get_by_role("button", name="Start it again")).to_be_hidden()
    expect(page.locator("#told")).to_contain_text("Only its owner can start it again")
    expect(page.locator("aside")).to_contain_text("somebody else's")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [(None, "can't be reached"), (503, "can't be reached"), (401, "You are signed out"), (404, "isn't there any more")],
)  # fmt: skip
def test_what_can_not_be_reached_is_said(desk: Desk, page: Page, said: int | None, sentence: str) -> None:
    desk.open()
    expect(page.locator("#told")).to_be_hidden()
    page.get_by_label("age").fill("77")
    desk.said = said
    page.clock.run_for(15_000)
    expect(page.locator("#told")).to_contain_text(sentence)
    if "reached" in sentence:
        desk.said = status("live")
        page.clock.run_for(1_000)
        expect(page.locator("#told")).to_be_hidden()
        expect(page.get_by_label("age")).to_have_value("77")


def test_nothing_is_wider_than_a_phone(desk: Desk, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    desk.open()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
