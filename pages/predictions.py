"""Every prediction, live: what waits, what runs, what came of it."""

import streamlit as st

from core import db
from core.models import models
from core.predictions import listing
from core.predictions.states import PENDING
from core.ui import links, prediction_filters, prediction_list, session, states

with states.heading("Predictions", "Files that were scored, are being scored, or wait for it."):
    if st.button("New prediction", key="new_prediction", icon=":material/add:", type="primary"):
        links.go(links.UPLOADS)

with db.session_scope(session.user()) as scope:
    counts = listing.counts(scope)
    choices = {
        prediction_filters.model_name(name, version): model_id
        for model_id, name, version in models.names(scope)
    }

if sum(counts.values()):
    prediction_list.show(model_ids=choices, n_pending=sum(counts[status] for status in PENDING))
else:
    place = states.empty(
        "No predictions yet",
        "Upload a CSV and choose a model: each of its rows gets a prediction, and the file stays here to be "
        "looked at and downloaded.",
        icon=":material/table_rows:",
        key="no_predictions",
    )
    if place.button("Score a file", key="first_prediction", icon=":material/upload_file:", type="primary"):
        links.go(links.UPLOADS)
