"""Home: what needs somebody, where things stand, and what was done lately."""

import streamlit as st

from core import db, system
from core.ui import links, page_frame, session
from core.ui.home import attention, home_data, numbers, recent, welcome
from core.ui.uploads.pages import UPLOADS

user = session.user()


def read() -> tuple[home_data.Desk, home_data.Pulse]:
    with db.session_scope(user) as scope:
        return home_data.load(scope), home_data.pulse(scope, now=session.now())


found, at_first = read()


@st.fragment(run_every=home_data.MOVING_S if at_first.n_moving else home_data.SETTLED_S)
def live() -> None:
    """What changes by itself; once something has begun or ended, the whole page is drawn again."""
    with page_frame.guarded(), db.session_scope(user) as scope:
        pulse = home_data.pulse(scope, now=session.now())
    if pulse.state != at_first.state:
        st.rerun()
    if found.sample:
        upload, model = found.sample
        welcome.show(upload, next((row for row in pulse.in_training if row.id == model.id), model))
    attention.show(pulse, now=session.now(), but=found.sample[1].id if found.sample else None)


with page_frame.heading("Home", "What needs you, where things stand, what was done lately."):
    if st.button("Train a model", key="train", icon=":material/model_training:"):
        links.go(UPLOADS, train=1)
    if st.button(
        "New prediction",
        key="new_prediction",
        icon=":material/add:",
        type="primary" if found.recent and not found.sample else "secondary",
    ):
        links.go(UPLOADS)

if not found.recent:
    nothing_yet = page_frame.empty(
        "Begin with a CSV file",
        "Upload one, train a model on it or score it with a model you have. Every step says what it found.",
        icon=":material/upload_file:",
        key="nothing_yet",
    )
    with nothing_yet, page_frame.guarded():
        if st.button("Upload a CSV", key="first_upload", type="primary", icon=":material/upload_file:"):
            links.go(UPLOADS)
        if st.button("Try it with a sample", key="take_sample", icon=":material/science:"):
            system.give_sample(user, settings=session.config())
            st.rerun()
else:
    live()
    numbers.show(found, at_first, now=session.now())
    page_frame.section("Recent work")
    recent.show(found.recent, now=session.now())
