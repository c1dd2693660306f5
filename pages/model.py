"""A model: how good it is, what it looks at, what it was made from; while it trains, how far it is."""

import streamlit as st

from core import db, queue
from core.errors import NotFound
from core.models import models
from core.ui import formatting, links, owners, page_frame, params, session
from core.ui.models import actions, cards, evaluation, labels, progress, report, threshold
from core.ui.models.pages import MODELS
from core.ui.training import model_app

user, now = session.user(), session.now()
try:
    model_id = params.required_uuid("id", resource="model")
    with db.session_scope(user) as scope:
        model = models.get(scope, model_id=model_id)
except (NotFound, params.NotNamed) as missing:
    page_frame.missing(missing, "Model not found", MODELS, button="View all models")
is_mine = model.user_id == user.id
training = model_app.training_of(model)


@st.fragment(run_every=1.0)
def live() -> None:
    """The progress; once the training has ended, the whole page is drawn again without polling."""
    with page_frame.guarded():
        with db.session_scope(user) as scope:
            row = models.get(scope, model_id=model.id)
            has_worker = bool(queue.workers.alive(scope))
            is_waiting = queue.claimable_kind(scope, task_id=row.task_id) is not None
        if row.status != "training" or labels.status(row) != labels.status(model):
            st.rerun()
        how_far = model_app.training_of(row)
        progress.show(row, how_far, is_waiting=is_waiting, has_worker=has_worker, is_mine=is_mine)


page_frame.name_tab(f"{model.name} v{model.version}")
page_frame.back(MODELS)
badge = labels.status(model).markdown
predicts = f"Predicts **{links.escape(model.target)}**"
data = links.escape(model.data_name)
learned = f"trained on {data} {formatting.ago(model.updated_at, now=now)}"
if model.status == "failed":
    learned = f"training on {data} failed {formatting.ago(model.updated_at, now=now)}"
elif model.status == "training":
    learned = f"to be trained on {data}" if labels.is_queued(model) else f"training on {data}"
    learned += f", requested at {formatting.moment(model.created_at, now=now, zone=session.zone())}"
with page_frame.heading(
    f"{links.escape(model.name)} :gray[v{model.version}] {badge}", f"{predicts} · {learned}"
):
    if is_mine:
        actions.toolbar(model, training)
owners.show_notice(model.user_id, me=user)
if training is not None:
    model_app.show_origin(training)

if model.status == "training":
    live()
elif model.status == "failed":
    error = model.error or {}
    page_frame.show_failure(error.get("message", "The training failed."), error.get("hint", ""))
else:
    model_app.show(model, is_mine=is_mine)
    report.numbers(model)
    evaluation.show(model.report or {}, model.task.payload)
    report.warnings(model)
    report.charts(model)
    n_left_out = len((model.report or {}).get("dropped", []))
    is_binary = model.task_type == "binary"
    names = [
        "Columns it uses",
        f"Left out · {n_left_out}" if n_left_out else "Left out",
        "Training details",
        "Versions",
    ]
    *cut, used, left_out, details, versions = st.tabs(
        [*([threshold.title(model)] if is_binary else []), *names]
    )
    for tab in cut:
        with tab:
            threshold.show(model, is_mine=is_mine)
    with used:
        report.schema(model)
    with left_out:
        report.dropped(model)
    with details:
        report.origin(model)
    with versions:
        cards.versions(model)
