"""The versions of a model's name, so that two can be compared."""

from __future__ import annotations

import streamlit as st

from core import db
from core.db.tables.models import ModelRow
from core.models import models
from core.ui import badges, formatting, links, lists, session
from core.ui.models import cards


def show(model: ModelRow) -> None:
    """One line a version: its figure, its age."""
    now = session.now()
    with db.session_scope(session.user()) as scope:
        of_owner = models.page(scope, limit=200, owner=model.user_id).items
    same_name = [row for row in of_owner if row.name == model.name]
    with st.container(border=True, gap=None, key="versions"):
        for row in same_name:
            found = cards.headline(row)
            is_this = row.id == model.id
            clicked = lists.choice(
                f"v{row.version} from {row.data_name}" + (" (this one)" if is_this else ""),
                key=f"version_{row.version}",
                icon=":material/check:" if is_this else ":material/category:",
                badge=badges.of_model(row.status),
                facts=[found[1] if found else "", formatting.ago(row.created_at, now=now)],
            )
            if clicked and not is_this:
                links.go(links.MODEL, id=row.id)
    if found := cards.headline(model):
        st.caption(f"The figure is {found[0]}, mean ± standard deviation over five folds.")
