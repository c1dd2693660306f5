"""What a finished prediction found, in sentences: the finding itself, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from core.metrics import wording
from core.metrics.binary import Binary
from core.metrics.regression import Regression
from core.predictions.measures import Measured
from core.ui import links, words


def show(measured: Measured) -> None:
    """The finding in one sentence, and what it rests on."""
    with st.container(gap="xsmall", key="finding"):
        st.subheader(links.escape(finding(measured)), anchor=False)
        st.caption(rests_on(measured))
        if measured.on_training_data and measured.metrics is not None:
            st.caption(
                ":orange[:material/info:] The model learned from this very file, so these figures flatter it. "
                "Its own page has the cross-validated ones."
            )


def finding(measured: Measured) -> str:
    """The first thing to know; about the predictions themselves where no outcome is known."""
    return measured.headline or _without_outcome(measured)


def rests_on(measured: Measured) -> str:
    """Against which column, over how many rows, and from which probability on."""
    target = links.escape(measured.target)
    if measured.metrics is None:
        if measured.n_blank or measured.n_unknown:
            start = (
                f"The column **{target}** is in the file, but no row holds an outcome that the model knows"
            )
        else:
            start = (
                f"The file has no column **{target}**, so nothing can be compared with what really happened"
            )
        return " ".join([f"{start}.", *_reading(measured)])
    n = measured.n_measured
    compared = (
        words.exact(n, "row") if n == measured.n_rows else f"{n:,} of {words.exact(measured.n_rows, 'row')}"
    )
    return " ".join(
        [f"Compared with the column **{target}** over {compared}.", *_left_out(measured), *_reading(measured)]
    )


def _without_outcome(measured: Measured) -> str:
    if (scores := measured.scores) is not None and scores.median is not None:
        likely = sum(scores.counts[len(scores.counts) // 2 :])
        of_all = (
            f"{likely:,} of {words.exact(measured.n_rows, 'row')} ({words.percent(likely / measured.n_rows)})"
        )
        return f"{of_all} are more likely '{scores.positive_label}' than not."
    if measured.labels is not None and measured.n_rows:
        n, label = max(zip(measured.labels.counts, measured.labels.labels, strict=True))
        share = words.percent(n / measured.n_rows)
        return f"{n:,} of {words.exact(measured.n_rows, 'row')} ({share}) were given '{label}'."
    if measured.values is not None and measured.values.quantiles:
        _, low, _, high, _ = measured.values.quantiles
        between = f"{wording.number(low)} and {wording.number(high)}"
        return f"Half of the predictions of {measured.target} lie between {between}."
    return "The file has no rows to predict."


def _left_out(measured: Measured) -> Iterator[str]:
    if measured.n_blank:
        yield f"{words.exact(measured.n_blank, 'row')} had no outcome and {_were(measured.n_blank)} left out."
    if measured.n_unknown:
        n = measured.n_unknown
        kind = "that is no number" if isinstance(measured.metrics, Regression) else "the model doesn't know"
        yield f"{words.exact(n, 'row')} had an outcome {kind} and {_were(n)} left out."


def _reading(measured: Measured) -> Iterator[str]:
    if measured.positive_label is not None:
        label = links.escape(measured.positive_label)
        threshold = measured.metrics.threshold if isinstance(measured.metrics, Binary) else 0.5
        yield f"The probability is that of **{label}**; a row is called {label} from {words.percent(threshold)} on."
    elif measured.labels is not None:
        yield "Each row is given its most probable class."


def _were(n: int) -> str:
    return "was" if n == 1 else "were"
