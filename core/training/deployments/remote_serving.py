"""One deployment whose process runs at E2B, where it outlives this keeper and its app.

E2B pauses it when its time is over, and the next visitor wakes it up: nothing of that passes through here. So whether
it runs is asked of E2B, and its page only where it does, as a question would wake it. What is out of reach is no
failure: it most likely serves on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from core import db, logs, queue
from core.db.tables.deployments import DeploymentRow
from core.db.tables.models import ModelRow
from core.errors import AppError
from core.models.errors import AnswerUnusable
from core.models.schema import Schema
from core.models.served import client
from core.models.served.launch import SOCKET, Served, ServedModel, begin, limits
from core.sandboxes import E2BBackend, Reason, SandboxLost, SandboxUnavailable, SandboxUnreachable
from core.sandboxes.e2b.contact import PATIENCE_S
from core.sandboxes.e2b.process import Server
from core.sandboxes.e2b.sandbox import E2BSandbox
from core.settings import LOOPBACK, Settings, part
from core.settings.parts.e2b import E2BSettings
from core.training.deployments import page
from core.training.deployments.renewal import Renewal
from core.training.deployments.rounds import EVERY_S, GONE
from core.training.deployments.serving import MOST_FAILURES, Serving
from core.training.deployments.states import WITHOUT_URL, Status
from core.training.errors import AppAddressMissing

AGAIN_S: Final = 5.0  # between two tries to have one at all
UNASKED_S: Final = 5.0  # of a start, before its process is asked for
log = logs.get("training")


class RemoteServing(Serving):
    """See `Serving`. look_s: seconds between two looks."""

    backend_name = "e2b"
    start_limit_s = 120.0  # the smallest machine there is slower than this one

    def __init__(
        self,
        settings: Settings,
        backend: E2BBackend,
        *,
        deployment_id: UUID,
        keeper_id: UUID,
        now: Callable[[], float] = time.monotonic,
        look_s: float = EVERY_S,
    ) -> None:
        super().__init__(settings, deployment_id=deployment_id, keeper_id=keeper_id, now=now)
        self._backend, self._look_s = backend.with_patience(0), look_s
        self._is_private = part(settings, E2BSettings).e2b_private
        self._sandbox: E2BSandbox | None = None
        self._nonce = ""
        self._renewal = Renewal(settings, deployment_id, self._write)
        self._since: datetime | None = None
        self._lost_at = 0.0

    def stop(self) -> None:
        """Let go of it; end it where its row says that it is over, and have it sleep where the row does."""
        sandbox, self._sandbox, self._served, self._address = self._sandbox, None, None, None
        self._phase = Status.STARTING
        if sandbox is None:
            return
        with db.session_scope(db.WORKER) as session:
            this = sa.select(DeploymentRow.status, DeploymentRow.sandbox_ref)
            found = session.execute(this.where(DeploymentRow.id == self.deployment_id)).one_or_none()
        if found is None or found.sandbox_ref != sandbox.ref or Status(found.status) in WITHOUT_URL:
            sandbox.stop()
        elif found.status == Status.PAUSED:
            sandbox.leave()
            self._backend.pause(sandbox.ref)
        else:
            sandbox.leave()

    def step(self) -> bool:
        """See `Serving`."""
        row = self._row()
        if row is None:
            return False
        status, url = row
        try:
            if self._sandbox is None:
                if self._since is not None and self._now() - self._looked_at < min(self._look_s, AGAIN_S):
                    return False
                return self._adopt(status) or self._begin(status)
            if status is Status.STARTING and self._phase in (Status.LIVE, Status.UNHEALTHY):
                return self._again(is_new=url is None)
            if self._phase is Status.STARTING:
                return self._await_start()
            if self._phase is Status.CHECKING:
                return self._check()
            if status is not self._phase:
                self._tell(status)
            elif url != self._url:
                self._write(to=None, url=self._url)
            if self._now() - self._looked_at >= self._look_s:
                self._look()
        except SandboxLost:
            return self._gone()
        except SandboxUnreachable as error:
            return self._lost_contact(error)
        except SandboxUnavailable as refused:
            if self._is_up:  # it most likely serves on, and a new key finds it again
                return self._lost_contact(refused, reason=queue.Reason.of(refused))
            return self._fail(refused.code, refused.message, refused.hint)
        return False

    @property
    def _is_up(self) -> bool:
        return self._phase in (Status.LIVE, Status.UNHEALTHY)

    @property
    def _url(self) -> str:
        if self._is_private:
            return super()._url
        assert self._sandbox is not None
        return f"https://{self._sandbox.address().host}"

    def _launch(self, model: ServedModel) -> Served:
        if self._is_private and urlsplit(self._settings.app_url).hostname in (None, *LOOPBACK):
            raise AppAddressMissing
        shown = None
        if not self._is_private:
            with db.session_scope(db.WORKER) as session:
                schema = Schema.from_json(model.schema)
                shown = page.public_html(session.get_one(ModelRow, model.id), schema=schema)
        served = begin(self._settings, model, self._made, page=shown)
        self._found_contact()
        self._renewal.begin(n_visits=0)
        return served

    def _made(self) -> E2BSandbox:
        self._sandbox = self._backend.create(
            labels={"deployment": str(self.deployment_id)},
            limits=limits(self._settings, life_s=self._renewal.idle_s),
            on_created=lambda ref: self._write(to=None, backend=self.backend_name, sandbox_ref=ref),
            sleeps=True,
        )
        return self._sandbox

    def _not_launched(self, error: AppError) -> bool:
        self._sandbox = None
        if isinstance(error, SandboxUnreachable | SandboxLost):
            self._starts.pop()
            return self._lost_contact(error)
        return super()._not_launched(error)

    def _adopt(self, status: Status) -> bool:
        """Take up what an app before, or this one before it slept, has started; False where that is to be made anew."""
        columns = DeploymentRow.sandbox_ref, DeploymentRow.nonce, DeploymentRow.url, DeploymentRow.backend
        this = DeploymentRow.id == self.deployment_id
        with db.session_scope(db.WORKER) as session:
            found = session.execute(sa.select(*columns).where(this)).one()
        if not (found.sandbox_ref and found.nonce and found.url and found.backend == self.backend_name):
            return False
        self._phase = Status.LIVE  # so that one that is gone has expired, and is not started in silence
        is_asleep = self._backend.state(found.sandbox_ref) == "paused"
        if is_asleep and status is not Status.STARTING:
            self._phase = Status.STARTING
            return not self._write(to=Status.PAUSED)
        if self._load() is None:
            self._phase = Status.STARTING
            return False
        bounds = limits(self._settings, life_s=self._renewal.idle_s)
        self._sandbox = self._backend.connect(found.sandbox_ref, limits=bounds)
        self._nonce, self._address = found.nonce, self._sandbox.address()
        if self._is_private is not bool(self._address.headers):  # E2B_PRIVATE has changed since it was made
            self._sandbox.stop()
            self._sandbox, self._phase = None, Status.STARTING
            return False
        self._renewal.begin(n_visits=None)
        self._started_at = self._now()
        self._found_contact()
        if status is Status.STARTING:
            self._phase = Status.CHECKING
            return self._write(to=Status.CHECKING)
        self._phase, self._looked_at = status if status is Status.UNHEALTHY else Status.LIVE, 0.0
        return True

    def _await_start(self) -> bool:
        """By its own address alone: each other question would be a program more on a small machine."""
        assert self._served is not None
        assert self._sandbox is not None
        self._address = self._sandbox.listen(SOCKET)
        if client.health(self._address, nonce=self._served.nonce):
            self._nonce, self._phase = self._served.nonce, Status.CHECKING
            return self._write(to=Status.CHECKING)
        if self._now() - self._started_at > UNASKED_S and (ended := self._served.process.poll()) is not None:
            if ended.reason is Reason.LOST:
                raise SandboxLost(ref=self._sandbox.ref)
            return self._bury(ended.message)
        return self._wait_on()

    def _check(self) -> bool:
        assert self._address is not None
        if not client.health(self._address, nonce=self._nonce):
            self._require_reached()
            return self._wait_on()
        if self._served is not None and isinstance(self._served.process, Server):
            self._served.process.unwatch()
        return super()._check()

    def _silence(self) -> str:
        assert self._address is not None
        try:
            client.look(self._address, nonce=self._nonce)
        except AnswerUnusable as unusable:
            return f": {unusable.problem}"
        return ""

    def _again(self, *, is_new: bool) -> bool:
        """Somebody has asked for a new one, or has woken this one up."""
        assert self._sandbox is not None
        if is_new:
            self._sandbox.stop()
            self._sandbox = None
            self.stop()
            return self._begin(Status.STARTING)
        self._sandbox.renew(self._renewal.idle_s)
        self._phase, self._started_at = Status.CHECKING, self._now()
        return self._write(to=Status.CHECKING)

    def _look(self) -> None:
        """Every some seconds: whether it runs, and if so, whether it answers."""
        assert self._sandbox is not None
        assert self._address is not None
        self._looked_at = self._now()
        if self._backend.state(self._sandbox.ref) == "paused":
            self._write(to=Status.PAUSED)
            self._sandbox.leave()
            self._sandbox = None
            return
        try:
            health = client.look(self._address, nonce=self._nonce)
        except AnswerUnusable:
            self._require_reached()
            self._found_contact()
            self._note_silence()
            return
        self._found_contact()
        self._n_failures = 0
        if self._phase is Status.UNHEALTHY:
            self._phase = Status.LIVE
            self._tell(Status.UNHEALTHY)
        self._renewal.look(self._sandbox, n_visits=health.n_visits)

    def _require_reached(self) -> None:
        """Raises where the way to the sandbox is what fails: SandboxUnreachable, SandboxLost, SandboxUnavailable."""
        assert self._sandbox is not None
        try:
            self._sandbox.has_begun(SOCKET)
        except SandboxLost:  # the way to it says so; whether it is true, E2B itself knows
            if self._backend.state(self._sandbox.ref) == "running":
                problem = "E2B says that it runs, and the way to it that it is gone"
                raise SandboxUnreachable(ref=self._sandbox.ref, problem=problem) from None

    def _note_silence(self) -> None:
        self._n_failures += 1
        if self._phase is Status.LIVE:
            self._phase = Status.UNHEALTHY
            self._tell(Status.LIVE)
        if self._n_failures >= MOST_FAILURES:
            self._write(to=Status.STARTING, url=None)

    def _lost_contact(self, error: AppError, *, reason: queue.Reason | None = None) -> bool:
        """Nobody knows how it is: its row says since when, and keeps its state. reason: what somebody can do."""
        if self._since is None:
            self._since, self._lost_at = datetime.now(UTC), self._now()
            log.warning(
                "no contact with a live app", deployment=str(self.deployment_id), problem=error.message
            )
            self._write(to=None, reason=reason, unreachable_since=self._since)
        self._looked_at = self._now()
        if not self._is_up and self._now() - self._lost_at > PATIENCE_S:
            return self._fail(error.code, error.message, error.hint)
        return False

    def _found_contact(self) -> None:
        if self._since is not None:
            self._since = None
            self._write(to=None, clears=True, unreachable_since=None)

    def _gone(self) -> bool:
        """It is no more: what was live has expired, what was being started is started once more."""
        was_up = self._is_up
        self._sandbox = self._served = self._address = None
        self._phase = Status.STARTING
        return not was_up or not self._write(to=Status.EXPIRED, reason=GONE, unreachable_since=None)
