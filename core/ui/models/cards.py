"""Models as cards, one a name, with its newest version that can score; and the versions of a name as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import streamlit as st

from core import db
from core.db.tables.models import ModelRow
from core.models import models
from core.ui import formatting, links, lists, session
from core.ui.models import labels, progress
from core.ui.models.pages import MODEL
from core.ui.uploads.pages import UPLOADS


def by_name(newest_first: Sequence[ModelRow]) -> dict[tuple[UUID, str], list[ModelRow]]:
    """The versions of each name of each owner, newest first."""
    versions: dict[tuple[UUID, str], list[ModelRow]] = {}
    for model in newest_first:
        versions.setdefault((model.user_id, model.name), []).append(model)
    return versions


def show(
    newest_first: Sequence[ModelRow],
    *,
    n_used: Mapping[UUID, int],
    me: db.User,
    people: Mapping[UUID, str],
    now: datetime,
) -> None:
    """n_used: how many predictions each model has made. people: what the owners of what is not `me`'s are called."""
    with st.grid(3, min_column_width=300, gap="small", key="model_cards"):
        for versions in by_name(newest_first).values():
            shown = next((model for model in versions if model.status == "ready"), versions[0])
            newest = versions[0] if versions[0].status == "training" else shown
            n = sum(n_used.get(model.id, 0) for model in versions)
            owner = None if newest.user_id == me.id else people.get(newest.user_id, "")
            _card(newest, n_versions=len(versions), n_predictions=n, owner=owner, now=now)


def headline(model: ModelRow) -> tuple[str, str] | None:
    """The metric that the model was chosen by, and its value with the spread over the folds."""
    report = model.report or {}
    spread = report.get("metrics", {}).get(report.get("chosen_by"))
    if not spread:
        return None
    return labels.METRICS.get(report["chosen_by"], report["chosen_by"]), formatting.plus_minus(
        spread["mean"], spread["std"]
    )


def versions(model: ModelRow) -> None:
    """The versions of a model's name, so that two can be compared: one line each, with its figure and its age."""
    now = session.now()
    with db.session_scope(session.user()) as scope:
        of_name = models.page(scope, limit=200, name=model.name, owner=model.user_id).items
    with st.container(border=True, gap=None, key="versions"):
        for row in of_name:
            found = headline(row)
            is_this = row.id == model.id
            clicked = lists.choice(
                f"v{row.version} · {row.data_name}" + (" (this version)" if is_this else ""),
                key=f"version_{row.version}",
                icon=":material/check:" if is_this else ":material/category:",
                badge=labels.status(row),
                facts=[found[1] if found else "", formatting.ago(row.created_at, now=now)],
            )
            if clicked and not is_this:
                links.go(MODEL, id=row.id)
    if found := headline(model):
        st.caption(f"{found[0]}, mean ± standard deviation across five folds.")


def _card(model: ModelRow, *, n_versions: int, n_predictions: int, owner: str | None, now: datetime) -> None:
    """owner: whose it is, where that is not the reader."""
    with st.container(border=True, height="stretch", gap="small", key=f"card_{model.id}"):
        st.markdown(f"#### {links.escape(model.name)}")
        task = labels.TASKS.get(model.task_type or "", "").lower()
        facts = [f"Predicts **{links.escape(model.target)}**", *([task] if task else []), f"v{model.version}"]
        st.markdown(f":small[{labels.status(model).markdown}&ensp;:gray[{' · '.join(facts)}]]")
        if model.status == "training":
            is_queued = labels.is_queued(model)
            step = progress.step(model, is_waiting=is_queued).capitalize()
            st.progress(progress.share(model, is_waiting=is_queued), text=step)
        elif model.status == "failed":
            st.markdown(f":small[:red[{links.escape((model.error or {}).get('message', ''))}]]")
        elif found := headline(model):
            name, value = found
            st.metric(name, value)
        versions = f" · {formatting.exact(n_versions, 'version')}" if n_versions > 1 else ""
        used = formatting.exact(n_predictions, "prediction") if n_predictions else "not used yet"
        whose = "" if owner is None else f"{links.escape(owner)} · "
        st.caption(f"{whose}{formatting.ago(model.created_at, now=now)} · {used}{versions}")
        st.space("stretch")
        with st.container(horizontal=True, gap="small"):
            links.link("Open", MODEL, icon=":material/arrow_forward:", id=model.id)
            if model.status == "ready" and owner is None:
                links.link("Use", UPLOADS, icon=":material/play_arrow:", model=model.id)
