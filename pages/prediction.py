"""One prediction: its progress, or what came of it. Opened as /prediction?id=…"""

import streamlit as st

from core import db
from core.errors import NotFound
from core.models import readings
from core.predictions import predictions, repeats
from core.predictions.results import measures
from core.predictions.states import PENDING, Status
from core.ui import formatting, owners, page_frame, params, session, tabs
from core.ui.predictions import findings, head, progress, table, tiles
from core.ui.predictions import metrics as prediction_metrics
from core.ui.predictions import quality as prediction_quality
from core.ui.predictions import receipt as prediction_receipt
from core.ui.predictions import rows as prediction_rows
from core.ui.predictions import verdict as prediction_verdict
from core.ui.predictions.pages import PREDICTIONS
from core.uploads import uploads

try:
    user = session.user()
    with db.session_scope(user) as scope:
        prediction = predictions.get(scope, prediction_id=params.required_uuid("id", resource="prediction"))
        upload = uploads.get(scope, upload_id=prediction.upload_id)
        is_completed = prediction.status == Status.COMPLETED
        verdict = repeats.compare(scope, prediction=prediction) if is_completed else None
        was_blank = readings.blank_in_training(scope, prediction.model) if is_completed else None
except (NotFound, params.NotNamed) as error:
    page_frame.missing(error, "Prediction not found", PREDICTIONS, button="View all predictions")

is_mine = prediction.user_id == user.id
head.show(prediction, now=session.now(), is_mine=is_mine)
owners.show_notice(prediction.user_id, me=user)
if prediction.status in PENDING:
    progress.show(prediction.id, status=prediction.status, is_mine=is_mine)
elif prediction.status == Status.FAILED:
    page_frame.show_failure(prediction.error_message or "The prediction failed.", prediction.error_hint or "")
    head.no_result(prediction, is_mine=is_mine)
elif prediction.status == Status.CANCELLED:
    with st.container(border=True, key="cancelled"):
        n_done, n_all = prediction.task.done, table.n_total(prediction)
        when = (
            f"after {n_done:,} of {formatting.exact(n_all, 'row')}" if n_done else "before any row was scored"
        )
        st.markdown(f":gray[:material/block:] **Cancelled** :gray[· {when}]")
        head.no_result(prediction, is_mine=is_mine)
else:
    measured = measures.of(prediction)
    findings.show(measured, model_id=prediction.model_id, was_blank=was_blank)
    tiles.show(measured)
    labels = {
        "metrics": "Metrics",
        "rows": "Rows",
        "quality": prediction_quality.label(measured, was_blank=was_blank),
        "receipt": prediction_verdict.label(verdict),
    }
    name, tab = tabs.show(labels, key=f"tabs_{prediction.id}")
    with tab, page_frame.guarded():
        match name:
            case "metrics":
                prediction_metrics.show(measured)
            case "rows":
                prediction_rows.show(
                    prediction,
                    upload,
                    files=session.files(),
                    n_cautioned=measured.n_cautioned,
                    has_outcome=measured.metrics is not None,
                )
            case "quality":
                prediction_quality.show(measured, was_blank=was_blank)
            case _:
                prediction_receipt.show(prediction, upload, measured, verdict, is_mine=is_mine)
