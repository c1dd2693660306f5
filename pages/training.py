"""One training: its stages, its live app, and what is known about it. Opened as /training?id=…"""

import streamlit as st

from core.errors import NotFound
from core.training.states import SETTLED
from core.ui import owners, page_frame, params, session
from core.ui.training import live_app
from core.ui.training.detail import actions, details, head, local_training, timeline, watch
from core.ui.training.pages import WORKSPACE

user = session.user()
try:
    found = watch.look(params.required_uuid("id", resource="training"))
except (NotFound, params.NotNamed) as missing:
    page_frame.missing(missing, "Training not found", WORKSPACE, button="View all trainings")

job = found.job
is_mine = job.user_id == user.id
page_frame.name_tab(job.title)
page_frame.back(WORKSPACE)
with page_frame.heading(*head.of(job)):
    if is_mine:
        actions.toolbar(job)
owners.show_notice(job.user_id, me=user)
if job.model_id is None:
    local_training.show(job)
elif found.is_pending:
    watch.show_live(found, is_mine=is_mine)
else:
    watch.take_there(found)
    details.show_failure(job, is_mine=is_mine)
    live_app.show_live(job.model_id, is_mine=is_mine)
    timeline.show(found.events)
if job.status in SETTLED and job.model_id is not None:
    details.show_warnings(job)
    details.show(job)
st.space("small")
