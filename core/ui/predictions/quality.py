"""The cells of a scored file that deserve caution, column by column, in sentences and in a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core.metrics import wording
from core.models import date_parts
from core.predictions.results.csv_injection import HEADER
from core.predictions.results.measures import FeatureQuality, PredictionMetrics
from core.ui import formatting, links

N_SENTENCES = 5
N_NAMED = 3
MOST_ROWS = 0.5  # share of the rows from which on a column's odd cells put the whole result in doubt


def show(measured: PredictionMetrics, *, was_blank: Collection[str] | None) -> None:
    """Draw it; one good sentence where there is nothing to say. was_blank: see `readings.blank_in_training`."""
    if any(_differing(measured, was_blank)):
        st.markdown(f"**{summary(measured, was_blank=was_blank)}**")
    elif not measured.n_cautioned:
        st.success("All values look like the training data.", icon=":material/verified:")
    if measured.quality:
        lines = [
            sentence(column, n_rows=measured.n_rows, was_blank=was_blank)
            for column in measured.quality[:N_SENTENCES]
        ]
        st.markdown("\n".join(f"- {line}" for line in lines))
        _table(measured.quality, n_rows=measured.n_rows)
    if measured.n_cautioned:
        st.caption(
            f"{formatting.exact(measured.n_cautioned, 'row')} {wording.be(measured.n_cautioned)} flagged in the column "
            "*caution* of the result. Blank cells alone are not flagged."
        )
    if outcomes := outcome_sentences(measured):
        st.caption("  \n".join(outcomes))
    if formulas := formula_sentence(measured):
        st.info(formulas, icon=":material/function:")


def _differing(measured: PredictionMetrics, was_blank: Collection[str] | None) -> list[int]:
    """How many cells of each column are unlike the training data."""
    return [column.n_differing(was_blank, n_rows=measured.n_rows) for column in measured.quality]


def label(measured: PredictionMetrics, *, was_blank: Collection[str] | None = None) -> str:
    """The name of the tab, with the number of columns that differ, if there are any."""
    n = sum(n_cells > 0 for n_cells in _differing(measured, was_blank))
    return f"Data quality · {n}" if n else "Data quality"


def warning(measured: PredictionMetrics, *, was_blank: Collection[str] | None = None) -> str:
    """What to know before a number is believed: columns that are odd in most rows; "" where there are none.

    Not of the training data itself, which is as the model learned it.
    """
    if measured.on_training_data:
        return ""
    n_cells = zip(measured.quality, _differing(measured, was_blank), strict=True)
    odd = [column for column, n in n_cells if n > MOST_ROWS * measured.n_rows]
    if not odd:
        return ""
    named = [
        f"**{links.escape(column.column)}** ({_faults(column, measured.n_rows)})" for column in odd[:N_NAMED]
    ]
    if len(odd) > N_NAMED:
        named.append(formatting.exact(len(odd) - N_NAMED, "more column", "more columns"))
    listed = " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
    rows = "The row differs" if measured.n_rows == 1 else "Most rows differ"
    return (
        f"{rows} from the training data, so treat the predictions with caution: {listed}. See *Data quality*."
    )


def _faults(column: FeatureQuality, n_rows: int) -> str:
    kinds = {
        "blank": column.n_missing,
        "not a number" if column.of == "numbers" else "not a date": column.n_bad,
        "new values": column.n_unseen,
        "out of range": column.n_outside,
    }
    return ", ".join(f"{wording.percent(n / n_rows)} {kind}" for kind, n in kinds.items() if n)


def summary(measured: PredictionMetrics, *, was_blank: Collection[str] | None = None) -> str:
    """How many cells of how many columns were not as in training."""
    counts = [n for n in _differing(measured, was_blank) if n]
    n_cells, columns = sum(counts), formatting.exact(len(counts), "column")
    differ = "differs" if n_cells == 1 else "differ"
    scored = "The row was scored" if measured.n_rows == 1 else "All rows were scored"
    return (
        f"{formatting.exact(n_cells, 'cell')} in {columns} {differ} from the training data. {scored} anyway."
    )


def sentence(column: FeatureQuality, *, n_rows: int, was_blank: Collection[str] | None = None) -> str:
    """What is odd in one column, and what that did to the scores."""
    parts = []
    due = {"numbers": "a number", "dates": "a date", "times": "a time"}[column.of]
    if column.n_missing:
        blank = f"{_cells(column.n_missing, n_rows)} {_be(column.n_missing)} blank"
        if was_blank is not None:
            was = "as some were in training" if column.column in was_blank else "but none were in training"
            blank = f"{blank}, {was}"
        parts.append(blank)
    if column.n_bad:
        parts.append(
            f"{_cells(column.n_bad, n_rows)} {_hold(column.n_bad)} text instead of {due}, scored as blank"
        )
    if column.n_unseen:
        parts.append(
            f"{_cells(column.n_unseen, n_rows)} {_hold(column.n_unseen)} a value not seen in training"
        )
    if column.n_outside and column.minimum is not None and column.maximum is not None:
        told = (
            wording.number
            if column.of == "numbers"
            else partial(date_parts.text, is_time=column.of == "times")
        )
        seen = f"{told(column.minimum)} to {told(column.maximum)}"
        parts.append(
            f"{_cells(column.n_outside, n_rows)} {_be(column.n_outside)} outside the training range of {seen}"
        )
    if column.n_about:
        parts.append(
            f"{_cells(column.n_about, n_rows)} {_hold(column.n_about)} a sign or a note beside the number, scored as "
            "the number alone"
        )
    if column.n_guessed:
        parts.append(f"{_cells(column.n_guessed, n_rows)} can be read in two ways, read by a guess")
    return f"**{links.escape(column.column)}**: {'; '.join(parts)}."


def outcome_sentences(measured: PredictionMetrics) -> list[str]:
    """What is odd in the column of outcomes; it touches the metrics, not the scores."""
    target, sentences = links.escape(measured.target), []
    if measured.n_blank:
        sentences.append(
            f"{formatting.exact(measured.n_blank, 'row')} without an outcome in **{target}** "
            f"{_be(measured.n_blank)} left out of the metrics."
        )
    if measured.n_unknown:
        sentences.append(
            f"{formatting.exact(measured.n_unknown, 'row')} with an outcome in **{target}** that the model doesn't "
            f"know {_be(measured.n_unknown)} left out of the metrics."
        )
    return sentences


def formula_sentence(measured: PredictionMetrics) -> str:
    """Which cells of the file a spreadsheet would run; "" where there are none. They touch no score."""
    if not measured.formulas:
        return ""
    most_first = sorted(measured.formulas.items(), key=lambda item: -item[1].n)
    named = [
        f"**{links.escape(name)}** ({formatting.exact(column.n, 'cell')}, first in {_row(column.first_row)})"
        for name, column in most_first[:N_NAMED]
    ]
    if len(most_first) > N_NAMED:
        named.append(formatting.exact(len(most_first) - N_NAMED, "more column", "more columns"))
    n = measured.n_formulas
    looks, them = ("looks like a formula", "it") if n == 1 else ("look like formulas", "them")
    return (
        f"{formatting.exact(n, 'cell')} of the file {looks} that a spreadsheet would run: {', '.join(named)}. "
        f"The result keeps {them} unchanged; *Safe CSV* makes {them} harmless."
    )


def _row(first_row: int) -> str:
    return "the header" if first_row == HEADER else f"row {first_row:,}"


def _cells(n: int, n_rows: int) -> str:
    share = f" ({wording.percent(n / n_rows)})" if n_rows else ""
    return f"{formatting.exact(n, 'cell')}{share}"


def _be(n: int) -> str:
    return "is" if n == 1 else "are"


def _hold(n: int) -> str:
    return "holds" if n == 1 else "hold"


def _table(quality: Sequence[FeatureQuality], *, n_rows: int) -> None:
    count = st.column_config.NumberColumn
    st.dataframe(
        pd.DataFrame(
            {
                "Column": [column.column for column in quality],
                "Blank": [column.n_missing or None for column in quality],
                "Not readable": [column.n_bad or None for column in quality],
                "New value": [column.n_unseen or None for column in quality],
                "Out of range": [column.n_outside or None for column in quality],
                "In doubt": [column.n_about + column.n_guessed or None for column in quality],
                "Rows affected": [100 * min(1.0, column.n_rows_touched / n_rows) for column in quality],
            }
        ),
        key="quality_table",
        hide_index=True,
        placeholder="",
        column_config={
            "Blank": count(format="localized", help="Cells without a value."),
            "Not readable": count(
                format="localized", help="Cells with text where the model expects a number or date."
            ),
            "New value": count(format="localized", help="Cells with a category not seen in training."),
            "Out of range": count(
                format="localized",
                help="Cells with a number or date below the lowest or above the highest seen in training.",
            ),
            "In doubt": count(
                format="localized",
                help="Cells with a sign or a note beside the number, such as '<0.5', or that can be read in two ways.",
            ),
            "Rows affected": st.column_config.ProgressColumn(
                min_value=0,
                max_value=100,
                format="%.1f %%",
                help="Share of the file's rows, at least: a cell in doubt may count in another column, too.",
            ),
        },
    )
