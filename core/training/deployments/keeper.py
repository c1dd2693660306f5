"""Makes processes match rows: starts what should be awake, looks at it, lets it sleep, ends what no row wants.

One thread of the app decides, and a few others do what takes time. Each row that is awake has a keeper, by a lease: a
keeper that dies loses its processes with it, and the next one starts them anew once the lease is over. Whatever a
keeper writes is refused for a row that another holds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, logs, sandboxes
from core.db.tables.deployments import DeploymentRow
from core.db.types import SET_BACK_S, is_ahead, now_plus
from core.sandboxes import Address
from core.settings import Settings, part
from core.settings.parts.training import DeploymentSettings
from core.training.deployments import local_keeper, states
from core.training.deployments.remote_serving import RemoteServing
from core.training.deployments.rounds import EVERY_S, Rounds
from core.training.deployments.serving import Serving
from core.training.deployments.states import AWAKE, Status
from core.training.local import silence

LOOK_S: Final = 1.0
LOST_S: Final = 60.0  # between looks at trainings elsewhere that went silent
LEASE_S: Final = 8.0
RENEW_S: Final = 2.0
N_THREADS: Final = 4
OUTAGE_S: Final = 3.0
log = logs.get("training")


class Keeper:
    """Of one process. now: seconds of a steady clock. remote_look_s: between two looks at what is at E2B."""

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], float] = time.monotonic,
        remote_look_s: float = EVERY_S,
    ) -> None:
        self.id = uuid4()
        self._settings, self._now, self._remote_look_s = settings, now, remote_look_s
        self._config = part(settings, DeploymentSettings)
        self._servings: dict[UUID, Serving] = {}
        self._leaving: dict[UUID, Serving] = {}
        self._steps: dict[UUID, Future[None]] = {}
        self._used: set[UUID] = set()
        self._renewed_at = -LEASE_S
        self._asked_for_lost_at = -LOST_S
        self._poked, self._stopping = threading.Event(), threading.Event()
        backend = sandboxes.configured(settings)
        self._rounds = (
            Rounds(backend, every_s=remote_look_s) if isinstance(backend, sandboxes.E2BBackend) else None
        )
        self._threads = ThreadPoolExecutor(N_THREADS, thread_name_prefix="keeper")
        self._thread = threading.Thread(target=self._live, name="keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()
        local_keeper.serve(self._poked.set, self.address_of)

    def stop(self, timeout_s: float = 10.0) -> bool:
        """End all processes and give the rows back; False where that was not done in time."""
        local_keeper.serve(None)
        self._stopping.set()
        self._poked.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def address_of(self, deployment_id: UUID) -> Address | None:
        """Where the live process of a deployment answers; None where this keeper has none. Notes that it is used."""
        serving = self._servings.get(deployment_id)
        address = serving.address() if serving else None
        if address is not None:
            self._used.add(deployment_id)
        return address

    def _live(self) -> None:
        with db.as_worker():
            while not self._stopping.is_set():
                try:
                    self.look()
                except db.DatabaseUnavailable as error:
                    log.warning("deployments can't be looked at", problem=str(error))
                    self._stopping.wait(OUTAGE_S)
                except Exception:  # of one look; the next may fare better
                    log.exception("unforeseen error of the keeper")
                    self._stopping.wait(OUTAGE_S)
                self._poked.wait(LOOK_S)
                self._poked.clear()
            self._end()

    def look(self) -> None:
        """Once: take leases, let sleep what nobody uses, and begin a step for each that is mine.

        Now and then, sandboxes elsewhere that no row wants are ended, and trainings elsewhere that went silent are
        given up as lost.
        """
        if self._rounds is not None and self._rounds.is_due():
            self._threads.submit(self._go_round, self._rounds)
        if self._now() - self._asked_for_lost_at > LOST_S:
            self._asked_for_lost_at = self._now()
            silence.note_lost()
        mine = self._leased()
        for deployment_id in [known for known in self._servings if known not in mine]:
            if self._is_free(deployment_id):
                serving = self._leaving[deployment_id] = self._servings.pop(deployment_id)
                self._steps[deployment_id] = self._threads.submit(self._let_go, serving)
        for deployment_id in mine:
            if self._is_free(deployment_id):
                if deployment_id not in self._servings:
                    self._servings[deployment_id] = self._serving(deployment_id)
                serving = self._servings[deployment_id]
                self._steps[deployment_id] = self._threads.submit(self._step, serving)

    def _go_round(self, rounds: Rounds) -> None:
        with db.as_worker():
            try:
                rounds.look()
            except db.DatabaseUnavailable as error:
                log.warning("the sandboxes at E2B can't be looked after", problem=str(error))
            except Exception:  # of one look; the next may fare better
                log.exception("unforeseen error of the rounds at E2B")

    def _serving(self, deployment_id: UUID) -> Serving:
        backend = sandboxes.configured(self._settings)
        if isinstance(backend, sandboxes.E2BBackend):
            return RemoteServing(
                self._settings,
                backend,
                deployment_id=deployment_id,
                keeper_id=self.id,
                now=self._now,
                look_s=self._remote_look_s,
            )
        return Serving(self._settings, deployment_id=deployment_id, keeper_id=self.id, now=self._now)

    def _is_free(self, deployment_id: UUID) -> bool:
        step = self._steps.get(deployment_id)
        return step is None or step.done()

    def _step(self, serving: Serving) -> None:
        with self._guarded(serving):
            if serving.step():
                self._poked.set()

    def _let_go(self, serving: Serving) -> None:
        """End its process; in a thread, as E2B may take long to hear of it."""
        with self._guarded(serving):
            serving.stop()
        self._leaving.pop(serving.deployment_id, None)

    @contextmanager
    def _guarded(self, serving: Serving) -> Iterator[None]:
        with db.as_worker():
            try:
                yield
            except sandboxes.SandboxUnavailable as error:
                log.warning("E2B refuses what a live app needs", problem=error.message)
            except (sandboxes.SandboxUnreachable, sandboxes.SandboxLost) as error:
                log.warning("a live app's sandbox can't be reached", problem=error.message)
            except db.DatabaseUnavailable as error:
                log.warning("a live app can't be looked after", problem=str(error))
            except Exception:  # of one deployment; the others go on
                log.exception("unforeseen error of a live app", deployment=str(serving.deployment_id))

    def _leased(self) -> list[UUID]:
        """What should be awake and is this keeper's to look after, the most recently used first."""
        used, self._used = self._used, set()
        is_due = self._now() - self._renewed_at > RENEW_S
        config = self._config
        # One at E2B is paused there, as visitors of its own address are not seen here.
        idle = sa.and_(
            DeploymentRow.backend == "local", DeploymentRow.used_at < now_plus(-config.deployment_idle_s)
        )
        over = DeploymentRow.used_at < now_plus(-config.deployment_ttl_s)
        with db.session_scope(db.WORKER, write=True) as session:
            is_used = sa.or_(DeploymentRow.id.in_(used), is_ahead(DeploymentRow.used_at))
            touched = sa.update(DeploymentRow).where(is_used)
            session.execute(
                touched.values(used_at=now_plus(), expires_at=now_plus(config.deployment_ttl_s)),
                execution_options={"synchronize_session": False},
            )
            self._let_sleep(session, idle=idle, over=over)
            free = sa.or_(
                DeploymentRow.lease_owner.is_(None),
                DeploymentRow.lease_owner == self.id,
                DeploymentRow.lease_until < now_plus(),
                DeploymentRow.lease_until
                > now_plus(LEASE_S + SET_BACK_S),  # given before a clock was set back
            )
            awake = DeploymentRow.status.in_(AWAKE)
            if is_due:
                taken = sa.update(DeploymentRow).where(awake, free)
                session.execute(taken.values(lease_owner=self.id, lease_until=now_plus(LEASE_S)))
                self._renewed_at = self._now()
            else:
                fresh = sa.update(DeploymentRow).where(awake, DeploymentRow.lease_owner.is_(None))
                session.execute(fresh.values(lease_owner=self.id, lease_until=now_plus(LEASE_S)))
            mine = sa.select(DeploymentRow.id).where(awake, DeploymentRow.lease_owner == self.id)
            return list(session.execute(mine.order_by(DeploymentRow.used_at.desc())).scalars())

    def _let_sleep(
        self, session: Session, *, idle: sa.ColumnElement[bool], over: sa.ColumnElement[bool]
    ) -> None:
        """Move on what nobody has used for long, and what is awake beyond how many may be."""
        resting = sa.select(DeploymentRow.id, DeploymentRow.status, over)
        can_rest = DeploymentRow.status.in_((*AWAKE, Status.PAUSED))
        for deployment_id, _, is_over in session.execute(resting.where(can_rest, sa.or_(idle, over))).all():
            to = Status.EXPIRED if is_over else Status.PAUSED
            states.move(session, deployment_id=deployment_id, to=to)
        newest = sa.select(DeploymentRow.id).where(DeploymentRow.status.in_(AWAKE))
        awake = session.execute(newest.order_by(DeploymentRow.used_at.desc())).scalars().all()
        for deployment_id in awake[self._config.deployments_max :]:
            states.move(session, deployment_id=deployment_id, to=Status.PAUSED)

    def _end(self) -> None:
        """Stop every process, and give the rows to whoever comes next."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        for serving in [*self._leaving.values(), *self._servings.values()]:
            self._let_go(serving)
        self._servings.clear()
        try:
            with db.session_scope(db.WORKER, write=True) as session:
                mine = sa.update(DeploymentRow).where(DeploymentRow.lease_owner == self.id)
                session.execute(mine.values(lease_owner=None, lease_until=None))
        except db.DatabaseUnavailable as error:
            log.warning("the live apps' rows were not given back", problem=str(error))
