"""What runs before every page: who is signed in, the frame, the menu, and the one place where a failure is shown."""

import streamlit as st

from core.access import roles
from core.access.errors import NotSignedIn
from core.errors import AppError
from core.ui import brand, browser, links, notices, page_frame, session
from core.ui.account import menu

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

shown = [
    st.Page(links.HOME, title="Home", icon=":material/home:", default=True),
    st.Page(links.UPLOADS, title="New prediction", icon=":material/upload_file:", url_path="uploads"),
    st.Page(links.PREDICTIONS, title="Predictions", icon=":material/table_rows:"),
    st.Page(links.MODELS, title="Models", icon=":material/category:"),
]
hidden = [
    st.Page(links.PREDICTION, title="Prediction", visibility="hidden"),
    st.Page(links.MODEL, title="Model", visibility="hidden"),
    st.Page(links.ACCOUNT, title="Account", visibility="hidden"),
]
if user.role == roles.ADMIN:
    shown.append(st.Page(links.SYSTEM, title="System", icon=":material/monitor_heart:"))
    shown.append(st.Page(links.ADMIN, title="People & audit", icon=":material/admin_panel_settings:"))

page = st.navigation([*shown, *hidden])
menu.show(user)
brand.footer()
with page_frame.guarded(way_out=True):
    page.run()
