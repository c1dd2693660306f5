"""Every batch job, live: what waits, what runs, what came of it."""

import streamlit as st

from core import db
from core.access.ownership import MINE
from core.generation.jobs import listing
from core.generation.jobs.states import PENDING
from core.ui import links, owners, page_frame, session
from core.ui.generator.pages import GENERATOR
from core.ui.jobs import live_list

user, whose = session.user(), owners.requested()
with db.session_scope(user) as scope:
    people = owners.names(scope)
    counts = listing.counts(scope, whose=whose)

with page_frame.heading("Batch jobs", "Conversations written in bulk."):
    owners.choose(people, me=user)
    if st.button(
        "New batch",
        key="new_batch",
        icon=":material/add:",
        type="primary" if sum(counts.values()) else "secondary",
    ):
        links.go(GENERATOR)

if sum(counts.values()):
    live_list.show(
        whose, people={user.id: user.name, **people}, n_pending=sum(counts[status] for status in PENDING)
    )
elif whose != MINE:
    page_frame.empty("No batch jobs", "Nothing has been generated yet.", icon=":material/dynamic_feed:")
else:
    buttons = page_frame.empty(
        "No batch jobs yet",
        "Choose a template and give it values. Each combination becomes a conversation, which you review and export.",
        icon=":material/dynamic_feed:",
        key="no_jobs",
    )
    if buttons.button("Open the generator", key="first_batch", icon=":material/forum:", type="primary"):
        links.go(GENERATOR)
