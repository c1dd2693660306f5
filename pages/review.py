"""Review: one conversation at a time, approved or rejected. Opened as /review?id=…, or at the first that waits."""

from dataclasses import replace

import streamlit as st

from core import db
from core.errors import NotFound
from core.generation.conversations import conversations, receipts
from core.generation.quality import backlog
from core.generation.quality.findings import from_json
from core.ui import page_frame, params, session
from core.ui.review import (
    address,
    chat,
    decisions,
    empty,
    enriched,
    export_button,
    facts,
    filters,
    history,
    opened,
    origins,
    quality,
    today,
)
from core.ui.review.keyboard import keys
from core.ui.review.many import bulk_list, deleting
from core.ui.review.pages import REVIEW

user, now = session.user(), session.now()
try:
    row_id = params.uuid(address.ID, resource=conversations.RESOURCE)
    asked = address.asked()
    with db.session_scope(user) as scope:
        if row_id is not None:
            conversations.get(scope, row_id=row_id)
        counts = conversations.counts(scope, asked=asked)
        decided = receipts.today(scope, since=today.midnight(now, session.zone()))
        is_any = conversations.is_any(scope)
        n_unchecked = 0 if backlog.is_under_way(scope) else backlog.n_unchecked(scope)
except NotFound as error:
    page_frame.missing(error, "Conversation not found", REVIEW, button="Open the queue")

with page_frame.heading("Review", today.line(decided, counts)):
    quality.show_backlog(n_unchecked)
    if is_any:
        keys.show()
        export_button.show(counts, asked)

if not is_any:
    empty.nothing_yet()
    st.stop()

with st.container(
    horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="review_filters"
):
    statuses = filters.statuses()
    with st.container(
        horizontal=True, width="content", vertical_alignment="center", gap="xsmall", key="review_tools"
    ):
        filters.view()
        filters.search()
        filters.choose()
        enriched.button(replace(asked, statuses=statuses))
filters.show_numbers(counts)
filters.chips(asked)
asked = replace(asked, statuses=statuses)

if address.is_list():
    bulk_list.show(asked, n_found=sum(counts[one] for one in statuses or counts), now=now)
    keys.guard(address.LIST)
    st.stop()

with db.session_scope(user) as scope:
    found = opened.read(scope, asked=asked, order=address.order(), row_id=row_id)

if found is None:
    empty.nothing_here(counts, statuses, is_filtered=filters.is_chosen())
    st.stop()

conversation, version = found.conversation, decisions.version(found.conversation)
bar = st.container(gap="xsmall", key="review_head")  # drawn after what it decides on
words, beside = st.columns([5, 2])
with words:
    if decisions.is_edited(conversation):
        if chat.edit(conversation):
            decisions.leave_form()
            st.rerun()
    else:
        chat.show(conversation.messages, from_json(conversation.findings), key=version)
with beside:
    quality.show(conversation.score, from_json(conversation.findings), asked=found.asked)
    facts.show(conversation, found.origin, n_edits=found.n_edits, now=now)
    enriched.show(conversation, me=user.id)
    origins.button(conversation)
    deleting.show_one(conversation, me=user.id)
    history.show(found.events, me=user.id, now=now)
with bar:
    decisions.show(
        conversation,
        found.place,
        noun=decisions.queue_noun(statuses, found.place.n),
        recent=found.recent,
    )
keys.guard(version, is_form=decisions.is_edited(conversation))
