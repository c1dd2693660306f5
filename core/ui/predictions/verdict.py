"""Whether scoring the same file with the same model gave the same bytes as the last time, in words."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import streamlit as st

from core import db
from core.db.tables.predictions import PredictionRow
from core.predictions import repeats
from core.predictions.receipt import IngredientChange
from core.predictions.repeats import RepeatComparison
from core.ui import formatting, links, page_frame, session
from core.ui.predictions.pages import PREDICTION

_INGREDIENTS: Final = {
    "input": "the file",
    "reading": "how the file is read",
    "model": "the model",
    "options": "the options",
    "code": "the app's code",
    "machine": "the machine's arithmetic",
}


def label(verdict: RepeatComparison | None) -> str:
    """The name of the receipt's tab."""
    if verdict is None:
        return "Receipt"
    return "Receipt · identical" if verdict.same_bytes else "Receipt · different"


def show(verdict: RepeatComparison, *, now: datetime) -> None:
    """The verdict, and the way to the prediction that was compared with."""
    if verdict.same_bytes and verdict.same_counts is not False:
        st.success(sentence(verdict, now=now), icon=":material/verified:")
    else:
        st.warning(sentence(verdict, now=now), icon=":material/difference:")
    links.link("View the earlier prediction", PREDICTION, icon=":material/history:", id=verdict.earlier_id)


def sentence(verdict: RepeatComparison, *, now: datetime) -> str:
    """What came out beside the last time, and what had changed between the two."""
    earlier = f"the last result for this file and model, {formatting.ago(verdict.earlier_at, now=now)}"
    if verdict.same_bytes:
        text = f"**Identical** to {earlier}."
        if verdict.same_counts is False:
            text += " The counts behind its metrics differ, though."
        return f"{text} {_though(verdict.changed)}".strip()
    return f"**Different** from {earlier}. {_because(verdict.changed)}"


def score_again_button(prediction: PredictionRow) -> None:
    """The button that scores the file once more, to compare."""
    if st.button(
        "Score again and compare",
        key="again",
        icon=":material/replay:",
        help="Runs the same file, model and options as a new prediction. Its receipt shows whether the result is "
        "identical.",
    ):
        with page_frame.guarded():
            with db.session_scope(session.user(), write=True) as scope:
                made = repeats.again(scope, prediction_id=prediction.id)
            links.go(PREDICTION, id=made.id)


def changes_text(changed: tuple[IngredientChange, ...]) -> str:
    """The ingredients that differ: libraries by their versions, others by what they are."""
    named: dict[str, None] = {}
    for change in changed:
        group, _, name = change.name.partition(".")
        if group == "libraries":
            named[f"{links.escape(name)} ({links.escape(change.before)} → {links.escape(change.now)})"] = None
        else:
            named[_INGREDIENTS.get(group, links.escape(change.name))] = None
    names = list(named)
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _though(changed: tuple[IngredientChange, ...] | None) -> str:
    return f"Changed since then, without effect: {changes_text(changed)}." if changed else ""


def _because(changed: tuple[IngredientChange, ...] | None) -> str:
    if changed is None:
        return "The earlier one has no receipt, so what changed is unknown."
    if not changed:
        return "Nothing that affects the result has changed, so one of the two is wrong. Please report it."
    return f"Changed since then: {changes_text(changed)}."
