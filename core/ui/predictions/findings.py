"""What a finished prediction found, in sentences: the finding itself, what it rests on, what spoils it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID

import streamlit as st

from core.metrics import findings, wording
from core.metrics.regression import Regression
from core.models import thresholds
from core.predictions.results.measures import PredictionMetrics
from core.predictions.results.run_statistics import EXAMPLES
from core.ui import formatting, links
from core.ui.models.pages import MODEL
from core.ui.predictions import quality


def show(measured: PredictionMetrics, *, model_id: UUID, was_blank: Collection[str] | None) -> None:
    """The finding in one sentence, and what it rests on. was_blank: see `readings.blank_in_training`."""
    with st.container(gap="xsmall", key="finding"):
        st.subheader(links.escape(finding(measured)), anchor=False)
        st.caption(rests_on(measured))
        if measured.on_training_data and measured.metrics is not None:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.caption(
                    ":orange[:material/info:] The model was trained on this file, so these metrics are too optimistic.",
                    width="content",
                )
                links.link(
                    "See its metrics on rows it did not learn from",
                    MODEL,
                    icon=":material/arrow_forward:",
                    id=model_id,
                )
    if spoiled := quality.warning(measured, was_blank=was_blank):
        st.warning(spoiled, icon=":material/warning:")


def finding(measured: PredictionMetrics) -> str:
    """The first thing to know; about the predictions themselves where no outcome is known."""
    return measured.headline or _without_outcome(measured)


def rests_on(measured: PredictionMetrics) -> str:
    """Against which column, over how many rows, and from which probability on."""
    target = links.escape(measured.target)
    if measured.metrics is None:
        return " ".join([f"{_why_not_compared(measured)}.", *_reading(measured)])
    n = measured.n_measured
    compared = formatting.exact(n, "row") if n == measured.n_rows else wording.of_rows(n, measured.n_rows)
    return " ".join(
        [
            f"Compared with the column **{target}** in {compared}.",
            *_left_out(measured),
            *_in_doubt(measured),
            *_reading(measured),
        ]
    )


def _why_not_compared(measured: PredictionMetrics) -> str:
    column = f"The file has a column **{links.escape(measured.target)}**, but"
    if measured.n_unknown:
        known = (
            f"the model knows {links.escape(wording.listed(measured.labels.labels))}"
            if measured.labels is not None
            else "the model predicts numbers"
        )
        if measured.unknown_outcomes:
            return f"{column} its outcomes don't match: the file has {_examples(measured)}, {known}"
        return f"{column} none of its outcomes match: {known}"
    if measured.n_blank:
        return f"{column} it is empty, so there is no outcome to compare with"
    name = links.escape(measured.target)
    return f"The file has no column **{name}**, so there is no outcome to compare with"


def _without_outcome(measured: PredictionMetrics) -> str:
    n_rows = measured.n_rows
    if (scores := measured.scores) is not None and scores.median is not None:
        label = wording.quoted(scores.positive_label)
        if n_rows == 1:
            return f"The only row is {label} with a probability of {wording.percent(scores.median)}."
        likely = sum(scores.counts[len(scores.counts) // 2 :])
        of_all = f"{wording.of_rows(likely, n_rows)} ({wording.percent(likely / n_rows)})"
        return f"{of_all} {wording.be(likely)} predicted {measured.target} = {scores.positive_label}."
    if measured.labels is not None and n_rows:
        n, label = max(zip(measured.labels.counts, measured.labels.labels, strict=True))
        if n_rows == 1:
            return f"The only row is predicted {wording.quoted(label)}."
        share = wording.percent(n / n_rows)
        return (
            f"{wording.of_rows(n, n_rows)} ({share}) {wording.be(n)} predicted {measured.target} = {label}."
        )
    if measured.values is not None and measured.values.quantiles:
        return findings.spread(measured.values)
    return "The file has no rows to predict."


def _left_out(measured: PredictionMetrics) -> Iterator[str]:
    if measured.n_blank:
        yield f"{formatting.exact(measured.n_blank, 'row')} without an outcome {_were(measured.n_blank)} left out."
    if measured.n_unknown:
        n = measured.n_unknown
        kind = (
            "that is not a number" if isinstance(measured.metrics, Regression) else "the model doesn't know"
        )
        such_as = f" ({_examples(measured)})" if measured.unknown_outcomes else ""
        yield f"{formatting.exact(n, 'row')} with an outcome {kind}{such_as} {_were(n)} left out."


def _in_doubt(measured: PredictionMetrics) -> Iterator[str]:
    """Outcomes that may not mean what those of training meant."""
    if measured.outcome_guess:
        why = links.escape(measured.outcome_guess)
        yield f":orange[{why} Nobody chose what they mean, so the metrics may be wrong.]"
    if (n := measured.n_outcomes_outside) and measured.target_range is not None:
        ends = measured.target_range.minimum, measured.target_range.maximum
        seen = " to ".join(map(wording.number, ends))
        has = "has an outcome" if n == 1 else "have outcomes"
        yield f":orange[{formatting.exact(n, 'row')} {has} outside the range seen in training, {seen}.]"


def _examples(measured: PredictionMetrics) -> str:
    """The unknown outcomes; not said to be all of them where there may be more than were kept."""
    found = measured.unknown_outcomes
    return links.escape(f"{wording.listed(found)}{' among others' if len(found) >= EXAMPLES else ''}")


def _reading(measured: PredictionMetrics) -> Iterator[str]:
    if measured.positive_label is not None:
        label = links.escape(wording.quoted(measured.positive_label))
        least = formatting.threshold(thresholds.HALF if measured.threshold is None else measured.threshold)
        yield f"The probability is for {label}; rows at {least} or more are predicted {label}."
    elif measured.labels is not None:
        yield "Each row gets its most likely class."


def _were(n: int) -> str:
    return "was" if n == 1 else "were"
