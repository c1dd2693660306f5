"""Templates: what a model is asked, what is filled in, and how well it has served."""

import streamlit as st

from core import db
from core.errors import BadRequest
from core.generation.templates import templates
from core.ui import links, owners, page_frame, params, session, tabs
from core.ui.templates import cards, figures
from core.ui.templates.pages import EDITOR, TEMPLATES

user, now = session.user(), session.now()
try:
    with db.session_scope(user) as scope:
        people = owners.names(scope)
        page = templates.listing(scope, limit=60, cursor=st.query_params.get("after"))
except BadRequest:  # the cursor
    page_frame.missing(params.NoSuchPage(), "Templates", TEMPLATES, button="View all templates")

with page_frame.heading("Templates", "What a model is asked to write, with values to fill in."):
    if st.button("New template", key="new_template", type="primary", icon=":material/add:"):
        links.go(EDITOR)

if not page.items:
    with page_frame.empty(
        "No templates yet",
        "A template is a prompt with variables. Write one, then fill it in many times.",
        icon=":material/edit_note:",
        key="no_templates",
    ):
        if st.button("Write a template", key="first_template", type="primary", icon=":material/add:"):
            links.go(EDITOR)
    st.stop()

opened, tab = tabs.show({"templates": "Templates", "figures": "Figures"}, key="templates_tabs")
with tab:
    if opened == "figures":
        figures.show()
    else:
        cards.show(page.items, me=user, people=people, now=now)
        st.caption("Variables with * need a value for each item. Everyone can use every template.")
        if page.next_cursor:
            links.link("Older templates", TEMPLATES, icon=":material/arrow_forward:", after=page.next_cursor)
