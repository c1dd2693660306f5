"""Home: what needs somebody, where things stand, and what was done lately."""

import streamlit as st

from core import db, system
from core.ui import links, page_frame, registry, session
from core.ui.home import attention, home_data, numbers, recent, welcome
from core.ui.uploads.pages import UPLOADS
from core.ui.work_items import StartButton

user = session.user()
with db.session_scope(user) as scope:
    # Before the rest: what ends in between is then seen as a change.
    at_first = home_data.pulse(scope, now=session.now())
    found = home_data.load(scope)
sample = welcome.sample(found.newest)


@st.fragment(run_every=home_data.MOVING_S if at_first.n_moving else home_data.SETTLED_S)
def live() -> None:
    """What changes by itself; once something has begun or ended, the whole page is drawn again."""
    with page_frame.guarded():
        with db.session_scope(user) as scope:
            pulse = home_data.pulse(scope, now=session.now())
        if pulse.state != at_first.state:
            st.rerun()
        if sample:
            training = next((item for item in pulse.active if item.id == sample.model.id), None)
            welcome.show(sample, training=training)
        attention.show(pulse, shown_id=sample.model.id if sample else None)


def show_buttons() -> None:
    """What can be begun, the first room's last and outstanding."""
    first, *others = [room.start for room in registry.home_items() if room.start]
    for start in (*reversed(others), first):
        _button(start, is_primary=start is first and bool(found.recent) and not sample)


def _button(start: StartButton, *, is_primary: bool) -> None:
    if st.button(start.label, key=start.key, icon=start.icon, type="primary" if is_primary else "secondary"):
        links.go(start.page, **start.query)


with page_frame.heading("Home", "What needs your attention, and your recent work."):
    show_buttons()

if not found.recent:
    if at_first.ready:  # a reviewer's, who has made nothing
        live()
    nothing_yet = page_frame.empty(
        "Start with a CSV file",
        "Upload one, then score it with a model you have or train a new model on it.",
        icon=":material/upload_file:",
        key="nothing_yet",
    )
    with nothing_yet, page_frame.guarded():
        if st.button("Upload a CSV", key="first_upload", type="primary", icon=":material/upload_file:"):
            links.go(UPLOADS)
        if st.button("Try it with sample data", key="take_sample", icon=":material/science:"):
            system.give_sample(user, settings=session.config())
            st.rerun()
else:
    live()
    numbers.show(found, at_first, now=session.now())
    page_frame.section("Recent work")
    recent.show(found.recent, now=session.now())
