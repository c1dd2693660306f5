"""One prediction: its progress, or what came of it. Opened as /prediction?id=…"""

from uuid import UUID

import streamlit as st

from core import db
from core.errors import NotFound
from core.predictions import measures, predictions, repeats
from core.predictions.states import PENDING, Status
from core.ui import (
    links,
    owners,
    prediction_findings,
    prediction_head,
    prediction_metrics,
    prediction_progress,
    prediction_quality,
    prediction_receipt,
    prediction_rows,
    prediction_table,
    prediction_tiles,
    prediction_verdict,
    session,
    states,
    words,
)
from core.uploads import uploads


def asked_for() -> UUID:
    """The id in the address. Raises NotFound."""
    text = st.query_params.get("id", "")
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(noun="prediction", id=text or "(none)") from error


try:
    user = session.user()
    with db.session_scope(user) as scope:
        prediction = predictions.get(scope, prediction_id=asked_for())
        upload = uploads.get(scope, upload_id=prediction.upload_id)
        is_completed = prediction.status == Status.COMPLETED
        verdict = repeats.verdict(scope, prediction=prediction) if is_completed else None
except NotFound as error:
    prediction_head.back()
    states.heading("No such prediction")
    states.problem(error)
    if st.button("Open all predictions", key="all_predictions", type="primary"):
        links.go(links.PREDICTIONS)
    st.stop()

is_mine = prediction.user_id == user.id
prediction_head.show(prediction, now=session.now(), is_mine=is_mine)
owners.said(prediction.user_id, me=user)
if prediction.status in PENDING:
    prediction_progress.show(prediction.id, status=prediction.status, is_mine=is_mine)
elif prediction.status == Status.FAILED:
    states.told(prediction.error_message or "It failed without a reason.", prediction.error_hint or "")
    prediction_head.no_result(is_mine=is_mine)
elif prediction.status == Status.CANCELLED:
    with st.container(border=True, key="cancelled"):
        n_done, n_all = prediction.task.done, prediction_table.n_total(prediction)
        when = f"after {n_done:,} of {words.exact(n_all, 'row')}" if n_done else "before a row was scored"
        st.markdown(f":gray[:material/block:] **Cancelled** :gray[· {when}]")
        prediction_head.no_result(is_mine=is_mine)
else:
    measured = measures.measured(prediction)
    prediction_findings.show(measured)
    prediction_tiles.show(measured)
    metrics, rows, quality, receipt = st.tabs(
        ["Metrics", "Rows", prediction_quality.label(measured), prediction_verdict.label(verdict)]
    )
    with metrics:
        prediction_metrics.show(measured)
    with rows, states.guarded():
        prediction_rows.show(prediction, upload, files=session.files(), n_cautioned=measured.n_cautioned or 0)
    with quality:
        prediction_quality.show(measured)
    with receipt:
        prediction_receipt.show(prediction, upload, measured, verdict, is_mine=is_mine)
