"""Workspace: trigger a training in a sandbox, and see all of them with their stage. `?like=…` repeats one."""

import streamlit as st

from core import db
from core.access.ownership import MINE
from core.errors import BadRequest, NotFound
from core.training import jobs
from core.ui import owners, page_frame, params, session
from core.ui.training.pages import WORKSPACE
from core.ui.training.workspace import own_machine, trainings_list, trigger_form

user = session.user()
cursor = st.query_params.get("after")
like = None
try:
    found, next_cursor = trainings_list.load(cursor=cursor)
    if like_id := params.uuid("like", resource="training"):
        with db.session_scope(user) as scope:
            like = jobs.own(scope, training_job_id=like_id)
except BadRequest:  # the cursor
    page_frame.missing(params.NoSuchPage(), "Workspace", WORKSPACE, button="View all trainings")
except NotFound as missing:
    page_frame.missing(missing, "Training not found", WORKSPACE, button="View all trainings")

with db.session_scope(user) as scope:
    people = owners.names(scope)
with page_frame.heading("Workspace", "Train a model by code in a sandbox, and use it in its own live app."):
    owners.choose(people, me=user)
is_form_first = like is not None or (not found and owners.requested() == MINE)  # on a phone it stands on top
left, right = st.columns([11, 9] if is_form_first else [13, 7], gap="large" if is_form_first else "medium")
with left if is_form_first else right:
    page_frame.section("New training" if like is None else "Train again")
    with st.container(border=True, key="trigger_form"), page_frame.guarded():
        trigger_form.show(like)
    if like is None:
        own_machine.show()
with right if is_form_first else left:
    page_frame.section("Trainings")
    if found:
        trainings_list.show(found, cursor=cursor, next_cursor=next_cursor)
    else:
        page_frame.empty(
            "No trainings yet",
            "Choose a file and a column. Code learns to predict it in a sandbox, you watch it, and then use the model "
            "in a live app of its own.",
            icon=":material/model_training:",
            key="no_trainings",
        )
