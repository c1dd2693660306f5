"""A job by Message Batches: half the price, within a day. One attempt looks, collects, submits and comes back later.

The intention is written before a batch is created, so that one whose id was lost in a crash is looked for before its
items are sent again: a batch carries no name of ours, so it is known by when it was created, by its number of requests,
and, once it has ended, by the ids in its results.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from core import llm, queue
from core.db.tables.generation.batch_jobs import ProviderBatchRow
from core.errors import AppError
from core.generation import errors
from core.generation.engine.budget import Budget
from core.generation.engine.ledger import provider_batches
from core.generation.engine.ledger.ledger import Ledger
from core.generation.engine.ledger.records import Batch, End, Item, Wishes
from core.generation.engine.patience import Wait
from core.generation.engine.requests.asking import MOST_FAILED, Asker
from core.generation.engine.requests.flights import Asked
from core.generation.engine.requests.purpose import Prepare
from core.generation.engine.requests.reply_store import ReplyStore
from core.generation.jobs import follow
from core.generation.jobs.states import ItemState, JobStatus
from core.llm import tokens

POLL_S: Final = 30.0
MOST_ITEMS: Final = 10_000  # of one batch
MOST_BYTES: Final = 64_000_000  # of its prompts, which are all in memory at once; the API takes 256 MB
AT_ONCE: Final = 100  # results that share a transaction
FOUND_LATE: Final = timedelta(minutes=10)  # after which a batch whose id was lost is taken for never created
SKEW: Final = timedelta(minutes=2)  # between the provider's clock and the database's


class BatchLoop:
    """One look at a job. wait(verb): the answer of a verb that blocks, once database and storage are there."""

    def __init__(
        self,
        job: queue.Job,
        *,
        ledger: Ledger,
        store: ReplyStore,
        asker: Asker,
        client: llm.Client,
        budget: Budget,
        prepare: Prepare,
        wait: Wait,
        pause_after: int | None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._job, self._ledger, self._store, self._asker = job, ledger, store, asker
        self._client, self._budget, self._prepare, self._wait = client, budget, prepare, wait
        self._pause_after, self._wall = pause_after, wall

    async def run(self) -> queue.GoOnLater | dict[str, Any]:
        """Raises LeaseLost."""
        try:
            return await self._look()
        except (llm.KeyRefused, llm.RequestRefused) as refused:
            reason = queue.Reason.of(refused)
            if isinstance(refused, llm.KeyRefused):
                await self._wait(partial(self._ledger.pause_others, self._asker.provider, reason))
            return await self._ended(JobStatus.PAUSED, reason)
        except (llm.RateLimited, llm.ProviderUnavailable) as away:
            await self._keep(Batch(lines=[("warning", away.message)]), notice=queue.Reason.of(away))
            return queue.GoOnLater(delay_s=away.retry_after_s or POLL_S)

    async def _look(self) -> queue.GoOnLater | dict[str, Any]:
        opened = await self._opened()
        await self._reserve(opened)  # before anything is kept: others see what may still be spent
        wishes = await self._keep(Batch())
        is_cancelled = wishes.wants_cancel or self._job.stop_requested()
        for row in opened:
            if (provider_id := row.provider_id or await self._found(row)) is not None:
                await self._look_at(row, provider_id, is_cancelled=is_cancelled)
        still_open = await self._opened()
        if still_open:
            return queue.GoOnLater(delay_s=POLL_S)
        if wishes.wants_cancel or self._job.stop_requested():
            return await self._ended(JobStatus.CANCELLED)
        if wishes.wants_pause:
            return await self._ended(JobStatus.PAUSED, wishes.reason)
        return await self._submit()

    async def _look_at(self, row: ProviderBatchRow, provider_id: str, *, is_cancelled: bool) -> None:
        """Collect a batch that has ended, or end it where that is wanted; one that is gone can't keep a job from it."""
        try:
            found = await llm.batches.get(self._client, provider_id)
            if found.status == "in_progress" and is_cancelled:
                await llm.batches.cancel(self._client, provider_id)
        except llm.RequestRefused as gone:
            if not is_cancelled or gone.status_text != "404":
                raise
            await self._give_up(row)
        else:
            if found.status == "ended":
                await self._collect(row, provider_id)

    async def _submit(self) -> queue.GoOnLater | dict[str, Any]:
        """Send what waits, as far as the budget allows; or the end, where nothing does."""
        limit = MOST_ITEMS
        if self._pause_after is not None:
            counts = await self._wait(self._ledger.stored.counts)
            n_settled = counts[ItemState.COMPLETED] + counts[ItemState.FAILED]
            if n_settled >= self._pause_after:
                done = errors.PilotDone(n_items=n_settled)
                return await self._ended(JobStatus.PAUSED, queue.Reason.of(done))
            limit = self._pause_after - n_settled
        items, refusal = await self._affordable(limit)
        if not items:
            return await self._no_more(refusal)
        row_id = uuid4()
        wishes = await self._keep(Batch(claims=items, intended=row_id))
        if wishes.are_claims_denied:
            return await self._no_more(errors.DailyCapReached(spent="most", cap="the day's limit"))
        requests = [(custom_id(row_id, item.idx), item.request) for item in items if item.request]
        try:
            created = await llm.batches.create(self._client, requests)
        except (llm.RateLimited, llm.KeyRefused, llm.RequestRefused):
            await self._refused(row_id, items)
            raise
        await self._moved(row_id, to="submitted", provider_id=created.id)
        line = f"Sent {len(items):,} items as the Message Batch {created.id}."
        await self._keep(Batch(lines=[("info", line)]))
        return queue.GoOnLater(delay_s=POLL_S)

    async def _refused(self, row_id: UUID, items: Sequence[Item]) -> None:
        """Take a batch for never created, as the provider has said so: nothing is paid, and its items wait again."""
        for item in items:
            self._budget.give_back(item)
        await self._keep(Batch(ends=[End(item, ItemState.QUEUED) for item in items]))
        await self._moved(row_id, to="lost")

    async def _affordable(self, limit: int) -> tuple[list[Item], AppError | None]:
        items: list[Item] = []
        n_bytes = 0
        for item in await self._fit(limit):
            assert item.request is not None
            n_bytes += tokens.at_most(item.request)
            if items and n_bytes > MOST_BYTES:
                break
            if (refusal := self._budget.refusal(item)) is not None:
                return items, refusal
            self._budget.reserve(item)
            items.append(item)
        return items, None

    async def _fit(self, limit: int) -> list[Item]:
        """The next items that can be asked for; those before them that can't have failed."""
        while True:
            rows = await self._wait(partial(self._ledger.stored.waiting, after_idx=-1, limit=limit))
            items = await self._wait(partial(self._prepare, rows))
            if not (unfit := [item for item in items if item.unfit]):
                return list(items)
            wishes = await self._keep(Batch(claims=unfit))
            if wishes.are_claims_denied:
                return [item for item in items if not item.unfit]
            await self._keep(Batch(ends=[item.failed() for item in unfit]))

    async def _no_more(self, refusal: AppError | None) -> dict[str, Any]:
        counts = await self._wait(self._ledger.stored.counts)
        if refusal is None and counts[ItemState.QUEUED]:  # they were not to be taken today
            refusal = errors.DailyCapReached(spent="most", cap="the day's limit")
        if refusal is not None:
            return await self._ended(JobStatus.PAUSED, queue.Reason.of(refusal))
        if counts[ItemState.COMPLETED]:
            return await self._ended(JobStatus.COMPLETED)
        nothing = errors.NothingCame(n_items=counts[ItemState.FAILED])
        return await self._ended(JobStatus.FAILED, queue.Reason.of(nothing))

    async def _found(self, row: ProviderBatchRow) -> str | None:
        """The id of a batch that was intended; None where it is not known yet, or it was never created."""
        candidates = await llm.batches.since(self._client, row.created_at - SKEW)
        known = await self._wait(
            partial(
                self._ledger.fenced, partial(provider_batches.known_ids, ids=[one.id for one in candidates])
            )
        )
        for one in candidates:
            if one.id in known or one.n_requests != row.n_requests:
                continue
            if one.status != "ended":
                return None  # it may be ours: its results will tell
            async for result in llm.batches.results(self._client, one.id):
                if result.custom_id.startswith(row.id.hex):
                    await self._moved(row.id, to="submitted", provider_id=one.id)
                    return one.id
                break
        if self._wall() - row.created_at > FOUND_LATE:
            await self._give_up(row)
        return None

    async def _give_up(self, row: ProviderBatchRow) -> None:
        """Ask no more for a batch that is not to be found: its items wait again, counted as possibly paid twice."""
        batch = Batch()
        for item in (await self._items(row)).values():
            lost = Asked(End(item, ItemState.QUEUED), [self._asker.lost(item)])
            self._budget.settle(lost)
            batch.calls += lost.calls
            batch.ends.append(lost.end)
        await self._keep(batch)
        await self._moved(row.id, to="lost")

    async def _collect(self, row: ProviderBatchRow, provider_id: str) -> None:
        """Take up all results; what has no result is sent again."""
        items = await self._items(row)
        batch = Batch()
        async for asked in self._results(provider_id, items):
            self._budget.settle(asked)
            batch.calls += asked.calls
            batch.ends.append(asked.end)
            if len(batch.ends) >= AT_ONCE:
                await self._keep(batch)
                batch = Batch()
        for item in items.values():
            batch.ends.append(End(item, ItemState.QUEUED))
        await self._keep(batch)
        await self._moved(row.id, to="collected")

    async def _results(self, provider_id: str, items: dict[str, Item]) -> AsyncIterator[Asked]:
        """What has become of each item that has a result; it is taken out of `items`."""
        async for result in llm.batches.results(self._client, provider_id):
            item = items.pop(result.custom_id, None)
            if item is None:  # settled by an earlier attempt
                continue
            match result:
                case llm.batches.Succeeded():
                    key = self._store.raw_key(item.idx, item.n_asked)
                    await self._wait(partial(self._store.keep, [(key, result.reply.raw)]))
                    yield await self._asker.resume(item, result.reply.raw, key=key, is_kept=False)
                case llm.batches.Errored(is_final=True):
                    refused = errors.BatchRefused(problem=result.error)
                    yield Asked(End(item, ItemState.FAILED, reason=queue.Reason.of(refused)), [])
                case _:
                    yield self._again(item)

    def _again(self, item: Item) -> Asked:
        """It was not answered, and is not paid: sent with the next batch, unless that has come to nothing too often."""
        item.n_failed += 1
        if item.n_failed < MOST_FAILED:
            return Asked(End(item, ItemState.QUEUED), [])
        gone = errors.BatchRefused(problem=f"{item.n_failed} times in a row")
        return Asked(End(item, ItemState.FAILED, reason=queue.Reason.of(gone)), [])

    async def _reserve(self, opened: list[ProviderBatchRow]) -> None:
        for row in opened:
            for item in (await self._items(row)).values():
                self._budget.reserve(item)

    async def _opened(self) -> list[ProviderBatchRow]:
        opened: list[ProviderBatchRow] = list(await self._fenced(provider_batches.open_ones))
        return opened

    async def _items(self, row: ProviderBatchRow) -> dict[str, Item]:
        rows = await self._fenced(partial(provider_batches.items, idxs=row.idxs))
        return {custom_id(row.id, one.idx): one for one in await self._wait(partial(self._prepare, rows))}

    async def _fenced(self, verb: Callable[..., Any]) -> Any:
        return await self._wait(
            partial(self._ledger.fenced, partial(verb, batch_job_id=self._ledger.batch_job_id))
        )

    async def _moved(self, row_id: UUID, *, to: str, provider_id: str | None = None) -> None:
        moved = partial(provider_batches.move, row_id=row_id, to=to, provider_id=provider_id)
        await self._wait(partial(self._ledger.fenced, moved))

    async def _keep(self, batch: Batch, *, notice: queue.Reason | None = None) -> Wishes:
        wishes: Wishes = await self._wait(
            lambda: self._ledger.commit(
                batch, in_flight=self._budget.in_flight, notice=notice, looks_for_others=False
            )
        )
        if batch.forgotten:
            await self._wait(partial(self._store.forget, batch.forgotten))
        self._budget.heed(wishes)
        self._job.report()
        return wishes

    async def _ended(self, status: JobStatus, reason: queue.Reason | None = None) -> dict[str, Any]:
        told = f": {reason.message}" if reason else "."
        await self._keep(Batch(lines=[("warning" if reason else "info", f"The job is {status}{told}")]))
        lines = await self._wait(self._ledger.stored.log_lines)
        await self._wait(partial(self._store.keep_log, lines))
        return follow.result(status, reason)


def custom_id(row_id: UUID, idx: int) -> str:
    """How a request of a batch is called: at most 64 characters, and no other batch's."""
    return f"{row_id.hex}-{idx}"
