"""Training on one's own machine: what to download, a token to report by, and the lines to run."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import streamlit as st

from core import db
from core.access import tokens
from core.access.errors import TooManyTokens
from core.db.tables.uploads import UploadRow
from core.models import models
from core.models.validation import UNSTATED
from core.training.package import package
from core.ui import formatting, links, page_frame, session
from core.ui.uploads import rows_form, target_form
from core.ui.uploads.rows_form import StatedRows
from core.ui.uploads.target_form import StatedTarget
from core.uploads import uploads

MOST_UPLOADS: Final = 200
PACKAGE: Final = "/api/training/package"
LARGE_BYTES: Final = 30_000_000  # from here on the rows may be a download of their own
DAYS: Final = (1, 3, 7, 14, 30)
_MADE: Final = "package_token_made"


def show() -> None:
    """The whole of it."""
    with st.expander("Train on your own machine", icon=":material/laptop_mac:", key="own_machine"):
        st.caption(
            "A package of the rows and the training code. It runs where you start it, and only reports here: curve, "
            "predictions of held-out rows, and how it ended."
        )
        with page_frame.guarded():
            _form()


def _form() -> None:
    with db.session_scope(session.user()) as scope:
        found = {upload.id: upload for upload in uploads.page(scope, limit=MOST_UPLOADS).items}
    if not found:
        st.caption("A model learns from a file with known outcomes. Upload one first.")
        return
    chosen = st.selectbox(
        "File",
        list(found),
        format_func=lambda one: _label(found[one]),
        key="own_upload",
        placeholder="Choose a file",
    )
    stated, of_rows = _stated(found[chosen])
    is_whole = stated.target is not None and stated.refusal is None and of_rows.validation is not None
    _downloads(found[chosen], _asked(found[chosen].id, stated, of_rows) if is_whole else None)
    if stated.refusal is not None:
        st.caption(f":red[:material/block:] {links.escape(str(stated.refusal))}")
    has_sign_in = session.config().has_sign_in
    secret = _token() if has_sign_in else None
    st.caption("Then, where it was saved:")
    lines = _lines(found[chosen], stated.target or "", secret, has_sign_in=has_sign_in)
    st.code("\n".join(lines), language="sh", wrap_lines=True)
    if not has_sign_in:
        st.caption("No token is needed, because nobody signs in to this app.")


def _label(upload: UploadRow) -> str:
    age = formatting.ago(upload.created_at, now=session.now())
    return f"{upload.file_name} · {formatting.count(upload.n_rows, 'row')} · {age}"


def _stated(upload: UploadRow) -> tuple[StatedTarget, StatedRows]:
    """What is to be learnt, and of which rows, as before any training."""
    with db.session_scope(session.user()) as scope:
        row = uploads.get(scope, upload_id=upload.id)
        columns = uploads.examination_of(row).columns
    key = f"own_{upload.id}"
    stated = target_form.show(
        row,
        columns,
        before=None,
        stated=None,
        key=key,
        target_key=f"own_target_{upload.id}",
        has_folds=False,
    )
    names = [column.name for column in columns if column.name != stated.target]
    of_rows = rows_form.show(
        names, before=None, task=stated.choices.task, key=key, rules=rows_form.WITHOUT_MEASURING
    )
    return stated, of_rows


def _asked(upload_id: int, stated: StatedTarget, of_rows: StatedRows) -> str:
    """What the address of a package says."""
    validation = of_rows.validation or UNSTATED
    said = {
        "upload_id": upload_id,
        "target": stated.target,
        **stated.choices.to_json(),
        **validation.to_json(),
        "keep": of_rows.keep,
        "threshold": of_rows.threshold,
    }
    return urlencode({name: value for name, value in said.items() if value not in (None, ())}, doseq=True)


def _downloads(upload: UploadRow, asked: str | None) -> None:
    """asked: None while something is lacking."""
    with st.container(horizontal=True, gap="small"):
        st.link_button(
            "Download package",
            f"{PACKAGE}?{asked}",
            key="own_package",
            type="primary",
            icon=":material/download:",
            disabled=asked is None,
        )
        if upload.size_bytes > LARGE_BYTES:
            st.link_button(
                "Rows alone",
                f"{PACKAGE}/data.csv?{asked}",
                key="own_rows",
                icon=":material/table_rows:",
                disabled=asked is None,
                help="Above 50 MB they are not in the package: run python train.py --data data.csv",
            )


def _token() -> str | None:
    """A new token's secret, for as long as this page is open; the buttons to make one until then."""
    if (made := st.session_state.get(_MADE)) is not None:
        st.caption("The token is in the lines below. It won't be shown again: copy them now.")
        return str(made)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        days = st.selectbox(
            "Token for",
            DAYS,
            index=DAYS.index(tokens.DEFAULT_PACKAGE_DAYS),
            format_func=lambda n: formatting.count(n, "day"),
            key="own_token_days",
            width=120,
        )
        if not st.button("Make a token", key="own_token", icon=":material/key:"):
            return None
    try:
        with db.session_scope(session.user(), write=True) as scope:
            _, secret = tokens.create(
                scope, name="Training package", scopes=[tokens.PACKAGE], days=days, now=session.now()
            )
    except TooManyTokens as error:
        page_frame.show_error(error)
    else:
        st.session_state[_MADE] = secret
        st.rerun()
    return None


def _lines(upload: UploadRow, target: str, secret: str | None, *, has_sign_in: bool) -> tuple[str, ...]:
    file_name = package.file_name(models.default_name(upload, target=target))
    unpack = f"unzip {file_name} -d training && cd training"
    install = "python -m pip install -r requirements.txt"
    if not has_sign_in:
        return unpack, install, "python train.py"
    return f"{unpack} && {install}", f"export MODEL_DESK_TOKEN={secret or '…'}", "python train.py"
