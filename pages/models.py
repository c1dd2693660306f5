"""Models: what each predicts, how well, and what it is used for."""

import streamlit as st

from core import db
from core.access.ownership import MINE
from core.errors import BadRequest
from core.models import models
from core.predictions import listing
from core.training import listing as trainings
from core.ui import links, owners, page_frame, params, session
from core.ui.models import cards
from core.ui.models.pages import MODELS
from core.ui.uploads.pages import UPLOADS

user, now, whose = session.user(), session.now(), owners.requested()
cursor = st.query_params.get("after")
try:
    with db.session_scope(user) as scope:
        people = owners.names(scope)
        page = models.page(scope, limit=60, cursor=cursor, owner=whose)
        n_used = listing.n_by_model(scope, owner=whose)
except BadRequest:  # the cursor
    page_frame.missing(params.NoSuchPage(), "Models", MODELS, button="View all models")
n_training = sum(model.status == "training" for model in page.items)


@st.fragment(run_every=2.0 if n_training else None)
def live() -> None:
    """The cards; drawn again with the page as soon as a training has ended."""
    with page_frame.guarded(), db.session_scope(user) as scope:
        found = models.page(scope, limit=60, cursor=cursor, owner=whose).items
        if sum(model.status == "training" for model in found) != n_training:
            st.rerun()
        ids = [model.id for model in found]
        cards.show(
            found,
            n_used=n_used,
            me=user,
            people=people,
            trainings=trainings.trainings_of(scope, model_ids=ids),
            apps=trainings.apps_of(scope, model_ids=ids),
            now=session.now(),
        )


with page_frame.heading("Models", "What each model predicts, and how well."):
    owners.choose(people, me=user)
    if st.button(
        "Train a model",
        key="train",
        icon=":material/model_training:",
        type="primary" if page.items else "secondary",
    ):
        links.go(UPLOADS, train=1)

if page.items:
    live()
    if page.next_cursor:
        links.link(
            "Older models",
            MODELS,
            icon=":material/arrow_forward:",
            after=page.next_cursor,
            **owners.query(),
        )
elif whose != MINE:
    page_frame.empty("No models", "No model has been trained yet.", icon=":material/category:")
else:
    with page_frame.empty(
        "No models yet",
        "Train a model on a file where the outcome is known. It then predicts the outcome for new files.",
        icon=":material/category:",
        key="no_models",
    ):
        if st.button(
            "Choose a file to train on", key="first_model", type="primary", icon=":material/upload_file:"
        ):
            links.go(UPLOADS, train=1)
