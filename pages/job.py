"""One batch job: its progress, its cost, its items. Opened as /job?id=…"""

import streamlit as st

from core.errors import NotFound
from core.generation.jobs.states import PENDING, JobStatus
from core.ui import owners, page_frame, params, session
from core.ui.jobs import failures, head, items, pause_reason, progress
from core.ui.jobs.pages import JOBS

user = session.user()
try:
    found = progress.look(params.required_uuid("id", resource="batch job"))
except (NotFound, params.NotNamed) as error:
    page_frame.missing(error, "Batch job not found", JOBS, button="View all batch jobs")

job = found.job
is_mine = job.user_id == user.id
head.show(job, found.progress, now=session.now(), is_mine=is_mine)
owners.show_notice(job.user_id, me=user)
if job.status == JobStatus.PAUSED:
    pause_reason.show(found, is_mine=is_mine)
elif job.status == JobStatus.FAILED and job.reason:
    page_frame.show_failure(job.reason["message"], job.reason.get("hint", ""))
if job.status in PENDING:
    progress.show_live(job, is_mine=is_mine)
else:
    progress.show(found)
if found.progress.failed:
    failures.show(job.id)
items.show(job.id, kind=job.kind, is_live=job.status in PENDING)
st.space("small")
