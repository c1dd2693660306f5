"""What runs before every page: who is signed in, the frame, the menu, and the one place where a failure is shown."""

import streamlit as st

from core.access import roles
from core.access.errors import NotSignedIn
from core.errors import AppError
from core.ui import brand, browser, notices, page_frame, registry, session
from core.ui.account import menu
from core.ui.links import PageEntry

st.set_page_config(page_title="Model Desk", page_icon=brand.icon(), layout="wide")
brand.show()
browser.prepare()
notices.show()

try:
    user = session.user()
except NotSignedIn:
    browser.go_and_sign_in()
    st.stop()
except AppError as error:
    page_frame.problem(error)
    st.stop()


def as_page(entry: PageEntry) -> st.Page:
    return st.Page(
        entry.file,
        title=entry.title,
        icon=entry.icon,
        default=entry.is_default,
        visibility="hidden" if entry.position is None else "visible",
    )


entries = [entry for entry in registry.pages() if user.role == roles.ADMIN or not entry.is_for_admins]
page = st.navigation([as_page(entry) for entry in entries])
menu.show(user)
brand.footer()
with page_frame.guarded(way_out=next(entry for entry in entries if entry.is_default)):
    page.run()
