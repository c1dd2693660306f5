"""The loop of one job: items come out of the queue, are asked side by side, and what comes back is kept in batches.

One transaction at a time keeps what has ended and takes what is asked next, so that a job of many items costs few of
them. An item is `processing` in the database before it is asked, and every reply is stored before anything is read from
it: whoever takes over after a crash finds both.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from core import queue
from core.generation import errors
from core.generation.engine import recovery
from core.generation.engine.budget import Budget
from core.generation.engine.job_log import JobLog
from core.generation.engine.ledger.ledger import Ledger
from core.generation.engine.ledger.records import Batch, End, Ending, Item, Limits, Wishes
from core.generation.engine.news import News
from core.generation.engine.patience import RETRY_S, patient
from core.generation.engine.requests.asking import Asker
from core.generation.engine.requests.flights import Asked
from core.generation.engine.requests.purpose import Prepare
from core.generation.engine.requests.reply_store import ReplyStore
from core.generation.jobs import follow
from core.generation.jobs.states import OPEN_ITEMS, ItemState, JobStatus
from core.storage import DiskFull, StorageUnavailable

MAKE_WAY_S: Final = 60.0  # after which a job lets one that waits go first
GRACE_S: Final = 45.0  # for requests under way when a job is to end: less than its kind's grace
PAGE: Final = 500  # items read ahead
LISTED_FAILURES: Final = 1_000  # failed items that the log names


class Loop:
    """One attempt at a job."""

    def __init__(
        self,
        job: queue.Job,
        *,
        ledger: Ledger,
        store: ReplyStore,
        asker: Asker,
        budget: Budget,
        limits: Limits,
        prepare: Prepare,
        threads: ThreadPoolExecutor,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._job, self._ledger, self._store = job, ledger, store
        self._asker, self._budget, self._limits = asker, budget, limits
        self._prepare, self._threads, self._now = prepare, threads, now
        self._persist = patient(job, threads)
        self._log = JobLog(ledger, store, wait=self._persist, threads=threads, now=now)
        self._ready: deque[Item] = deque()
        self._read_to, self._is_all_read = -1, False
        self._under_way: dict[asyncio.Task[Asked], Item] = {}
        self._taken: set[int] = set()
        self._kept = Batch()
        self._spare = limits.concurrency // 10  # items taken that wait for a place, so that none stays empty
        # of each reply it hears twice: as it is stored, so that another item may be taken, and as its own has ended
        self._news = News(enough=2 * max(1, self._spare))
        asker.on_stored = self._news.add
        self._ending: Ending | None = None
        self._began = self._now()
        self._keeps_raw = False  # whether replies wait in their rows for storage
        self._n_failures = 0
        self._counts: dict[ItemState, int] = {}

    async def run(self) -> queue.GoOnLater | dict[str, Any] | None:
        """Ask until all are done, or somebody wants it otherwise; None: it was cancelled. Raises LeaseLost."""
        self._counts = await self._persist(self._ledger.stored.counts)
        recovered, self._kept.moved = await recovery.recover(
            self._ledger, self._store, self._asker, self._prepare, self._persist
        )
        for asked in recovered:
            await self._take(asked)
        self._heed(await self._commit())
        self._ready.clear()  # what is to be asked again waits in the queue now
        try:
            while not await self._is_over():
                await self._round()
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
        return await self._end()

    async def _round(self) -> None:
        """Take what may be asked, keep what has happened, and wait for news."""
        self._kept.claims = claims = [] if self._ending else await self._claimable()
        wishes = await self._commit()
        if wishes.are_claims_denied:
            self._put_back(claims)
            claims = []
        for item in claims:
            task = asyncio.create_task(self._asker.ask(item))
            self._under_way[task] = item
            task.add_done_callback(lambda _: self._news.add())
        self._heed(wishes)
        if self._under_way:
            await self._news.wait(are_more_expected=len(self._under_way) > 1)
        elif self._asker.waits_for_storage and not await self._move_kept():
            await asyncio.sleep(RETRY_S)
        await self._collect()

    async def _commit(self) -> Wishes:
        """Keep the batch, waiting for a database that is away, and begin a new one."""
        batch, self._kept = self._kept, Batch()
        notice, _ = self._asker.silence()
        looks = self._now() - self._began > MAKE_WAY_S
        wishes: Wishes = await self._persist(
            lambda: self._ledger.commit(
                batch, in_flight=self._budget.in_flight, notice=notice, looks_for_others=looks
            )
        )
        if batch.forgotten:
            await self._persist(partial(self._store.forget, batch.forgotten))
        for end in batch.ends:
            self._counts[ItemState.PROCESSING] -= 1
            self._counts[end.state] += 1
        if not wishes.are_claims_denied:
            self._counts[ItemState.QUEUED] -= len(batch.claims)
            self._counts[ItemState.PROCESSING] += len(batch.claims)
        self._log.has_news |= bool(batch.lines)
        self._job.report(self._n_settled(), total=sum(self._counts.values()))
        await self._log.write_if_due()
        return wishes

    async def _claimable(self) -> list[Item]:
        """The items to ask next: as the budget allows, and as many as a crash may leave without a stored reply."""
        at_risk = sum(not self._asker.is_stored(item) for item in self._under_way.values())
        most = self._limits.concurrency + self._spare - at_risk
        claims: list[Item] = []
        while not self._asker.waits_for_storage and len(claims) < most:
            if not await self._read_ahead() or self._took_enough(len(claims)):
                break
            item = self._ready[0]
            if (refusal := self._budget.refusal(item)) is not None:
                if not self._under_way and not claims:
                    self._stop(Ending(JobStatus.PAUSED, queue.Reason.of(refusal)))
                break
            self._budget.reserve(item)
            self._taken.add(item.idx)
            claims.append(self._ready.popleft())
        return claims

    def _put_back(self, claims: list[Item]) -> None:
        for item in reversed(claims):
            self._budget.give_back(item)
            self._taken.discard(item.idx)
            self._ready.appendleft(item)

    def _took_enough(self, n_more: int = 0) -> bool:
        """Whether the next one that is ready is not wanted this time."""
        only, pause_after = self._limits.only, self._limits.pause_after
        if only is not None and len(self._taken) >= only and self._ready[0].idx not in self._taken:
            return True
        n_open = len(self._under_way) + n_more
        return pause_after is not None and self._n_settled() + len(self._kept.ends) + n_open >= pause_after

    async def _read_ahead(self) -> bool:
        """Whether an item waits; those of the queue are fetched when none is at hand."""
        while not self._ready and not self._is_all_read:
            rows = await self._persist(
                partial(self._ledger.stored.waiting, after_idx=self._read_to, limit=PAGE)
            )
            self._is_all_read = len(rows) < PAGE
            if rows:
                self._read_to = rows[-1].idx
                self._ready.extend(await self._persist(partial(self._prepare, rows)))
        return bool(self._ready)

    def _heed(self, wishes: Wishes) -> None:
        """Do as others want it."""
        self._budget.heed(wishes)
        silent, is_too_long = self._asker.silence()
        if self._job.stop_requested():
            self._stop(Ending(None, is_cancel=True))
        elif wishes.wants_cancel and not self._under_way:  # asked for while nobody ran it
            self._stop(Ending(JobStatus.CANCELLED))
        elif wishes.wants_pause:
            self._stop(Ending(JobStatus.PAUSED, wishes.reason))
        elif self._job.drain_requested() or wishes.others_wait:
            self._stop(Ending(None))
        elif is_too_long:
            self._stop(Ending(JobStatus.PAUSED, silent))

    def _stop(self, ending: Ending) -> None:
        """Ask no more; the first word counts, but a cancel is above all."""
        if self._ending is None:
            asyncio.get_running_loop().call_later(GRACE_S, self._cut_short)
        if self._ending is None or ending.is_cancel:
            self._ending = ending
        for task, item in self._under_way.items():
            if not self._asker.is_sent(item):
                task.cancel()

    def _cut_short(self) -> None:
        for task in self._under_way:
            task.cancel()

    async def _collect(self) -> None:
        """Take up what has come back; replies that storage does not take are kept before anything else."""
        lines, calls = self._asker.take_news()
        self._kept.lines += lines
        self._kept.calls += calls
        self._budget.count(calls)
        self._keeps_raw |= bool(calls)
        for task in [task for task in self._under_way if task.done()]:
            item = self._under_way.pop(task)
            await self._take(self._asker.cut_short(item) if task.cancelled() else task.result())

    async def _take(self, asked: Asked) -> None:
        self._budget.settle(asked)
        self._kept.calls += asked.calls
        self._kept.ends.append(asked.end)
        if asked.end.state is ItemState.FAILED:
            self._note_failure(asked.end)
        if (reason := asked.stops) is not None and not self._ending:
            self._stop(Ending(JobStatus.PAUSED, reason))
            if asked.stops_others:
                await self._persist(lambda: self._ledger.pause_others(self._asker.provider, reason))
        elif asked.end.state is ItemState.QUEUED and not self._ending:
            self._ready.appendleft(asked.end.item)

    def _note_failure(self, end: End) -> None:
        self._n_failures += 1
        if self._n_failures <= LISTED_FAILURES and end.reason is not None:
            self._kept.lines.append(("warning", f"Item {end.item.idx + 1} failed: {end.reason.message}"))

    async def _is_over(self) -> bool:
        """Whether nothing is under way, nothing is unkept, and nothing is to be taken."""
        if self._under_way or self._kept:
            return False
        return self._ending is not None or not await self._read_ahead() or self._took_enough()

    async def _end(self) -> queue.GoOnLater | dict[str, Any] | None:
        """What becomes of the job."""
        ending = self._ending or await self._natural_end()
        while self._keeps_raw and not await self._move_kept():
            self._heed(await self._commit())
            if self._ending:  # it is not to wait; the next attempt moves them
                ending = self._ending
                break
            await asyncio.sleep(RETRY_S)
        if ending.status or ending.is_cancel:
            word = ending.status or JobStatus.CANCELLED
            told = f": {ending.reason.message}" if ending.reason else "."
            self._kept.lines.append(("warning" if ending.reason else "info", f"The job is {word}{told}"))
        if self._kept:
            await self._commit()
        await self._log.write()
        if ending.is_cancel:
            return None
        return follow.result(ending.status, ending.reason) if ending.status else queue.GoOnLater()

    async def _move_kept(self) -> bool:
        """Bring the replies that wait in their rows into storage; whether it is there."""
        try:
            self._kept.moved += await recovery.move_kept(
                self._ledger, self._store, self._persist, self._threads
            )
        except (StorageUnavailable, DiskFull):
            return False
        self._keeps_raw = self._asker.waits_for_storage = False
        return True

    async def _natural_end(self) -> Ending:
        """With nothing left to ask, or as much done as was wanted this time."""
        if await self._read_ahead():
            if self._limits.only is not None:
                return Ending(None)
            return Ending(JobStatus.PAUSED, queue.Reason.of(errors.PilotDone(n_items=self._n_settled())))
        if self._counts[ItemState.COMPLETED]:
            return Ending(JobStatus.COMPLETED)
        return Ending(JobStatus.FAILED, queue.Reason.of(errors.NothingCame(n_items=self._n_settled())))

    def _n_settled(self) -> int:
        return sum(n for state, n in self._counts.items() if state not in OPEN_ITEMS)
