"""What runs before every page: who is signed in, the frame, the menu, and the one place where a failure is shown."""

from pathlib import PurePath

import streamlit as st

from core import db
from core.access import roles
from core.access.errors import NotSignedIn
from core.errors import AppError, Unavailable
from core.ui import brand, browser, links, notices, page_frame, registry, session, undo
from core.ui.account.pages import ACCOUNT
from core.ui.admin.pages import SYSTEM
from core.ui.links import PageEntry

OPEN_TO_ALL = "Sign-in is off. Anyone who can reach this app can do everything in it."
THIS_MACHINE = "Sign-in is off. Only this machine can open the app."

st.set_page_config(page_title=brand.NAME, page_icon=brand.icon(), layout="wide")
brand.show()
browser.prepare()
notices.show()


def as_page(entry: PageEntry, *, file: str = "") -> st.Page:
    """file: what runs at the page's address in its place."""
    return st.Page(
        file or entry.file,
        title=entry.title,
        icon=entry.icon,
        url_path=PurePath(entry.file).stem,
        default=entry.is_default,
        visibility="hidden" if entry.position is None else "visible",
    )


def show_who(user: db.User) -> None:
    """Who is signed in, at the foot of the menu, and the way out; without sign-in, that nobody has to."""
    config = session.config()
    with st.sidebar:
        if config.has_sign_in:
            links.link(
                links.escape(user.name),
                ACCOUNT,
                icon=":material/account_circle:",
                tip=links.escape(user.email or ""),
            )
            browser.sign_out_button()
        elif config.allow_anonymous:
            st.warning(OPEN_TO_ALL, icon=":material/no_accounts:")
        else:
            st.caption(f":material/no_accounts: {THIS_MACHINE}")
        if not config.has_sign_in:
            links.link(ACCOUNT.title, ACCOUNT, icon=":material/key:", tip="Tokens for programs")


def show_outage(error: Unavailable) -> None:
    """What is broken, with its cure, at every address. Where people sign in, the failure alone: who asks may be no
    admin.
    """
    if session.config().has_sign_in:
        page_frame.show_error(error)
        return
    page = st.navigation([as_page(entry, file=SYSTEM.file) for entry in registry.pages()], position="hidden")
    page_frame.name_tab(SYSTEM.title)
    with page_frame.guarded():
        page.run()


try:
    user = session.user()
except NotSignedIn:
    browser.go_and_sign_in()
    st.stop()
except Unavailable as error:
    show_outage(error)
    st.stop()
except AppError as error:
    page_frame.show_error(error)
    st.stop()

entries = [entry for entry in registry.pages() if user.role == roles.ADMIN or not entry.is_for_admins]
page = st.navigation([as_page(entry) for entry in entries])
page_frame.name_tab(page.title)
show_who(user)
brand.footer()
undo.show()
with page_frame.guarded(way_out=next(entry for entry in entries if entry.is_default)):
    page.run()
