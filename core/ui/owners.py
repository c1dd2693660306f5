"""Whose work a page shows: the choice that admins have on a list, and the word on what is somebody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

import streamlit as st
from sqlalchemy.orm import Session

from core import db
from core.access import ownership, users
from core.access.ownership import OwnerFilter
from core.errors import NotFound
from core.ui import links, params

_PARAM: Final = "whose"


def names(scope: Session) -> Mapping[UUID, str]:
    """What everybody is called, by id; nobody for whoever sees their own work alone. Of one name, the addresses too."""
    if not ownership.sees_all(scope):
        return {}
    called = {row.id: ("Local user" if row.is_local else row.name, row.email) for row in users.people(scope)}
    times = Counter(name for name, _ in called.values())
    return {
        person_id: f"{name} ({email or 'no address'})" if times[name] > 1 else name
        for person_id, (name, email) in called.items()
    }


def requested() -> OwnerFilter:
    """Whose work the address asks for. Raises NotFound."""
    if st.query_params.get(_PARAM) == ownership.ALL:
        return ownership.ALL
    return params.uuid(_PARAM, resource="person") or ownership.MINE


def query() -> Mapping[str, str]:
    """Of the address, what a link needs that stays with the same people's work."""
    return {_PARAM: st.query_params[_PARAM]} if _PARAM in st.query_params else {}


def choose(known: Mapping[UUID, str], *, me: db.User, keep: Collection[str] = ()) -> None:
    """The box, for an admin who is not alone; what is chosen stands in the address from the next run on.

    keep: what else of the address is meant for any of the lists, such as the model to use; the rest is this list's.
    Raises NotFound for an address that names nobody.
    """
    wanted = requested()
    if isinstance(wanted, UUID) and wanted not in (me.id, *known):
        raise NotFound(resource="person", id=wanted)
    others = {str(person_id): name for person_id, name in known.items() if person_id != me.id}
    if not others:
        return
    labels = {ownership.MINE: "My work", ownership.ALL: "Everyone's work", **others}
    now = ownership.MINE if wanted == me.id else str(wanted)
    chosen = st.selectbox(
        "Whose work",
        list(labels),
        index=list(labels).index(now),
        format_func=labels.__getitem__,
        key=f"whose_{now}",
        label_visibility="collapsed",
        width=190,
    )
    if chosen != now:
        kept = {name: st.query_params[name] for name in keep if name in st.query_params}
        st.query_params.from_dict(kept if chosen == ownership.MINE else {**kept, _PARAM: chosen})
        st.rerun()


def show_notice(owner_id: UUID, *, me: db.User) -> bool:
    """A line above what an admin sees of somebody else's; whether it is."""
    if owner_id == me.id:
        return False
    with db.session_scope(me) as scope:
        name = names(scope).get(owner_id, "someone else")
    st.info(
        f"You are viewing the work of **{links.escape(name)}**. Only they can change it.",
        icon=":material/visibility:",
    )
    return True
