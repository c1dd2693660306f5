"""Templates as cards, one a family with its newest version; and the versions of one as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import streamlit as st

from core import db
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.templates.templates import Listed
from core.generation.templates.usage import Usage
from core.ui import formatting, links, lists
from core.ui.badges import Badge
from core.ui.templates.pages import TEMPLATE

SHIPPED = Badge("Included", ":material/inventory_2:", "blue")
MINE = Badge("Yours", ":material/person:", "green")
OTHERS = Badge("Shared", ":material/group:", "gray")
MOST_NAMES = 6
NONE = Usage()


def badge(author_id: UUID | None, *, me: db.User) -> Badge:
    """Whose it is."""
    if author_id is None:
        return SHIPPED
    return MINE if author_id == me.id else OTHERS


def show(found: Sequence[Listed], *, me: db.User, people: Mapping[UUID, str], now: datetime) -> None:
    """people: what others are called, as far as the reader may know."""
    with st.grid(3, min_column_width=300, gap="small", key="template_cards"):
        for one in found:
            _card(one.template, usage=one.usage, me=me, people=people, now=now)


def used(usage: Usage) -> str:
    """How often it was used: "3 jobs"."""
    return formatting.exact(usage.n_jobs, "job") if usage.n_jobs else "not used yet"


def approved(usage: Usage) -> str:
    """What share of its conversations was approved; empty where nothing was decided."""
    if usage.approved_share is None:
        return ""
    n = formatting.number(usage.n_approved + usage.n_rejected)
    return f"{formatting.percent(usage.approved_share)} of {n} approved"


def versions(
    of_family: Sequence[PromptTemplateRow],
    *,
    shown: PromptTemplateRow,
    usage: Mapping[UUID, Usage],
    people: Mapping[UUID, str],
    me: db.User,
    now: datetime,
) -> None:
    """One line a version, newest first; a click opens it."""
    with st.container(border=True, gap=None, key="versions"):
        for row in of_family:
            is_this = row.id == shown.id
            author = people.get(row.author_id, "") if row.author_id and row.author_id != me.id else ""
            label = " · ".join(filter(None, (f"v{row.version}", row.name, author)))
            counted = usage.get(row.id, NONE)
            clicked = lists.choice(
                label + (" (this version)" if is_this else ""),
                key=f"version_{row.version}",
                icon=":material/check:" if is_this else ":material/edit_note:",
                badge=badge(row.author_id, me=me),
                facts=[used(counted), formatting.ago(row.created_at, now=now)],
                tip=approved(counted) or None,
            )
            if clicked and not is_this:
                links.go(TEMPLATE, id=row.id)


def _card(
    row: PromptTemplateRow, *, usage: Usage, me: db.User, people: Mapping[UUID, str], now: datetime
) -> None:
    with st.container(border=True, height="stretch", gap="small", key=f"card_{row.id}"):
        st.markdown(f"#### {links.escape(row.name)}")
        st.markdown(f":small[{badge(row.author_id, me=me).markdown}&ensp;:gray[v{row.version}]]")
        if row.description:
            st.markdown(links.escape(row.description))
        st.caption(_variables(row))
        author = people.get(row.author_id, "") if row.author_id and row.author_id != me.id else ""
        facts = (links.escape(author), formatting.ago(row.created_at, now=now), used(usage), approved(usage))
        st.space("stretch")
        st.caption(" · ".join(filter(None, facts)))
        links.link("Open", TEMPLATE, icon=":material/arrow_forward:", id=row.id)


def _variables(row: PromptTemplateRow) -> str:
    """Which there are, required ones first and marked."""
    if not row.variables:
        return "No variables"
    ordered = sorted(row.variables, key=lambda one: not one["required"])
    names = [links.escape(one["name"]) + ("\\*" if one["required"] else "") for one in ordered]
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f":material/data_object: {', '.join(names[:MOST_NAMES])}{more}"
