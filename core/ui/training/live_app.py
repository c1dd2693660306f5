"""A model's live app: whether it is up, the way to it, until when, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final
from uuid import UUID

import streamlit as st
from sqlalchemy.orm import Session

from core import db, queue
from core.db.tables.deployments import DeploymentRow
from core.settings import part
from core.settings.parts.training import DeploymentSettings
from core.training.deployments import deployments
from core.training.deployments.states import AWAKE, STOPPED_FROM, WITHOUT_URL, Status
from core.ui import badges, formatting, links, no_worker, page_frame, session
from core.ui.training import outside, status_badges

BEGINNING: Final = frozenset({Status.STARTING, Status.CHECKING})
SENTENCES: Final = {
    Status.STARTING: "It starts. This takes a few seconds.",
    Status.CHECKING: "It is checked: it has to give the same predictions as in training.",
    Status.UNHEALTHY: "It is started again if it stays so.",
    Status.PAUSED: "Nobody has used it for a while. The next prediction wakes it up.",
    Status.EXPIRED: "Nobody used it for long, so its address is no longer good. Restart it to use it again.",
    Status.STOPPED: "Restart it to use it again.",
    Status.FAILED: "Restart it. If it fails again, train a new version of the model.",
}


def show_live(model_id: UUID, *, is_mine: bool) -> None:
    """The app of a model, looked at again now and then for as long as it may change by itself."""
    with db.session_scope(session.user()) as scope:
        found = deployments.of_model(scope, model_id=model_id)
    if found is None:
        return

    @st.fragment(run_every=_interval_s(found))
    def polled() -> None:
        with page_frame.guarded():
            with db.session_scope(session.user()) as scope:
                now = deployments.of_model(scope, model_id=model_id)
            if now is None or _look_of(now) != _look_of(found):
                st.rerun()  # the rest of the page depends on it, too
            show(now, is_mine=is_mine)

    polled()


def show(deployment: DeploymentRow | None, *, is_mine: bool) -> None:
    """Nothing where there is none. is_mine: if not, it can be opened, and no more."""
    if deployment is None:
        return
    with st.container(border=True, key="live_app"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown("**Live app**", width="content")
            badges.show(status_badges.of_deployment(deployment))
            st.space("stretch")
            if deployment.status not in WITHOUT_URL and deployment.url:
                open_button(deployment, key="open_app", is_first=True)
            if is_mine:
                _buttons(deployment)
        if is_mine and _has_nobody(deployment):
            _check_by_hand(deployment)
        if deployment.unreachable_since and deployment.status in AWAKE:
            when = outside.since(deployment.unreachable_since)
            st.warning(
                f"**No contact with E2B since {when}.** The app there most likely goes on.",
                icon=":material/cloud_off:",
            )
        if deployment.reason:
            said = f"{deployment.reason['message']} {deployment.reason.get('hint', '')}".strip()
            st.caption(f":red[{links.escape(said)}]")
        if deployment.url:
            st.code(deployment.url, language=None, wrap_lines=True)
        st.caption(" ".join(_sentences(deployment)))


def _interval_s(deployment: DeploymentRow) -> float | None:
    """Between two looks; None where only a click changes it."""
    if deployment.status in BEGINNING:
        return 1.0
    return None if deployment.status in WITHOUT_URL else 15.0


def _look_of(deployment: DeploymentRow) -> object:
    """How often it is looked at, and whether its model can be deleted."""
    return _interval_s(deployment), deployment.status in AWAKE


def open_button(deployment: DeploymentRow, *, key: str, is_first: bool) -> None:
    """The way to the app's own page. is_first: the likeliest of the buttons beside it."""
    st.link_button(
        "Open app",
        f"/live/{deployment.id}/",
        type="primary" if is_first else "tertiary",
        icon=":material/open_in_new:",
        key=key,
    )


def _buttons(deployment: DeploymentRow) -> None:
    """Each keeps its place from state to state: a second click must not meet another button than the first."""
    is_starting = deployment.status == Status.STARTING
    if deployment.status in STOPPED_FROM:
        if not is_starting and st.button(
            "Extend", key="extend_app", icon=":material/more_time:", type="tertiary"
        ):
            ttl_s = part(session.config(), DeploymentSettings).deployment_ttl_s
            _do(partial(deployments.extend, ttl_s=ttl_s), deployment.id)
        if st.button("Stop", key="stop_app", icon=":material/stop_circle:", type="tertiary"):
            _do(deployments.stop, deployment.id)
    is_over = deployment.status in WITHOUT_URL
    if st.button(
        "Restart",
        key="restart_app",
        icon=":material/restart_alt:",
        type="secondary" if is_over else "tertiary",
        disabled=is_starting,
    ):
        _do(deployments.restart, deployment.id)


def _do(verb: Callable[..., object], deployment_id: UUID) -> None:
    with page_frame.guarded():
        scope: Session
        with db.session_scope(session.user(), write=True) as scope:
            verb(scope, deployment_id=deployment_id)
        st.rerun()


def _has_nobody(deployment: DeploymentRow) -> bool:
    """Whether its check waits for a worker that is not there."""
    if deployment.status != Status.STARTING or deployment.task_id is None:
        return False
    with db.session_scope(session.user()) as scope:
        is_waiting = queue.claimable_kind(scope, task_id=deployment.task_id) is not None
        return is_waiting and not queue.workers.alive(scope)


def _check_by_hand(deployment: DeploymentRow) -> None:
    if no_worker.banner(waiting="the check of this live app waits", button="Check it now", key="check_now"):
        assert deployment.task_id is not None
        with db.session_scope(session.user(), write=True) as scope:
            queue.prioritize(scope, task_id=deployment.task_id)
        queue.local_runner.run_now(deployment.task_id)
        st.rerun()


def _sentences(deployment: DeploymentRow) -> list[str]:
    """What its state means, and until when its address is good."""
    state, has_cure = Status(deployment.status), bool((deployment.reason or {}).get("hint"))
    said = [SENTENCES[state]] if state in SENTENCES and not (has_cure and state in WITHOUT_URL) else []
    if deployment.is_public:
        idle = formatting.duration(part(session.config(), DeploymentSettings).deployment_idle_s)
        said.append(
            f"It runs at E2B, and anybody who has this address can use it. After {idle} without a visitor it "
            "sleeps, and the next one wakes it up."
        )
    elif deployment.url and deployment.expires_at is not None:
        left_s = (deployment.expires_at - session.now()).total_seconds()
        if left_s > 0:
            said.append(f"Expires in {formatting.duration(left_s)} unless somebody uses it.")
    return said
