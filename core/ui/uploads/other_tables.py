"""Tables of a file that are not read with it: each with the button that makes it an upload of its own."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.ui import formatting, links, notices, page_frame, session
from core.ui.uploads.pages import UPLOADS
from core.uploads import separate
from core.uploads.report.examination import Examination

N_OFFERED: Final = 5


def show(upload_id: int, found: Examination) -> None:
    """A button for each of the first few."""
    for number, table in enumerate(found.other_tables[:N_OFFERED], 1):
        label = (
            f"Upload “{links.escape(table.title)}” separately" if table.title else "Upload the other table"
        )
        if st.button(
            label,
            key=f"add_table_{upload_id}_{number}",
            icon=":material/table:",
            help=f"Takes {table.lines} as a file of its own.",
        ):
            _add(upload_id, number)
    if (n_more := len(found.other_tables) - N_OFFERED) > 0:
        st.caption(f"{formatting.exact(n_more, 'more table')} can be uploaded with the API.")


def _add(upload_id: int, number: int) -> None:
    with page_frame.guarded():
        with st.spinner("Uploading the table…"):
            received = separate.add_table(
                session.user(),
                storage=session.files(),
                staging_dir=session.config().staging_dir,
                upload_id=upload_id,
                number=number,
            )
        upload = received.upload
        notices.leave(f"{links.escape(upload.file_name)} was uploaded.", icon=":material/table:")
        links.go(UPLOADS, upload=upload.id)
