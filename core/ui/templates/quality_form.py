"""What a template asks of its conversations: the panel of its form, and the same as a sentence."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from core.generation.quality import findings, languages
from core.generation.quality.findings import KINDS
from core.generation.quality.thresholds import DEFAULT, NUMBERS, Thresholds
from core.ui import formatting

_BY_VALUES: Final = "As its values say, else as most turns"
_ANY: Final = "Any"
_LABELS: Final = {
    "least_messages": "Fewest messages",
    "most_messages": "Most messages",
    "least_words": "Fewest words of an answer",
    "most_words": "Most words of a turn",
    "passing_score": "Good from a score of",
}


def show(now: Thresholds, *, key: str) -> dict[str, Any]:
    """A panel with a box for each; what they say, as JSON."""
    with st.expander("Thresholds", icon=":material/fact_check:", key=f"{key}_quality"):
        numbers = {name: _number(name, label, now, key=key) for name, label in _LABELS.items()}
        options = ["", languages.ANY, *sorted(languages.BY_CODE, key=languages.name)]
        language = st.selectbox(
            "Language",
            options,
            index=options.index(now.language),
            format_func=_language,
            key=f"{key}_language",
        )
        similarity = st.slider(
            "Near-duplicates from",
            min_value=int(100 * NUMBERS["similarity"][0]),
            max_value=100,
            value=round(100 * now.similarity),
            format="%d %%",
            key=f"{key}_similarity",
            help="The share of word triples that two conversations have in common.",
        )
        ignored = st.multiselect(
            "Meant to be there",
            list(KINDS),
            default=list(now.ignored),
            format_func=findings.label,
            key=f"{key}_ignored",
            placeholder="Nothing",
            help="Findings that this template brings about on purpose, such as made-up addresses.",
        )
    return {**numbers, "language": language, "similarity": similarity / 100, "ignored": ignored}


def told(asked: Thresholds) -> str:
    """The whole as a sentence, in our own words and numbers alone."""
    said = [
        f"{asked.least_messages} to {asked.most_messages} messages",
        f"answers from {asked.least_words} words on",
        f"turns of {asked.most_words} words at most",
        f"near-duplicates from {formatting.percent(asked.similarity)} on",
        f"good from a score of {asked.passing_score}",
    ]
    if asked.language:
        said.append(f"language: {_language(asked.language)}")
    if asked.ignored:
        said.append(f"meant to be there: {', '.join(findings.label(code) for code in asked.ignored)}")
    return "Quality: " + "; ".join(said)


def _number(name: str, label: str, now: Thresholds, *, key: str) -> int:
    low, high = (int(bound) for bound in NUMBERS[name])
    default = getattr(DEFAULT, name)
    return int(
        st.number_input(label, low, high, getattr(now, name), key=f"{key}_{name}", help=f"Usually {default}.")
    )


def _language(code: str) -> str:
    return {"": _BY_VALUES, languages.ANY: _ANY}.get(code) or languages.name(code)
