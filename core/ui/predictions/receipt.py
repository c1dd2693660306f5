"""The receipt of a prediction: which bytes went in, through which model and code, and which came out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.models import models
from core.models.schema import Feature
from core.predictions import predictions
from core.predictions.matching import mapping
from core.predictions.repeats import RepeatComparison
from core.predictions.results.measures import PredictionMetrics
from core.predictions.scoring.pipeline import reasons
from core.ui import charts, formatting, links, session
from core.ui.predictions import rows
from core.ui.predictions import verdict as prediction_verdict
from core.ui.predictions.rows import ResultColumns
from core.uploads.csv.dialect import delimiter_name
from core.uploads.detect.encodings import charsets

MOST_LISTED, MOST_MAPPED = 7, 12
_ANSWERED_BY: Final = {
    "trees": "compiled trees",
    "curves": "compiled curves",
    "blend": "compiled trees and curves",
    "pipeline": "scikit-learn pipeline",
}
_SHORT = 12


def show(
    prediction: PredictionRow,
    upload: UploadRow,
    measured: PredictionMetrics,
    verdict: RepeatComparison | None,
    *,
    is_mine: bool,
) -> None:
    """Draw it. upload: with its receipt. prediction: with its own. is_mine: if not, it can't be scored again."""
    kept: dict[str, Any] = prediction.receipt or {}
    if verdict is not None:
        prediction_verdict.show(verdict, now=session.now())
    if kept:
        st.caption(
            "Scoring is reproducible: the same file, model, code and libraries on the same kind of machine give the "
            "same result, byte for byte."
        )
    else:
        st.caption("This prediction is older than receipts. Score it again to get one.")
    with st.container(horizontal=True, gap="small"):
        if is_mine:
            prediction_verdict.score_again_button(prediction)
        if kept:
            st.download_button(
                "Download receipt",
                json.dumps(kept, indent=2, ensure_ascii=False),
                file_name=f"{PurePosixPath(upload.file_name).stem} receipt.json",
                mime="application/json",
                key="download_receipt",
                icon=":material/download:",
                on_click="ignore",
            )
    with charts.pair():
        _card("Input", _input(prediction, upload, measured))
        _card("Model", _model(prediction))
        _card("Run", _run(prediction, measured, kept))
        _card("Result", _result(prediction), names=ResultColumns.of(prediction).all)
        if kept:
            _card("Code and machine", _code(kept))
            _card("Libraries", {name: links.escape(version) for name, version in _libraries(kept).items()})
    _read_from(prediction)
    if prediction.options.get(reasons.OPTION):
        _references(prediction)
    with st.expander("All hashes", icon=":material/fingerprint:"):
        st.caption("SHA-256, in the format of `sha256sum`.")
        st.code(hashes(prediction, upload), language=None, wrap_lines=True)


def _input(prediction: PredictionRow, upload: UploadRow, measured: PredictionMetrics) -> dict[str, str]:
    """What the file is and how it was read for this prediction, in words; it may be read otherwise by now."""
    dialect = predictions.dialect_of(prediction, upload)
    read_as = f"{charsets.name(dialect.encoding)}, {delimiter_name(dialect.delimiter)}-separated"
    if dialect.decimal == ",":
        read_as = f"{read_as}, decimal comma"
    return {
        "File": links.escape(upload.file_name),
        "Rows": f"{measured.n_rows:,}",
        "Columns": f"{len(dialect.names) or upload.n_columns:,}",
        "Size": formatting.size(upload.size_bytes),
        "Read as": read_as,
        "SHA-256": _short(upload.sha256),
        **_formulas(measured),
    }


def _formulas(measured: PredictionMetrics) -> dict[str, str]:
    if not measured.formulas:
        return {}
    n_columns = formatting.exact(len(measured.formulas), "column")
    return {"Formulas": f"{formatting.exact(measured.n_formulas, 'cell')} in {n_columns}"}


def _references(prediction: PredictionRow) -> None:
    """What reasons are, and what each compares with."""
    with st.expander("How reasons work", icon=":material/balance:"):
        st.caption(
            "A reason shows how the score changes when one cell gets the typical value of the training data (median or "
            "most common value) and all others stay. *Higher because* means that the row's own value raised "
            f"{_explained(prediction)}. The strongest reason comes first. Related columns share their effect, so read "
            "a reason as a hint, not as a cause."
        )
        features = models.schema_of(prediction.model).features
        st.dataframe(
            pd.DataFrame(
                {
                    "Column": [feature.name for feature in features],
                    "Typical value": [_typical(feature) for feature in features],
                }
            ),
            key="references",
            hide_index=True,
        )


def _explained(prediction: PredictionRow) -> str:
    schema = models.schema_of(prediction.model)
    if schema.task == "regression":
        return f"the predicted *{links.escape(schema.target)}*"
    if schema.positive_label is None:
        return "the probability of the predicted class"
    return f"the probability of *{links.escape(schema.positive_label)}*"


def _typical(feature: Feature) -> str:
    reference = feature.reference
    return f"{reference:,.6g}" if isinstance(reference, float) else str(reference)


def _read_from(prediction: PredictionRow) -> None:
    """Which columns were read in place of the model's own; nothing where each was read under its own name."""
    read_from = sorted(mapping.of(prediction).items())
    if not read_from:
        return
    with st.container(border=True, gap="small", key="read_from"):
        st.markdown("**Mapped columns**")
        st.caption("Columns of the model on the left, of the file on the right.")
        _mapped(read_from[:MOST_MAPPED])
        if more := read_from[MOST_MAPPED:]:
            with st.expander(f"{formatting.exact(len(more), 'more column', 'more columns')}"):
                _mapped(more)


def _mapped(read_from: list[tuple[str, str]]) -> None:
    lines = [f"- :small[:gray[{links.escape(name)}] ← {links.escape(column)}]" for name, column in read_from]
    st.markdown("\n".join(lines))


def hashes(prediction: PredictionRow, upload: UploadRow) -> str:
    """A line a hash: what it is of stands behind it."""
    kept: dict[str, Any] = prediction.receipt or {}
    found = [
        (upload.sha256, upload.file_name),
        (prediction.output_sha256, "result"),
        (prediction.model.artifact_sha256, "model"),
        (prediction.model.data_sha256, "training data"),
    ]
    if kept:
        found += [
            (kept["ingredients"]["model"]["schema_sha256"], "columns and answers of the model"),
            (kept["ingredients"]["code"]["sha256"], "code"),
            (kept["ingredients_sha256"], "all ingredients"),
            (kept["result"]["counts_sha256"], "counts behind the metrics"),
        ]
    return "\n".join(f"{sha256}  {name}" for sha256, name in found if sha256)


def _result(prediction: PredictionRow) -> dict[str, str]:
    return {
        "Added columns": rows.names(ResultColumns.of(prediction)) or "–",
        "Size": formatting.size(prediction.output_bytes or 0),
        "SHA-256": _short(prediction.output_sha256),
    }


def _model(prediction: PredictionRow) -> dict[str, str]:
    model = prediction.model
    return {
        "Name": links.escape(model.name),
        "Version": f"{model.version}",
        "Predicts": links.escape(model.target),
        "SHA-256": _short(model.artifact_sha256),
        "Trained on": links.escape(model.data_name),
        "SHA-256 of that file": _short(model.data_sha256),
    }


def _run(prediction: PredictionRow, measured: PredictionMetrics, kept: Mapping[str, Any]) -> dict[str, str]:
    zone = session.zone()
    facts = {"Requested": formatting.exact_moment(prediction.created_at, zone=zone)}
    if prediction.started_at and prediction.finished_at:
        facts["Started"] = formatting.exact_moment(prediction.started_at, zone=zone)
        facts["Finished"] = formatting.exact_moment(prediction.finished_at, zone=zone)
    if measured.threshold is not None:
        facts["Threshold"] = formatting.threshold(measured.threshold)
    facts["Scoring time"] = formatting.duration(measured.seconds)
    if measured.rows_per_s is not None:
        facts["Speed"] = f"{formatting.count(round(measured.rows_per_s), 'row')} per second"
    if kept:
        facts["Engine"] = answered_by(kept["run"])
        facts["Threads"] = f"{kept['run']['threads']}"
        if (shared := kept["run"].get("spread")) is not None:
            facts["Dask cluster"] = spread(shared)
    facts["ID"] = str(prediction.id)
    return facts


def answered_by(run: Mapping[str, Any]) -> str:
    """What answered the rows, and why the pipeline did where it did. run: of the receipt."""
    if why := run["why_pipeline"]:
        return f"{_ANSWERED_BY['pipeline']}: {links.escape(why)}"
    n_plain = run["rows_by_pipeline"]
    text = _ANSWERED_BY[run["answered_by"]]
    return f"{text}, {formatting.exact(n_plain, 'row')} by the pipeline" if n_plain else text


def spread(run: Mapping[str, Any]) -> str:
    """Which part of the work the Dask cluster did, and why not all of it. run: `spread` of the receipt's run."""
    text = formatting.exact(run["n_ranges"], "range") if run["n_ranges"] else "Not used"
    if run["n_here"]:
        text += f", {run['n_here']:,} scored by the worker itself"
    return f"{text}: {links.escape(run['why_here'])}" if run["why_here"] else text


def _code(kept: Mapping[str, Any]) -> dict[str, str]:
    code, machine = kept["ingredients"]["code"], kept["ingredients"]["machine"]
    return {
        "Model Desk": links.escape(code["version"]),
        "SHA-256": _short(code["sha256"]),
        "Processor": links.escape(machine["processor"]),
        "Arithmetic": links.escape(machine["arithmetic"]),
    }


def _libraries(kept: Mapping[str, Any]) -> dict[str, str]:
    return dict(sorted(kept["ingredients"]["libraries"].items()))


def _short(sha256: str | None) -> str:
    return f"`{sha256[:_SHORT]}…`" if sha256 else "–"


def _card(title: str, facts: Mapping[str, str], *, names: Sequence[str] = ()) -> None:
    """names: to be read on demand where they are too many to stand among the facts."""
    with st.container(border=True, height="stretch", gap="small"):
        st.markdown(f"**{title}**")
        with st.container(gap="xxsmall"):
            for name, value in facts.items():
                with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
                    st.markdown(f":small[:gray[{name}]]", width="content")
                    st.markdown(f":small[{value}]", width="content", text_alignment="right")
        if len(names) > MOST_LISTED:
            with st.expander(f"All {len(names):,} names"):
                st.markdown("\n".join(f"- {links.escape(name)}" for name in names))
