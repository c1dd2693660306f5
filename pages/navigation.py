"""What runs before every page: the frame, the menu, and the one place where a page's failure is shown."""

import streamlit as st

from core.ui import brand, browser, links, notices, states

st.set_page_config(page_title="Model Desk", page_icon=brand.icon(), layout="wide")
brand.show()
browser.prepare()
notices.show()

page = st.navigation(
    [
        st.Page(links.HOME, title="Home", icon=":material/home:", default=True),
        st.Page(links.UPLOADS, title="New prediction", icon=":material/upload_file:", url_path="uploads"),
        st.Page(links.PREDICTIONS, title="Predictions", icon=":material/table_rows:"),
        st.Page(links.MODELS, title="Models", icon=":material/category:"),
        st.Page(links.SYSTEM, title="System", icon=":material/monitor_heart:"),
        st.Page(links.PREDICTION, title="Prediction", visibility="hidden"),
        st.Page(links.MODEL, title="Model", visibility="hidden"),
    ]
)
with states.guarded(way_out=True):
    page.run()
brand.footer()
