"""The stage `generating`: whose code runs, and what runs after code that has failed.

Claude is asked at most three times: for the code, again with what is wrong with an answer that can't be run, and once
more with how a run has failed. After that, and wherever Claude does not answer, the built-in template runs instead.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, llm, queue
from core.db.tables.training_jobs import TrainingJobRow, TrainingMetricRow, TrainingPageRow
from core.db.tables.uploads import UploadRow
from core.errors import AppError
from core.settings import Settings, part
from core.settings.parts.llm import LlmSettings
from core.settings.parts.training import TrainingSettings
from core.training import records, template
from core.training.coding import answers, disclosure, prompts, redaction, rounds
from core.training.coding.answers import Files
from core.training.coding.asking import Asker
from core.training.coding.outline import Outline
from core.training.coding.rounds import AFTER_RUN, FIRST, MENDED
from core.training.errors import (
    CodeFailed,
    CodeTookTooLong,
    CodeUnusable,
    NotAsked,
    NothingMade,
    RanOutOf,
)
from core.training.runs.recorder import Recorder
from core.training.states import Status

OF_THE_CODE: Final = (CodeFailed, NothingMade, RanOutOf, CodeTookTooLong)
LAST_LINES: Final = 40
MOST_OWN_LINES: Final = 10  # that the app says among them
INSTEAD: Final = "The built-in template is used."


@dataclass(frozen=True)
class Written:
    """What is to run. predict: None where the code writes its own. warnings: what to know of how it came about."""

    code: str
    predict: str | None
    source: str
    warnings: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.code.encode()).hexdigest()

    @property
    def key(self) -> str:
        """Tells it from other code; 16 hexadecimal digits."""
        whole = "\0".join((self.code, self.predict or ""))
        return hashlib.sha256(whole.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Writer:
    """Finds the code of one training. upload: with its receipt. pages: what was read for it. limit_s: of the stage."""

    training: TrainingJobRow
    upload: UploadRow
    pages: Sequence[TrainingPageRow]
    recorder: Recorder
    task: queue.Task
    job: queue.Job
    config: Settings
    limit_s: float

    def first(self) -> Written:
        """What runs first: what an attempt before or the training that is repeated has left, else what is written now.

        Raises TaskStopped, LeaseLost.
        """
        known = self.training
        if known.code is not None:
            return Written(known.code, known.predict_code, known.code_source or "template")
        began = time.monotonic()
        try:
            files = self._usable(self._question(), began)
        except (NotAsked, CodeUnusable) as why:
            return self._provision(self._instead(why.message))
        return self._provision(Written(files.train, files.predict, "claude"), "Claude wrote the code.")

    def again(self, before: Written, failure: AppError) -> Written:
        """What runs after code has failed: Claude's own repair, once, then the template.

        Raises that failure where the code is not Claude's, TaskStopped, LeaseLost.
        """
        if before.source != "claude":
            raise failure
        self.recorder.line("app", failure.message)
        self.recorder.close()
        self._back_to_generating(failure)
        if self._is_mended(before):
            return self._provision(self._instead(f"Claude's code failed twice: {failure.message}"))
        began, printed = time.monotonic(), self._printed(before)
        files = Files(before.code, before.predict or "")
        prompt = prompts.failed(self._question(), files=files, reason=failure.code, printed=printed)
        try:
            mended = self._changed(files, self._answer(prompt, AFTER_RUN, began))
        except (NotAsked, CodeUnusable) as why:
            return self._provision(self._instead(f"Claude's code failed: {failure.message} {why.message}"))
        return self._provision(Written(mended.train, mended.predict, "claude"), "Claude has mended its code.")

    def _usable(self, question: str, began: float) -> Files:
        """What Claude writes, asked again where its answer can't be run. Raises NotAsked, CodeUnusable."""
        try:
            return self._answer(question, FIRST, began)
        except CodeUnusable as unusable:
            return self._answer(prompts.unusable(question, problems=unusable.problems), MENDED, began)

    def _answer(self, prompt: str, n: int, began: float) -> Files:
        """The files of round n: of an answer that an attempt before has heard, else of one that is asked for now."""
        heard, trouble = self._heard(n)
        if heard is not None:
            return answers.read(heard)
        if trouble is not None:
            raise NotAsked(problem=trouble)
        left_s = self.limit_s - (time.monotonic() - began)
        return answers.read(self._asker().ask(prompt, n=n, left_s=left_s))

    @staticmethod
    def _changed(before: Files, now: Files) -> Files:
        """The files of a repair. Raises CodeUnusable where they are those that have failed."""
        if (now.train, now.predict) == (before.train, before.predict):
            raise CodeUnusable(problems=("it is the very code that failed",))
        return now

    def _heard(self, n: int) -> tuple[str | None, str | None]:
        """What was answered in round n, and why nothing was."""
        with db.session_scope(db.WORKER) as session:
            asked = rounds.of_model(session, model_id=rounds.chat_of(self.training))
            found = {one.n: one for one in asked}.get(n)
            if found is None:
                return None, None
            return (
                found.answer.content if found.answer else None,
                found.trouble.content if found.trouble else None,
            )

    def _is_mended(self, written: Written) -> bool:
        """Whether this is what Claude has made of code that failed."""
        heard, _ = self._heard(AFTER_RUN)
        try:
            files = None if heard is None else answers.read(heard)
        except CodeUnusable:
            return False
        return files is not None and (files.train, files.predict) == (written.code, written.predict)

    def _asker(self) -> Asker:
        """Raises NotAsked where nobody can be asked."""
        provider, limits = llm.provider(self.config), part(self.config, LlmSettings)
        if not disclosure.is_by_claude(self.config):
            raise NotAsked(problem=disclosure.NOT_SET_UP)
        return Asker(
            self.training,
            self.recorder,
            self.task,
            self.job,
            provider=provider,
            model=provider.default_model,
            limit_s=self.limit_s,
            run_limit_s=part(self.config, TrainingSettings).training_limit_s,
            daily_cap=limits.max_cost_nano_usd_per_day,
        )

    def _question(self, *, with_pages: bool = True) -> str:
        training = self.training
        table = Outline.of(self.upload, target=training.target).text(with_values=training.shares_values)
        pages = [prompts.Known(page.url, page.text) for page in self.pages if page.text and with_pages]
        return prompts.question(goal=training.goal, table=table, pages=pages)

    def _printed(self, before: Written) -> list[str]:
        """The last lines of the log; without values, where those do not leave the house.

        What pages say makes no word known: one that lists names would have them pass.
        """
        with db.session_scope(db.WORKER) as session:
            n = LAST_LINES + MOST_OWN_LINES
            found = records.last_lines(session, training_job_id=self.training.id, n=n)
            lines = [line.text for line in found if line.source != "app"][-LAST_LINES:]
        if self.training.shares_values:
            return lines
        asked = self._question(with_pages=False)
        known = "\n".join((prompts.RULES, asked, before.code, before.predict or ""))
        return redaction.redacted(lines, known=known)

    def _instead(self, why: str) -> Written:
        return Written(template.text(), template.predict_text(), "template", (f"{why} {INSTEAD}",))

    def _provision(self, written: Written, said: str = "") -> Written:
        """The stage is over: this is what runs."""
        outcome = said or (written.warnings[0] if disclosure.NOT_SET_UP in written.warnings[0] else INSTEAD)
        self.recorder.stage(
            Status.PROVISIONING,
            checkpoint={"done": Status.GENERATING.value},
            outcome=outcome,
            code=written.code,
            predict_code=written.predict,
            code_source=written.source,
            code_sha256=written.sha256,
            write=lambda session: self.recorder.warn(session, written.warnings),
        )
        return written

    def _back_to_generating(self, failure: AppError) -> None:
        """The figures that failed code has reported of itself are nobody's."""

        def write(session: Session) -> None:
            of_job = TrainingMetricRow.training_job_id == self.training.id
            session.execute(sa.delete(TrainingMetricRow).where(of_job))

        self.recorder.stage(
            Status.GENERATING,
            checkpoint={"done": Status.GENERATING.value},
            outcome=f"Claude's code failed: {failure.message}",
            write=write,
        )
