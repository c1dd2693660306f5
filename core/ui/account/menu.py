"""Who is signed in, at the foot of the menu, and the way out; without sign-in, that nobody has to."""

from __future__ import annotations

import streamlit as st

from core import db
from core.ui import browser, links, session
from core.ui.account.pages import ACCOUNT

EVERYBODY = "Nobody signs in here, and whoever can reach this app can do everything in it."
THIS_MACHINE = "No sign-in: only this machine can open the app, and it can do everything."


def show(user: db.User) -> None:
    """In each run, on any page."""
    config = session.config()
    with st.sidebar:
        if config.has_sign_in:
            links.link(links.escape(user.name), ACCOUNT, icon=":material/account_circle:", tip=user.email)
            browser.sign_out_button()
        elif config.allow_anonymous:
            st.warning(EVERYBODY, icon=":material/no_accounts:")
        else:
            st.caption(f":material/no_accounts: {THIS_MACHINE}")
