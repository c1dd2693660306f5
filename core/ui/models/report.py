"""What is known of a trained model: its figures against the baseline, what it looks at, what it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.db.tables.models import ModelRow
from core.metrics import figures, wording
from core.metrics.figures import CandidateScore, FeatureImportance
from core.models import date_parts, models
from core.models.schema import Feature
from core.ui import charts as on_page
from core.ui import formatting, links
from core.ui.models import evaluation, labels
from core.ui.uploads.receipt import KINDS, height

SHOWN_CATEGORIES = 6
_FOLDS: Final = {2: "two", 3: "three", 4: "four", 5: "five"}


def numbers(model: ModelRow) -> None:
    """Each metric with its spread over the folds, beside what the baseline has."""
    report = model.report or {}
    with st.grid(4, min_column_width=190, gap="small", key="metrics"):
        metrics = report.get("metrics", {})
        for name in sorted(
            metrics, key=list(labels.METRICS).index
        ):  # Postgres keeps them in an order of its own
            spread = metrics[name]
            baseline = report["baseline"].get(name)
            value, beneath = _metric_text(name, spread, baseline["mean"] if baseline else None)
            exactly = (
                f"{spread['mean']:.10g} ± {spread['std']:.6g} across {evaluation.measured_over(report)}."
            )
            st.metric(
                labels.METRICS[name],
                value,
                delta=beneath,
                delta_color="off",
                delta_arrow="off",
                border=True,
                help=f"{exactly} Lower is better." if name in labels.SMALLER_IS_BETTER else exactly,
            )


def charts(model: ModelRow) -> None:
    """The candidates against the baseline, and the columns that count, where that was measured."""
    report = model.report or {}
    by = report["chosen_by"]
    compared = [
        CandidateScore(_recipe(candidate["name"]), **candidate["metrics"][by])
        for candidate in report["candidates"]
    ]
    baseline = CandidateScore("Baseline", **report["baseline"][by])
    importance = [FeatureImportance(one["column"], one["fall"], 0.0) for one in report["importance"]]
    metric = labels.METRICS.get(by, by)
    with on_page.pair():
        on_page.show(
            figures.candidates(compared, baseline, metric=metric, over=evaluation.measured_over(report)),
            key="candidates",
        )
        if importance:
            on_page.show(figures.feature_importance(importance, metric=metric), key="importance")


def warnings(model: ModelRow) -> None:
    """What to know before the model is trusted, in one box."""
    sentences = [links.escape(sentence) for sentence in (model.report or {}).get("warnings", [])]
    if sentences:
        told = sentences[0] if len(sentences) == 1 else "\n".join(f"- {sentence}" for sentence in sentences)
        st.warning(told, icon=":material/warning:")


def schema(model: ModelRow) -> None:
    """The columns that the model reads."""
    table(
        [
            {"Column": feature.name, "Type": KINDS[feature.kind], "Seen in training": _seen(feature)}
            for feature in models.schema_of(model).features
        ],
        key="schema",
    )


def dropped(model: ModelRow) -> None:
    """The columns that were left out, each with the reason."""
    rows = [
        {"Column": one["column"], "Why": one["reason"]} for one in (model.report or {}).get("dropped", [])
    ]
    if rows:
        table(rows, key="dropped")
        st.caption("To use one anyway, train a new version and add it under *Keep these columns*.")
    else:
        st.caption("No column was left out.")


def origin(model: ModelRow) -> None:
    """What the model was made from, so that it can be made again."""
    report: dict[str, Any] = model.report or {}
    facts = {
        "File": model.data_name,
        "SHA-256 of the file": model.data_sha256,
        "Rows with an outcome": f"{report['n_rows']:,}",
        "Rows trained on": f"{report['n_fitted']:,}",
        "Training time": formatting.duration(report["seconds"]),
        "Recipe": _recipe(report["chosen"]),
        **({"Always used": ", ".join(report["keep"])} if report.get("keep") else {}),
        **report["versions"],
    }
    table([{"Detail": name, "Value": str(value)} for name, value in facts.items()], key="origin")


def _metric_text(metric: str, spread: Mapping[str, float], baseline: float | None) -> tuple[str, str]:
    """A metric's mean, and what stands beneath: its spread, and what the baseline has."""
    mean, std = spread["mean"], spread["std"]
    if metric in labels.IN_UNITS_OF_THE_TARGET:
        formatted: Callable[[float], str] = partial(
            wording.number, beside=max(mean, baseline or 0.0), figures=3
        )
        value, beneath = formatted(mean), f"±{formatting.NO_BREAK}{formatted(std)}"
    else:
        formatted, value, beneath = formatting.score, formatting.score(mean), formatting.spread(std)
    return value, beneath if baseline is None else f"{beneath} · baseline {formatted(baseline)}"


def _recipe(name: str) -> str:
    return labels.RECIPES.get(name, name)


def _seen(feature: Feature) -> str:
    if feature.is_measured:
        if feature.minimum is None or feature.maximum is None:
            return ""
        if feature.kind == "date":
            told = partial(date_parts.text, is_time=feature.is_time_of_day)
            return f"{told(feature.minimum)} to {told(feature.maximum)}"
        return f"{feature.minimum:,.6g} to {feature.maximum:,.6g}"
    shown, rest = feature.categories[:SHOWN_CATEGORIES], len(feature.categories) - SHOWN_CATEGORIES
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def table(rows: list[dict[str, str]], *, key: str) -> None:
    """Rows of text below the names of their columns, all of them to be seen."""
    st.dataframe(pd.DataFrame(rows), hide_index=True, height=height(len(rows)), key=key)
