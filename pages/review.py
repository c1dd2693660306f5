"""Review: one conversation at a time, approved or rejected. Opened as /review?id=…, or at the first that waits."""

from dataclasses import replace

import streamlit as st

from core import db
from core.errors import NotFound
from core.generation.conversations import conversations
from core.generation.conversations.conversations import Filter
from core.generation.quality import backlog
from core.generation.quality.findings import from_json
from core.ui import page_frame, params, session
from core.ui.review import (
    chat,
    decisions,
    deleting,
    empty,
    enriched,
    export_button,
    facts,
    filters,
    opened,
    quality,
)
from core.ui.review.pages import REVIEW

user = session.user()
try:
    row_id = params.uuid(filters.ID, resource=conversations.RESOURCE)
    of_job = Filter(batch_job_id=filters.job_id())
    with db.session_scope(user) as scope:
        if row_id is not None:
            conversations.get(scope, row_id=row_id)
        counts = conversations.counts(scope, asked=of_job)
        jobs = conversations.jobs(scope, asked=Filter())
        n_unchecked = 0 if backlog.is_under_way(scope) else backlog.n_unchecked(scope)
except NotFound as error:
    page_frame.missing(error, "Conversation not found", REVIEW, button="Open the queue")

with page_frame.heading("Review", "Decide which conversations are good enough to train with."):
    quality.show_backlog(n_unchecked)
    export_button.show(counts, batch_job_id=of_job.batch_job_id)

if not jobs and not sum(counts.values()):
    empty.nothing_yet()
    st.stop()

with st.container(
    horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="review_filters"
):
    statuses = filters.statuses()
    with page_frame.toolbar():
        filters.choose_job(jobs)
        enriched.button(replace(of_job, statuses=statuses))
        deleting.show_many(replace(of_job, statuses=statuses))
filters.show_numbers(counts)
with db.session_scope(user) as scope:
    found = opened.read(scope, asked=replace(of_job, statuses=statuses), row_id=row_id)

if found is None:
    is_filtered = of_job.batch_job_id is not None or filters.is_chosen()
    empty.nothing_here(counts, statuses, is_filtered=is_filtered)
    st.stop()

conversation = found.conversation
decisions.show(conversation, found.place, noun=decisions.queue_noun(statuses, found.place.n))
words, beside = st.columns([5, 2])
with words:
    if decisions.is_edited(conversation):
        if chat.edit(conversation):
            decisions.leave_form()
            st.rerun()
    else:
        version = f"{conversation.id}_{conversation.row_version}"
        chat.show(conversation.messages, from_json(conversation.findings), key=version)
with beside:
    quality.show(conversation.score, from_json(conversation.findings), asked=found.asked)
    facts.show(conversation, found.origin, n_edits=found.n_edits, me=user.id, now=session.now())
    enriched.show(conversation, me=user.id)
    deleting.show_one(conversation, me=user.id)
