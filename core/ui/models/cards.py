"""Models as cards, one a name, with its newest version that can score; and the versions of a name as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import streamlit as st

from core import db
from core.db.tables.deployments import DeploymentRow
from core.db.tables.models import ModelRow
from core.db.tables.training_jobs import TrainingJobRow
from core.models import models
from core.training.deployments.states import WITHOUT_URL
from core.ui import formatting, links, lists, session
from core.ui.badges import Badge
from core.ui.models import evaluation, labels, progress
from core.ui.models.pages import MODEL
from core.ui.training import live_app, status_badges
from core.ui.training.pages import TRAINING
from core.ui.uploads.pages import UPLOADS


@dataclass(frozen=True)
class Origin:
    """How a model was trained in a sandbox, and its live app, where there is one."""

    training: TrainingJobRow | None
    app: DeploymentRow | None

    @property
    def badges(self) -> Sequence[Badge]:
        """Beside the model's own: whether its app is up."""
        return [status_badges.of_deployment(self.app)] if self.app and self.is_up else []

    @property
    def is_up(self) -> bool:
        """Whether the app answers now or would with the next request."""
        return self.app is not None and self.app.status not in WITHOUT_URL


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
    trainings: Mapping[UUID, TrainingJobRow],
    apps: Mapping[UUID, DeploymentRow],
    now: datetime,
) -> None:
    """n_used: how many predictions each model has made. people: what the owners of what is not `me`'s are called.
    trainings, apps: of the models that were trained in a sandbox, and of those that have a live app.
    """
    with st.grid(3, min_column_width=300, gap="small", key="model_cards"):
        for versions in by_name(newest_first).values():
            shown = next((model for model in versions if model.status == "ready"), versions[0])
            newest = versions[0] if versions[0].status == "training" else shown
            n = sum(n_used.get(model.id, 0) for model in versions)
            owner = None if newest.user_id == me.id else people.get(newest.user_id, "")
            made = Origin(trainings.get(newest.id), apps.get(newest.id))
            _card(newest, made, n_versions=len(versions), n_predictions=n, owner=owner, now=now)


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
        st.caption(
            f"{found[0]}, mean ± standard deviation across {evaluation.measured_over(model.report or {})}."
        )


def _card(
    model: ModelRow, made: Origin, *, n_versions: int, n_predictions: int, owner: str | None, now: datetime
) -> None:
    """owner: whose it is, where that is not the reader."""
    with st.container(border=True, height="stretch", gap="small", key=f"card_{model.id}"):
        st.markdown(f"#### {links.escape(model.name)}")
        task = labels.TASKS.get(model.task_type or "", "").lower()
        facts = [f"Predicts **{links.escape(model.target)}**", *([task] if task else []), f"v{model.version}"]
        badges = " ".join(badge.markdown for badge in (labels.status(model), *made.badges))
        st.markdown(f":small[{badges}&ensp;:gray[{' · '.join(facts)}]]")
        if model.status == "training":
            share, text = progress.bar(model, made.training, is_waiting=labels.is_queued(model))
            st.progress(share, text=text)
        elif model.status == "failed":
            st.markdown(f":small[:red[{links.escape((model.error or {}).get('message', ''))}]]")
        elif found := headline(model):
            name, value = found
            st.metric(name, value)
        by_code = "Code in a sandbox · " if model.origin == "sandbox" else ""
        versions = f" · {formatting.exact(n_versions, 'version')}" if n_versions > 1 else ""
        used = formatting.exact(n_predictions, "prediction") if n_predictions else "not used yet"
        whose = "" if owner is None else f"{links.escape(owner)} · "
        st.caption(f"{whose}{by_code}{formatting.ago(model.created_at, now=now)} · {used}{versions}")
        st.space("stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            links.link("Open", MODEL, icon=":material/arrow_forward:", id=model.id)
            if model.status == "ready" and owner is None:
                links.link("Use", UPLOADS, icon=":material/play_arrow:", model=model.id)
            if made.training is not None and model.status != "ready":
                links.link("Training", TRAINING, icon=":material/model_training:", id=made.training.id)
            if made.app is not None and made.is_up:
                live_app.open_button(made.app, key=f"open_app_{model.id}", is_first=False)
