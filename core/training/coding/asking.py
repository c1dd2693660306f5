"""Asking Claude once: under the day's limit, through the gate of its key, within the time that is left.

Question and price at worst are written before anything is sent, the answer with its tokens and cost before anything is
read from it. So an attempt that dies leaves what was asked and what it may have cost, and the next one finds an answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from core import llm, queue
from core.db.tables.training_jobs import TrainingJobRow
from core.errors import AppError
from core.generation.errors import DailyCapReached
from core.generation.jobs import spend
from core.llm import calls, tokens
from core.llm.prices import usd
from core.training.coding import prompts, rounds
from core.training.errors import NotAsked
from core.training.runs.recorder import Recorder
from core.training.runs.watched import watched

NO_CODE: Final = {
    "refusal": "{provider} refused to write the code{said}",
    "model_context_window_exceeded": "What {provider} was sent is too long for it{said}",
}


@dataclass
class Sent:
    """A request that is noted. worst: most that it can cost, in nano-dollars. is_out: whether it had its turn."""

    call_id: UUID
    at: datetime
    worst: int
    is_out: bool = False


@dataclass(frozen=True)
class Asker:
    """Asks for one training. limit_s: of the stage. run_limit_s: how long the code may run. daily_cap: for all that is
    asked on a day, in nano-dollars; None where there is none.
    """

    training: TrainingJobRow
    recorder: Recorder
    task: queue.Task
    job: queue.Job
    provider: llm.Provider
    model: str
    limit_s: float
    run_limit_s: float
    daily_cap: int | None

    def ask(self, prompt: str, *, n: int, left_s: float) -> str:
        """What was answered to the question of round n. left_s: how long that may take, the wait for its turn included.

        Raises NotAsked where nothing came that could hold code, TaskStopped, LeaseLost.
        """
        if left_s <= 0:
            raise self._too_slow()
        asked = prompts.request(prompt, model=self.model, limit_s=self.run_limit_s)
        try:
            sent = self._begun(asked, prompt, n)
        except (llm.UnknownPrice, DailyCapReached) as refused:
            raise NotAsked(problem=refused.message) from refused
        try:
            reply = watched(self.task, self.job, self._reply(asked, sent, left_s))
        except (TimeoutError, *llm.FAILURES) as failure:
            raise self._unanswered(n, sent, failure) from failure
        return self._answered(n, sent, reply)

    async def _reply(self, asked: llm.Request, sent: Sent, left_s: float) -> llm.Reply:
        gate = llm.gate(self.provider, self.model)
        async with asyncio.timeout(left_s), llm.client(self.provider) as client, gate.admit():
            sent.is_out = True
            return await client.ask(asked)

    def _begun(self, asked: llm.Request, prompt: str, n: int) -> Sent:
        """Note question and price at worst. Raises UnknownPrice, DailyCapReached."""
        now = datetime.now(UTC)
        worst = self.provider.prices.worst_case(self.model, tokens.at_most(asked), asked.max_tokens, now)
        sent = Sent(uuid4(), now, worst)

        def write(session: Session) -> None:
            if self.daily_cap is not None and worst:
                spent = spend.today_with_others(session, batch_job_id=None, now=now)
                if spent + worst > self.daily_cap:
                    raise DailyCapReached(spent=usd(spent), cap=usd(self.daily_cap))
            of = {"user_id": self.training.user_id, "training_job_id": self.training.id}
            calls.begin(session, sent.call_id, model=self.model, worst=worst, asked_at=now, **of)
            self._say(session, "user", n, prompt, model=self.model)

        self.recorder.write(write)
        return sent

    def _answered(self, n: int, sent: Sent, reply: llm.Reply) -> str:
        """Keep an answer. Raises NotAsked for one that is none."""
        try:
            text, usage, model = rounds.kept(reply.text), reply.usage, reply.model or self.model
            ended = NO_CODE.get(reply.stop_reason)
        except llm.UnreadableReply as unreadable:
            raise self._unanswered(n, sent, unreadable) from unreadable
        cost = sent.worst if usage is None else self.provider.prices.cost(self.model, usage, sent.at)
        paid: dict[str, Any] = {"model": model, "cost": cost}
        if usage is not None:
            paid |= {"n_input": usage.n_prompt, "n_output": usage.n_output}
        said = f": {reply.refusal.rstrip('.')}" if reply.refusal else ""
        told = ended.format(provider=self.provider.label, said=said) if ended else ""

        def write(session: Session) -> None:
            calls.settle(
                session, sent.call_id, cost=cost, usage=usage, code=reply.stop_reason if ended else None
            )
            if told:
                self._say(session, "system", n, f"{told}.", **paid)
            else:
                self._say(session, "assistant", n, text, **paid)

        self.recorder.write(write)
        if told:
            raise NotAsked(problem=f"{told}.")
        return text

    def _unanswered(self, n: int, sent: Sent, failure: Exception) -> NotAsked:
        """Note that no answer came, and what it may have cost."""
        is_free = isinstance(failure, llm.FAILURES) and not getattr(failure, "may_be_paid", False)
        told = NotAsked(problem=failure.message) if isinstance(failure, AppError) else self._too_slow()
        code = failure.code if isinstance(failure, AppError) else told.code
        cost = sent.worst if sent.is_out and not is_free else 0

        def write(session: Session) -> None:
            calls.settle(session, sent.call_id, cost=cost, code=code)
            self._say(session, "system", n, told.problem, model=self.model, cost=cost)

        self.recorder.write(write)
        return told

    def _too_slow(self) -> NotAsked:
        limit = "1 second" if self.limit_s == 1 else f"{self.limit_s:g} seconds"
        return NotAsked(problem=f"{self.provider.label} did not answer within {limit}.")

    def _say(self, session: Session, role: str, n: int, content: str, **about: Any) -> None:
        training = self.training
        chat = rounds.chat_of(training)
        rounds.say(session, model_id=chat, user_id=training.user_id, role=role, n=n, content=content, **about)
