"""The receipt of a prediction: which bytes went in, through which model, and which came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.db.tables import PredictionRow, UploadRow
from core.models import models
from core.models.schema import Feature
from core.predictions.measures import Measured
from core.ui import charts, links, prediction_rows, session, words
from core.ui.prediction_rows import Added
from core.uploads import uploads

MOST_LISTED = 7
_MARKS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def show(prediction: PredictionRow, upload: UploadRow, measured: Measured) -> None:
    """Draw it. upload: with its receipt."""
    st.caption("The same file through the same model gives the same bytes: compare the hashes to be sure.")
    with charts.pair():
        _card("Input", input_facts(upload) | _formulas(measured), sha256=upload.sha256)
        _card("Run", _run(prediction, measured))
        _card("Model", _model(prediction), sha256=prediction.model.artifact_sha256)
        _card("Result", _result(prediction), sha256=prediction.output_sha256, names=Added.of(prediction).all)
    if prediction.options.get("reasons"):
        _references(prediction)
    versions = (prediction.model.report or {}).get("versions", {})
    if versions:
        told = " · ".join(
            f"{links.escape(name)} {links.escape(version)}" for name, version in versions.items()
        )
        st.caption(f"The model was made with {told}.")


def input_facts(upload: UploadRow) -> dict[str, str]:
    """What the file is and how it was read, in words."""
    dialect = uploads.examination_of(upload).dialect
    read_as = f"{dialect.encoding.upper()}, {_MARKS.get(dialect.delimiter, dialect.delimiter)}-separated"
    if dialect.decimal == ",":
        read_as = f"{read_as}, decimal comma"
    return {
        "File": links.escape(upload.file_name),
        "Rows": f"{upload.n_rows:,}",
        "Columns": f"{upload.n_columns:,}",
        "Size": words.size(upload.size_bytes),
        "Read as": read_as,
    }


def _formulas(measured: Measured) -> dict[str, str]:
    if not measured.formulas:
        return {}
    n_columns = words.exact(len(measured.formulas), "column")
    return {"Formulas in it": f"{words.exact(measured.n_formulas, 'cell')} in {n_columns}"}


def _references(prediction: PredictionRow) -> None:
    """What each reason compares with."""
    with st.expander("What the reasons compare with", icon=":material/balance:"):
        st.caption(
            "A reason is what the score does when one cell is replaced by the usual one of the training file, its "
            "median or its most common value, and the others stay. *Higher because* means that the row's own cell "
            f"raised {_explained(prediction)}; what moves it most comes first. Columns that move together share what "
            "they do, so take a reason for a hint and not for a cause."
        )
        features = models.schema_of(prediction.model).features
        st.dataframe(
            pd.DataFrame(
                {
                    "Column": [feature.name for feature in features],
                    "Usual": [_usual(feature) for feature in features],
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


def _usual(feature: Feature) -> str:
    reference = feature.reference
    return f"{reference:,.6g}" if isinstance(reference, float) else str(reference)


def _result(prediction: PredictionRow) -> dict[str, str]:
    return {
        "Added columns": prediction_rows.names(Added.of(prediction)) or "–",
        "Size": words.size(prediction.output_bytes or 0),
    }


def _model(prediction: PredictionRow) -> dict[str, str]:
    model = prediction.model
    return {
        "Name": links.escape(model.name),
        "Version": f"{model.version}",
        "Predicts": links.escape(model.target),
        "Trained on": links.escape(model.data_name),
    }


def _run(prediction: PredictionRow, measured: Measured) -> dict[str, str]:
    zone = session.zone()
    facts = {"Asked for": words.exact_moment(prediction.created_at, zone=zone)}
    if prediction.started_at and prediction.finished_at:
        facts["Started"] = words.exact_moment(prediction.started_at, zone=zone)
        facts["Finished"] = words.exact_moment(prediction.finished_at, zone=zone)
    facts["Scoring"] = words.duration(measured.seconds)
    if measured.rows_per_s is not None:
        facts["Speed"] = f"{words.count(round(measured.rows_per_s), 'row')} a second"
    facts["Answered by"] = _answered_by(prediction)
    facts["Id"] = str(prediction.id)
    return facts


def _answered_by(prediction: PredictionRow) -> str:
    """Whether tables of the model answered, and otherwise why its pipeline did."""
    kept = prediction.metrics_json or {}
    if "why_plain" not in kept or kept["why_plain"]:
        why = kept.get("why_plain")
        return f"the pipeline itself: {links.escape(why)}" if why else "the pipeline itself"
    n_plain = kept["n_plain_rows"]
    return f"tables of the model, {n_plain:,} rows by the pipeline" if n_plain else "tables of the model"


def _card(
    title: str, facts: Mapping[str, str], *, sha256: str | None = None, names: Sequence[str] = ()
) -> None:
    """names: to be read on demand where they are too many to stand among the facts."""
    with st.container(border=True, height="stretch", gap="small"):
        st.markdown(f"**{title}**")
        with st.container(gap="xxsmall"):
            for name, value in facts.items():
                with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
                    st.markdown(f":small[:gray[{name}]]", width="content")
                    st.markdown(f":small[{value}]", width="content", text_alignment="right")
        if len(names) > MOST_LISTED:
            with st.expander(f"The {len(names):,} names"):
                st.markdown("\n".join(f"- {links.escape(name)}" for name in names))
        if sha256:
            with st.container(gap="xxsmall"):
                st.markdown(":small[:gray[SHA-256]]")
                st.code(sha256, language=None, wrap_lines=True)
