"""Pages, API and an embedded worker in one process: `streamlit run streamlit_app.py`."""

import gc

import streamlit as st

if gc.isenabled():
    gc.disable()  # until the lifespan has begun

from core.app import lifespan, middleware, routes

app = st.App("pages/navigation.py", routes=routes(), lifespan=lifespan, middleware=middleware())
