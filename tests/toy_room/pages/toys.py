"""Toys: which there are."""

import streamlit as st
from core.toys import toys

from core import db
from core.ui import links, page_frame, session

page_frame.heading("Toys", "What was made for you.")
with db.session_scope(session.user()) as scope:
    for toy in toys.all_of(scope):
        st.markdown(f"{links.escape(toy.name)} is {toy.status}")
