"""New prediction: drop a file, see how it was read, then score it or train a model on it."""

from typing import Final

import streamlit as st

from core.ui import links, page_frame, params, session
from core.ui.uploads import recent_uploads, upload_detail
from core.ui.uploads.pages import UPLOADS
from core.ui.uploads.uploader import uploader

STEPS: Final = (
    (
        ":material/fact_check: Checked",
        "Encoding, delimiter, header and every row are checked. If something can't be read with certainty, "
        "you see the line, the column and how to fix it.",
    ),
    (
        ":material/join_inner: Matched",
        "Models that fit its columns come first, and columns with other names can be mapped. Values not seen "
        "in training are flagged. If no model fits, train one.",
    ),
    (
        ":material/table_rows: Scored",
        "Score it now or queue it. Your rows come back in order, each with a prediction and its probability, "
        "and with metrics if the file has the outcome.",
    ),
)


def show_steps() -> None:
    """What becomes of a file, told before there is one."""
    page_frame.section("How it works")
    with st.grid(3, min_column_width=240, gap="small", key="what_happens"):
        for title, text in STEPS:
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.markdown(f"**{title}**")
                st.caption(text)


carried = {
    name: st.query_params[name] for name in ("train", "version_of", "model") if name in st.query_params
}

version_of_id = params.uuid("version_of", resource="model")
title = upload_detail.title(to_train="train" in carried, version_of_id=version_of_id)
page_frame.heading(title, "Upload a CSV or choose one, then score it or train a model on it.")
preferred_id = params.uuid("model", resource="model")
if preferred_id and "upload" not in st.query_params:
    upload_detail.show_preferred_model(preferred_id)
drop, recent = st.columns([3, 2], gap="medium")
with drop:
    done = uploader(
        max_mb=session.config().max_upload_mb, is_compact="upload" in st.query_params, key="uploader"
    )
if done:
    again = {"again": 1} if done.is_duplicate else {}
    links.go(UPLOADS, upload=done.upload_id, **again, **carried)

with page_frame.guarded():
    upload_id = params.integer("upload", resource="upload")
    with recent:
        recent_uploads.show(chosen_id=upload_id, query=carried)
    if "again" in st.query_params:
        st.info(
            "You uploaded this file before, so it wasn't stored again.",
            icon=":material/content_copy:",
        )
    if upload_id is not None:
        upload_detail.show(
            upload_id,
            to_train="train" in carried,
            version_of_id=version_of_id,
            model_id=preferred_id,
        )
    else:
        if "train" in carried:
            st.info("Choose a file to train on.", icon=":material/model_training:")
        show_steps()
