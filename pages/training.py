"""One training: its stages, its live app, and what is known about it. Opened as /training?id=…"""

import streamlit as st

from core.errors import NotFound
from core.training.states import SETTLED
from core.ui import links, owners, page_frame, params, session
from core.ui.training import actions, details, live_app, status_badges, timeline, watch
from core.ui.training.pages import WORKSPACE

user = session.user()
try:
    found = watch.look(params.required_uuid("id", resource="training"))
except (NotFound, params.NotNamed) as missing:
    page_frame.missing(missing, "Training not found", WORKSPACE, button="View all trainings")

job = found.job
is_mine = job.user_id == user.id
name = f"{job.name} v{job.model.version}"
page_frame.name_tab(name)
page_frame.back(WORKSPACE)
badge = status_badges.of(job).markdown
learns = f"Predicts **{links.escape(job.target)}** · learns from {links.escape(job.model.data_name)}"
with page_frame.heading(f"{links.escape(job.name)} :gray[v{job.model.version}] {badge}", learns):
    if is_mine:
        actions.toolbar(job)
owners.show_notice(job.user_id, me=user)
if found.is_pending:
    watch.show_live(found, is_mine=is_mine)
else:
    watch.take_there(found)
    details.show_failure(job, is_mine=is_mine)
    live_app.show_live(job.model_id, is_mine=is_mine)
    timeline.show(found.events)
if job.status in SETTLED:
    details.show_warnings(job)
    details.show(job)
st.space("small")
