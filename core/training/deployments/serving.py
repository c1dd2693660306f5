"""One deployment and its process, as its keeper looks after it: one step at a time, each as short as it can be."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from core import db, logs, queue, sandboxes
from core.db.tables.deployments import DeploymentRow
from core.db.tables.models import ModelRow
from core.db.types import now_plus
from core.errors import AppError
from core.models import thresholds
from core.models.errors import AnswerUnusable
from core.models.schema import Schema
from core.models.served import answers as served_answers
from core.models.served import client
from core.models.served.launch import Served, ServedModel, launch
from core.sandboxes import Address
from core.settings import Settings, part
from core.settings.parts.training import DeploymentSettings
from core.training.deployments import expectation, states
from core.training.deployments.states import AWAKE, Status

LOOK_S: Final = 5.0
SOON_S: Final = 0.2
MOST_FAILURES: Final = 3  # looks that fail in a row before the process is replaced
MOST_STARTS: Final = 3  # processes that may die within a while of each other
FORGIVEN_S: Final = 600.0
log = logs.get("training")

DIED = "The model's process ended: {tail}"
NO_ANSWER: Final = queue.Reason("no_answer", "The model's process does not answer.", "It is looked at again.")
HINT = "Restart it. If it happens again, train the model anew."


class Serving:
    """On this machine. keeper_id: whose lease the row must have for anything to be written.

    now: seconds of a steady clock.
    """

    backend_name = "local"
    start_limit_s = 60.0

    def __init__(
        self,
        settings: Settings,
        *,
        deployment_id: UUID,
        keeper_id: UUID,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.deployment_id = deployment_id
        self._settings, self._keeper_id, self._now = settings, keeper_id, now
        self._served: Served | None = None
        self._phase = Status.STARTING
        self._checks: list[dict[str, Any]] = []
        self._schema: Schema | None = None
        self._address: Address | None = None
        self._started_at = self._looked_at = 0.0
        self._n_failures = 0
        self._starts: list[float] = []

    def address(self) -> Address | None:
        """Where it answers; None unless it is live."""
        return self._address if self._phase in (Status.LIVE, Status.UNHEALTHY) else None

    def stop(self) -> None:
        """End the process, where there is one."""
        served, self._served, self._address = self._served, None, None
        self._phase = Status.STARTING
        if served is not None:
            served.stop()

    def step(self) -> bool:
        """Bring the process nearer to what the row says; True if the next step should not wait."""
        row = self._row()
        if row is None:
            return False
        status, url = row
        if self._served is None:
            return self._begin(status)
        if status is Status.STARTING and self._phase is not Status.STARTING:  # somebody asked for a new one
            self.stop()
            return self._begin(status)
        if (ended := self._served.process.poll()) is not None:
            return self._bury(ended.message)
        if self._phase is Status.STARTING:
            return self._await_start()
        if self._phase is Status.CHECKING:
            return self._check()
        if status is not self._phase:  # the database was away when it should have been said
            self._tell(status)
        elif url != self._url:
            self._write(to=None, url=self._url)
        if self._now() - self._looked_at >= LOOK_S:
            self._look()
        return False

    def _row(self) -> tuple[Status, str | None] | None:
        """What is wanted, as it is now; None where it is not this keeper's to bring about."""
        this = DeploymentRow.id == self.deployment_id, DeploymentRow.lease_owner == self._keeper_id
        with db.session_scope(db.WORKER) as session:
            found = session.execute(
                sa.select(DeploymentRow.status, DeploymentRow.url).where(*this)
            ).one_or_none()
        return (Status(found.status), found.url) if found and found.status in AWAKE else None

    @property
    def _url(self) -> str:
        return f"{self._settings.url}/live/{self.deployment_id}/"

    def _begin(self, status: Status) -> bool:
        """Start a process. The row says `starting`, also after an app that was live has died with its keeper."""
        if status is not Status.STARTING and not self._write(to=Status.STARTING):
            return False
        self._starts = [at for at in self._starts if self._now() - at < FORGIVEN_S] + [self._now()]
        if len(self._starts) > MOST_STARTS:
            self._starts.clear()
            return self._fail("keeps_dying", f"The model's process ended {MOST_STARTS} times in a row.", HINT)
        found = self._load()
        if found is None:
            self._starts.pop()
            self._ask_for_checks()
            return False
        try:
            self._served = self._launch(found)
        except AppError as error:
            return self._not_launched(error)
        self._started_at = self._now()
        self._phase, self._n_failures = Status.STARTING, 0
        self._write(
            to=None,
            backend=self.backend_name,
            nonce=self._served.nonce,
            sandbox_ref=self._served.sandbox.ref,
            unreachable_since=None,
        )
        return True

    def _not_launched(self, error: AppError) -> bool:
        return self._fail(error.code, error.message, error.hint)

    def _launch(self, model: ServedModel) -> Served:
        return launch(self._settings, model)

    def _load(self) -> ServedModel | None:
        """The model, where the answers are known that it must give."""
        with db.session_scope(db.WORKER) as session:
            this = sa.select(DeploymentRow, ModelRow).join(ModelRow, DeploymentRow.model_id == ModelRow.id)
            row = session.execute(
                this.where(DeploymentRow.id == self.deployment_id).options(undefer(DeploymentRow.checks))
            ).one_or_none()
            if row is None or row[0].checks is None:
                return None
            deployment, model = row
            assert model.artifact_key is not None
            assert model.artifact_sha256 is not None
            assert model.schema is not None
            self._checks, self._schema = list(deployment.checks or ()), Schema.from_json(model.schema)
            return ServedModel(
                model.id,
                model.artifact_key,
                model.artifact_sha256,
                model.format,
                model.schema,
                thresholds.of_model(model),
            )

    def _ask_for_checks(self) -> None:
        """The expected answers are still being made; where that has failed before it was restarted, once more."""
        held = DeploymentRow.id == self.deployment_id, DeploymentRow.lease_owner == self._keeper_id
        with db.session_scope(db.WORKER, write=True) as session:
            found = session.execute(
                sa.select(DeploymentRow.task_id, DeploymentRow.model_id).where(*held)
            ).one_or_none()
            if found is None or not expectation.is_over(session, task_id=found.task_id):
                return
            task_id = expectation.request(session, model=session.get_one(ModelRow, found.model_id))
            session.execute(sa.update(DeploymentRow).where(*held).values(task_id=task_id))

    def _await_start(self) -> bool:
        assert self._served is not None
        try:
            if self._served.answers():
                self._address, self._phase = self._served.address, Status.CHECKING
                return self._write(to=Status.CHECKING)
        except (sandboxes.SandboxLost, sandboxes.FileRefused) as lost:
            return self._bury(lost.message)
        return self._wait_on()

    def _wait_on(self) -> bool:
        """A little, as it has not answered yet; not for ever."""
        if self._now() - self._started_at > self.start_limit_s:
            problem = f"The model's process did not answer within {self.start_limit_s:.0f} seconds"
            return self._fail("start_limit", f"{problem}{self._silence()}.", HINT)
        time.sleep(SOON_S)  # a thread of the keeper's own, which has nothing else to do
        return True

    def _silence(self) -> str:
        """What is wrong with its answer, as the end of a sentence; empty where it gives none."""
        assert self._served is not None
        try:
            client.look(self._served.address, nonce=self._served.nonce)
        except AnswerUnusable as unusable:
            return f": {unusable.problem}"
        except (sandboxes.FileRefused, sandboxes.SandboxLost):  # nothing listens at all
            return ""
        return ""

    def _check(self) -> bool:
        """Live only with the very answers that the model gave in training."""
        assert self._address is not None
        assert self._schema is not None
        try:
            rows, width = [check["row"] for check in self._checks], served_answers.width(self._schema)
            said = client.predictions(self._address, rows, width=width)
            answers = served_answers.of_json(said, schema=self._schema, n_rows=len(self._checks)).tolist()
        except AnswerUnusable as error:
            return self._fail("check_failed", error.message, HINT)
        expected = [check["answer"] for check in self._checks]
        if not served_answers.are_equal(answers, expected):
            problem = "The model's process gives other predictions than the training did."
            return self._fail("check_failed", problem, HINT)
        self._phase, self._looked_at = Status.LIVE, self._now()
        self._tell(Status.CHECKING)
        return False

    def _tell(self, before: Status) -> None:
        """Have the row say what is, live or unhealthy. before: what it says."""
        if self._phase is Status.UNHEALTHY:
            self._write(to=Status.UNHEALTHY, reason=NO_ANSWER)
        elif before is Status.UNHEALTHY:
            self._write(to=Status.LIVE)
        else:
            ttl_s = part(self._settings, DeploymentSettings).deployment_ttl_s
            self._write(to=Status.LIVE, url=self._url, live_at=now_plus(), expires_at=now_plus(ttl_s))

    def _look(self) -> None:
        """Every few seconds: whether it still answers."""
        assert self._served is not None
        assert self._address is not None
        self._looked_at = self._now()
        if client.health(self._address, nonce=self._served.nonce):
            self._n_failures = 0
            if self._phase is Status.UNHEALTHY:
                self._phase = Status.LIVE
                self._tell(Status.UNHEALTHY)
            return
        self._n_failures += 1
        if self._phase is Status.LIVE:
            self._phase = Status.UNHEALTHY
            self._tell(Status.LIVE)
        if self._n_failures >= MOST_FAILURES:
            self.stop()
            self._write(to=Status.STARTING)

    def _bury(self, message: str) -> bool:
        """The process is gone: another takes its place, unless it never answered."""
        assert self._served is not None
        tail = self._served.process.tail().strip().splitlines()[-3:]
        was_up = self._phase in (Status.LIVE, Status.UNHEALTHY)
        self.stop()
        if was_up:
            return self._write(to=Status.STARTING)
        return self._fail("died", DIED.format(tail=" ".join(tail) or message), HINT)

    def _fail(self, code: str, message: str, hint: str) -> bool:
        self.stop()
        log.warning("a live app failed", deployment=str(self.deployment_id), code=code, problem=message)
        self._write(to=Status.FAILED, reason=queue.Reason(code, message, hint))
        return False

    def _write(
        self, *, to: Status | None, reason: queue.Reason | None = None, clears: bool = False, **values: Any
    ) -> bool:
        """Move the row, or only note something in it, while this keeper holds it; False if it does not any more.

        clears: whether a reason that stands there goes, as a move has it go.
        """
        held = DeploymentRow.lease_owner == self._keeper_id
        with db.session_scope(db.WORKER, write=True) as session:
            if to is not None:
                return states.move(
                    session, deployment_id=self.deployment_id, to=to, reason=reason, where=(held,), **values
                )
            if reason is not None or clears:
                values["reason"] = reason.to_json() if reason else None
            this = DeploymentRow.id == self.deployment_id, DeploymentRow.status.in_(AWAKE), held
            noting = sa.update(DeploymentRow).where(*this).values(**values)
            noted = session.execute(noting.returning(DeploymentRow.id)).one_or_none()
            if noted is not None and "url" in values:
                states.show_url(session, deployment_id=self.deployment_id, url=values["url"])
            return noted is not None
