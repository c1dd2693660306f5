"""Every prediction, live: what waits, what runs, what came of it."""

import streamlit as st

from core import db
from core.access.ownership import MINE
from core.models import models
from core.predictions import listing
from core.predictions.states import PENDING
from core.ui import links, owners, page_frame, session
from core.ui.predictions import filters, live_list
from core.ui.uploads.pages import UPLOADS

user, whose = session.user(), owners.requested()
with db.session_scope(user) as scope:
    people = owners.names(scope)
    counts = listing.counts(scope, owner=whose)
    choices = filters.model_choices(models.names(scope, owner=whose), me=user, people=people)

with page_frame.heading("Predictions", "Files you have scored."):
    owners.choose(people, me=user)
    if st.button(
        "New prediction",
        key="new_prediction",
        icon=":material/add:",
        type="primary" if sum(counts.values()) else "secondary",
    ):
        links.go(UPLOADS)

if sum(counts.values()):
    live_list.show(
        whose,
        people={user.id: user.name, **people},
        model_ids=choices,
        n_pending=sum(counts[status] for status in PENDING),
    )
elif whose != MINE:
    page_frame.empty("No predictions", "Nothing has been scored yet.", icon=":material/table_rows:")
else:
    buttons = page_frame.empty(
        "No predictions yet",
        "Upload a CSV and choose a model. Every row gets a prediction, and you find the result here.",
        icon=":material/table_rows:",
        key="no_predictions",
    )
    if buttons.button("Score a file", key="first_prediction", icon=":material/upload_file:", type="primary"):
        links.go(UPLOADS)
