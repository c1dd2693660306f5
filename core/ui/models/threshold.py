"""From which probability on a model's rows count as the positive outcome: what each choice costs, and the choice."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core import db
from core.db.tables.models import ModelRow
from core.models import changes, models, thresholds
from core.models.thresholds import Cut, KnownScores, Named, Rule
from core.ui import formatting, links, notices, page_frame, session
from core.ui.models import evaluation

RULES: Final[dict[Rule, str]] = {
    "half": "One half",
    "as_trained": "As many as in training",
    "best_f1": "Best F1",
    "by_hand": "By hand",
}
_LEAST: Final = 10.0**-thresholds.DECIMALS
_STEP: Final = 0.01


def title(model: ModelRow) -> str:
    """The name of its tab."""
    return f"Threshold · {formatting.threshold(thresholds.of_model(model))}"


def show(model: ModelRow, *, is_mine: bool) -> None:
    """The threshold that counts, and for its owner the choice of another. model: ready, of two classes."""
    label = models.schema_of(model).positive_label or ""
    scores = thresholds.known(model.report)
    now, rule = thresholds.of_model(model), thresholds.rule_of(model)
    st.markdown(
        f"Rows at **{formatting.threshold(now)}** or more are predicted **{links.escape(label)}** "
        f":gray[· {RULES[rule].lower()}]"
    )
    if scores is None:
        st.caption("Train the model again to see the precision and recall of a threshold.")
    if not is_mine:
        if scores is not None:
            st.caption(links.escape(costs(scores.cut(now), label)))
        return
    wanted = _choice(model, scores, now=now, rule=rule, label=label)
    if scores is not None:
        st.caption(f"Measured on {_measured_on(model)}: {formatting.exact(scores.cut(now).n_rows, 'row')}.")
    is_same = wanted == (rule if isinstance(wanted, str) else now)
    if st.button(
        "Save threshold", key="save_threshold", icon=":material/check:", type="primary", disabled=is_same
    ):
        with page_frame.guarded():
            with db.session_scope(session.user(), write=True) as scope:
                changed = changes.set_threshold(scope, model_id=model.id, wanted=wanted)
            said = formatting.threshold(thresholds.of_model(changed))
            notices.leave(f"New predictions use a threshold of {said}.", icon=":material/check:")
            st.rerun()
    st.caption("Predictions that exist keep the threshold that they were made with.")


def _choice(
    model: ModelRow, scores: KnownScores | None, *, now: float, rule: Rule, label: str
) -> float | Named:
    """A rule, or a number by hand, each with what it costs."""
    offered = [one for one in RULES if scores is not None or one in ("half", "by_hand")]
    cuts = {one: scores.cut(threshold) for one, threshold in scores.best.items()} if scores else {}
    asked = f"{model.id}_{now}_{rule}"  # what was saved elsewhere meanwhile is begun with
    chosen = st.radio(
        "Threshold",
        offered,
        index=offered.index(rule) if rule in offered else 0,
        format_func=lambda one: _named(one, cuts.get(one)),
        captions=[
            links.escape(costs(cuts[one], label)) if one in cuts else "Any probability" for one in offered
        ],
        key=f"threshold_rule_{asked}",
    )
    if chosen != "by_hand":
        return chosen
    by_hand = st.number_input(
        "Probability",
        min_value=_LEAST,
        max_value=1 - _LEAST,
        value=now,
        step=_STEP,
        format="%.3f",
        key=f"threshold_{asked}",
        width=160,
    )
    if scores is not None:
        st.caption(links.escape(costs(scores.cut(by_hand), label)))
    return by_hand


def _named(rule: Rule, cut: Cut | None) -> str:
    return (
        RULES[rule]
        if cut is None or rule == "half"
        else f"{RULES[rule]} · {formatting.threshold(cut.threshold)}"
    )


def costs(cut: Cut, label: str) -> str:
    """What a threshold does to rows whose outcome is known, in a sentence. label: the positive outcome."""
    called = f"{formatting.exact(cut.n_called, 'row')} predicted {label} ({formatting.percent(cut.share, decimals=1)})"
    if cut.precision is None or cut.recall is None:
        return f"{called}."
    precision, recall = (formatting.percent(one, decimals=1) for one in (cut.precision, cut.recall))
    return f"Precision {precision}, recall {recall}: {called}."


def _measured_on(model: ModelRow) -> str:
    is_held_out = "n_held_out" in (model.report or {})
    return (
        "rows that the code never saw"
        if is_held_out
        else f"held-out rows of {evaluation.measured_over(model.report or {})}"
    )
