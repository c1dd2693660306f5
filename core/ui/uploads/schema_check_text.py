"""The schema check in sentences: what is matched, what to be careful with, what is not read."""

from __future__ import annotations

import streamlit as st

from core.metrics import wording
from core.predictions.check import cell_warnings
from core.predictions.check.schema_check import SchemaCheck
from core.ui import formatting, links

SHOWN = 6
WARNED, MOST_WARNED = 3, 30


def matched(found: SchemaCheck) -> None:
    """How many of the model's columns the file has, under their own names and under others."""
    n_read, n_missing = len(found.columns), len(found.missing)
    n_mapped = sum(one.column not in (None, one.name) for one in found.columns)
    if n_missing:
        lacks = f"**{n_missing} of {n_read}** columns the model needs {wording.be(n_missing)} missing"
        st.markdown(f":small[:red[:material/error:] {lacks}]")
    elif n_mapped:
        by_name = f"**{n_read - n_mapped} of {n_read}** columns the model needs match by name"
        mapped = f"**{n_mapped}** {wording.be(n_mapped)} mapped"
        st.markdown(f":small[:green[:material/check_circle:] {by_name}, {mapped}]")
    else:
        st.markdown(
            f":small[:green[:material/check_circle:] All **{n_read}** columns the model needs are here]"
        )


def alerts(found: SchemaCheck) -> None:
    """What scoring would refuse the file for, and how much else there is to know of its cells."""
    refusing = [one for one in found.warnings if one.refuses]
    for one in refusing[:WARNED]:
        _warning(one.message, refuses=True)
    if n := len(found.warnings) - len(refusing):
        below = f"**{formatting.exact(n, 'warning')}** about the values, see below"
        st.markdown(f":small[:orange[:material/warning:] {below}]")
    elif found.refusal is None and found.n_rows_read == found.n_rows:
        st.markdown(":small[:green[:material/check_circle:] The values look like the training data]")


def cells(found: SchemaCheck) -> None:
    """What is odd about the cells that the model would read, in which rows."""
    warnings = [one for one in found.warnings if not one.refuses]
    sentences = cell_warnings.grouped(warnings)
    for sentence in sentences:
        _warning(sentence)
    if len(warnings) > len(sentences):
        with st.expander("Each column"):
            for one in warnings[:MOST_WARNED]:
                _warning(one.message)
            if len(warnings) > MOST_WARNED:
                st.caption(f"and {formatting.exact(len(warnings) - MOST_WARNED, 'other')}")
    if found.n_rows_read < found.n_rows:
        st.caption(f"Checked the first {found.n_rows_read:,} of {formatting.exact(found.n_rows, 'row')}.")


def _warning(message: str, *, refuses: bool = False) -> None:
    mark = ":red[:material/error:]" if refuses else ":orange[:material/warning:]"
    st.markdown(f":small[{mark} {links.escape(message)}]")


def rest(found: SchemaCheck) -> None:
    """The outcome, where the file has it, and the columns that are not read."""
    if found.outcome is not None:
        st.markdown(f":small[{of_outcome(found, found.outcome)}]")
    if found.extra:
        named = ", ".join(links.escape(name) for name in found.extra[:SHOWN])
        more = f" and {len(found.extra) - SHOWN:,} more" if found.extra[SHOWN:] else ""
        st.caption(f":material/visibility_off: Not used for scoring; stays in the result: {named}{more}")
    if found.result_note:
        st.caption(f":material/format_align_left: {links.escape(found.result_note)}")


def of_outcome(found: SchemaCheck, column: str) -> str:
    """Whether scores will be measured, and on which rows, in markdown. column: the file's one of outcomes."""
    if not found.n_outcomes:
        return f":gray[:material/monitoring:] The column **{links.escape(column)}** is empty, so there are no metrics"
    where = "" if column == found.target else f" (in **{links.escape(column)}**)"
    text = f"The file has the outcome **{links.escape(found.target)}**{where}, so you get metrics"
    if found.n_outcomes < found.n_rows:
        rows = formatting.exact(found.n_rows, "row")
        text += f" for the {found.n_outcomes:,} of {rows} where it is filled"
    return f":green[:material/monitoring:] {text}"


def blocking_reason(found: SchemaCheck) -> str:
    """What to do before the file can be scored; "" where it can."""
    if names := [f"**{links.escape(one.name)}**" for one in found.missing]:
        last = f"{len(names) - SHOWN:,} more" if names[SHOWN:] else names.pop()
        listed = " and ".join(filter(None, (", ".join(names[:SHOWN]), last)))
        if found.extra:
            return f"Choose a column for {listed}, add it to the file, or use another model."
        return f"The file has no column left for {listed}. Add one, or use another model."
    if found.refusal is not None:
        return links.escape(found.refusal.hint)
    return ""
