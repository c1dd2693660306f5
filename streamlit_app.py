"""Pages, API and an embedded worker in one process: `streamlit run streamlit_app.py`."""

import streamlit as st

from core.app import lifespan, middleware, routes

app = st.App("pages/navigation.py", routes=routes(), lifespan=lifespan, middleware=middleware())
