"""Asking for one item: one request that may be paid for, its reply stored, and what becomes of the item.

What is refused for being too early costs nothing and is asked again here. Whatever may have been paid for ends the
flight: the next request of the same item goes through the budget again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from core import llm, queue
from core.db.tables.generation.conversations import ConversationRow
from core.errors import AppError
from core.generation import errors
from core.generation.conversations import files
from core.generation.engine.ledger.checking import Checking
from core.generation.engine.ledger.records import Call, End, Item
from core.generation.engine.requests.flights import Asked, Flight, Origin, Phase
from core.generation.engine.requests.keeper import Keeper
from core.generation.engine.requests.purpose import Purpose
from core.generation.engine.requests.reply_store import ReplyStore
from core.generation.jobs.states import ItemState
from core.storage import DiskFull, StorageUnavailable

MOST_BAD: Final = 3  # useless replies to one item, after which it has failed
MOST_FAILED: Final = 6  # requests of one item that failed while others succeeded
ALIKE: Final = 5  # requests refused alike at the start, after which the job pauses
GIVE_UP_S: Final = 900.0  # without any answer, after which the job pauses
STORAGE_WAIT_S: Final = 1.0


class Asker:
    """Asks for the items of one job, and knows what its requests have in common."""

    def __init__(
        self,
        origin: Origin,
        *,
        purpose: Purpose,
        client: llm.Client,
        gate: llm.Gate,
        store: ReplyStore,
        threads: ThreadPoolExecutor,
        at_once: int,
        checking: Checking,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        self._origin, self._purpose = origin, purpose
        self._client, self._gate, self._store = client, gate, store
        self._keeper, self._checking = Keeper(store, threads), checking
        self._wall, self._sleep = wall, sleep
        self._places = asyncio.Semaphore(at_once)
        self._flights: dict[int, Flight] = {}
        self._lines: list[tuple[str, str]] = []
        self._kept: list[Call] = []
        self._n_good = self._n_refused = 0
        self._refused_as: str | None = None
        self._told_silence = self.waits_for_storage = False
        self.on_stored: Callable[[], object] = lambda: None  # called when a reply is safe

    async def ask(self, item: Item) -> Asked:
        """One flight. Raises CancelledError: `cut_short` then says what has become of it."""
        if item.unfit is not None:
            return Asked(item.failed(), [])
        flight = self._flights[item.idx] = Flight(item)
        if item.wait_s:
            await self._sleep(item.wait_s)
        while True:
            try:
                async with self._places, self._gate.admit():
                    reply = await self._send(flight)
            except llm.RateLimited as early:
                flight.phase = Phase.WAITING
                self._note(flight, early, status=429)
                if not early.from_quota:
                    await self._sleep(llm.pause_s(early, flight.n_early))
                    flight.n_early += 1
            except (llm.KeyRefused, llm.RequestRefused, llm.ProviderUnavailable) as failure:
                return self._landed(self._failed(flight, failure))
            else:
                return self._landed(await self._answered(flight, reply))

    def cut_short(self, item: Item) -> Asked:
        """What has become of an item whose flight was cancelled. What was sent and not heard may have been paid."""
        flight = self._flights.pop(item.idx, None) or Flight(item)
        if (
            flight.phase >= Phase.ANSWERED
        ):  # where it is stored, the next attempt finds it, and counts it then
            others = [call for call in flight.calls if call.raw_key is None]
            return Asked(End(item, ItemState.PROCESSING), others)
        if flight.phase is Phase.SENT:
            self._note_repeated(flight)
        return Asked(End(item, ItemState.QUEUED), flight.calls)

    @property
    def provider(self) -> llm.Provider:
        return self._origin.provider

    def is_sent(self, item: Item) -> bool:
        """Whether cancelling it would lose what may be paid for."""
        flight = self._flights.get(item.idx)
        return flight is not None and flight.phase is not Phase.WAITING

    def is_stored(self, item: Item) -> bool:
        """Whether its reply would outlive this process."""
        flight = self._flights.get(item.idx)
        return flight is not None and flight.phase is Phase.STORED

    def lost(self, item: Item) -> Call:
        """The request that an attempt was making when it was killed; it may have been paid for."""
        return Call(
            item.idx,
            item.n_asked,
            self._origin.model,
            self._wall(),
            code="lost",
            cost=item.worst,
            is_repeated=True,
        )

    def silence(self) -> tuple[queue.Reason | None, bool]:
        """That nothing answers, once that is so, and whether it is time to give up."""
        if (since := self._gate.silent_since) is None:
            self._told_silence = False
            return None, False
        label = self._origin.provider.label
        silent = errors.NothingAnswers(provider=label, since=f"{since:%H:%M} UTC")
        if not self._told_silence:
            self._told_silence = True
            self._lines.append(("warning", silent.message))
        return queue.Reason.of(silent), self._wall() - since >= timedelta(seconds=GIVE_UP_S)

    def take_news(self) -> tuple[list[tuple[str, str]], list[Call]]:
        """Since it was last asked: lines for the log, and requests whose replies are to be kept in their rows at once,
        as storage does not take them; their items are still under way."""
        lines, self._lines = self._lines, []
        calls, self._kept = self._kept, []
        return lines, calls

    async def resume(self, item: Item, raw: bytes, *, key: str, is_kept: bool) -> Asked:
        """Go on with a reply that an earlier attempt has got. is_kept: in its row, which is there already."""
        flight = self._flights[item.idx] = Flight(item, Phase.STORED, self._wall())
        reply = llm.Reply(raw)
        if not is_kept:
            flight.calls.append(self._call(flight, reply, key=key, kept=None))
        return self._landed(await self._made_of(flight, reply))

    async def _send(self, flight: Flight) -> llm.Reply:
        flight.item.n_asked += 1
        flight.asked_at, flight.n_good_before = self._wall(), self._n_good
        flight.phase = Phase.SENT
        assert flight.item.request is not None
        return await self._client.ask(flight.item.request)

    async def _answered(self, flight: Flight, reply: llm.Reply) -> Asked:
        """Store the reply before anything is read from it."""
        item, flight.phase = flight.item, Phase.ANSWERED
        key = self._store.raw_key(item.idx, item.n_asked)
        self._n_good += 1
        item.wait_s, item.n_waits = 0.0, 0
        try:
            await self._keeper.keep(key, reply.raw)
        except (StorageUnavailable, DiskFull) as away:
            self._kept.append(self._call(flight, reply, key=key, kept=reply.raw))
            self._note_storage(away)
        else:
            flight.phase = Phase.STORED
            self.on_stored()
            flight.calls.append(self._call(flight, reply, key=key, kept=None))
        return await self._made_of(flight, reply)

    async def _made_of(self, flight: Flight, reply: llm.Reply) -> Asked:
        """What a reply holds, or why it holds nothing."""
        item = flight.item
        if item.unfit is not None:  # since it was asked for
            return Asked(item.failed(), flight.calls)
        try:
            end = self._purpose.end(item, reply)
        except (errors.Refused, errors.ContextFull) as refused:
            return self._end(flight, ItemState.FAILED, refused)
        except (errors.BadReply, llm.UnreadableReply) as bad:
            item.n_bad += 1
            if item.n_bad >= MOST_BAD:
                return self._end(flight, ItemState.FAILED, bad)
            return self._end(flight, ItemState.QUEUED)
        if end.conversation is not None:
            await self._keep_document(end.conversation)
        return Asked(end, flight.calls)

    async def _keep_document(self, values: dict[str, Any]) -> None:
        """Store the file of a new conversation; where another is there, the values become what that says."""
        file, key = files.document(ConversationRow(**values)), files.key(values["conversation_id"])
        while True:
            try:
                stored = await self._keeper.keep(key, file)
            except (StorageUnavailable, DiskFull) as away:
                self._note_storage(away)
                await self._sleep(STORAGE_WAIT_S)
            else:
                self.waits_for_storage = False
                if stored != file:
                    values |= files.contents(stored)
                values |= self._checking.by_text(values)
                return

    def _failed(self, flight: Flight, failure: AppError) -> Asked:
        """What follows from a failure that asking at once again would not mend."""
        item = flight.item
        match failure:
            case llm.KeyRefused():
                self._note(flight, failure, status=_status(failure))
                reason = queue.Reason.of(failure)
                return Asked(End(item, ItemState.QUEUED), flight.calls, stops=reason, stops_others=True)
            case llm.RequestRefused():
                self._note(flight, failure, status=_status(failure))
                return self._refused(flight, failure)
            case llm.ProviderUnavailable():
                if failure.may_be_paid:
                    self._note_repeated(flight)
                else:
                    self._note(flight, failure, status=None)
                return self._unavailable(flight, failure)
        raise failure

    def _refused(self, flight: Flight, failure: llm.RequestRefused) -> Asked:
        """The item has failed; where the first ones are all refused alike, the others would be too."""
        self._n_refused = self._n_refused + 1 if self._refused_as in (None, failure.status_text) else 1
        self._refused_as = failure.status_text
        asked = self._end(flight, ItemState.FAILED, failure)
        if self._n_good or self._n_refused < ALIKE:
            return asked
        all_refused = errors.AllRefused(n_items=self._n_refused, problem=failure.message)
        return Asked(asked.end, asked.calls, stops=queue.Reason.of(all_refused))

    def _unavailable(self, flight: Flight, failure: llm.ProviderUnavailable) -> Asked:
        """Asked again a little later; only what fails while others succeed is the item's own fault."""
        item = flight.item
        item.n_failed += self._n_good > flight.n_good_before
        if item.n_failed >= MOST_FAILED:
            gone = errors.NoAnswerForItem(n_tries=item.n_failed, problem=failure.problem)
            return self._end(flight, ItemState.FAILED, gone)
        item.wait_s = llm.pause_s(failure, item.n_waits)
        item.n_waits += 1
        return self._end(flight, ItemState.QUEUED)

    def _end(self, flight: Flight, state: ItemState, why: AppError | None = None) -> Asked:
        return Asked(End(flight.item, state, reason=queue.Reason.of(why) if why else None), flight.calls)

    def _landed(self, asked: Asked) -> Asked:
        self._flights.pop(asked.end.item.idx, None)
        return asked

    def _call(self, flight: Flight, reply: llm.Reply, *, key: str, kept: bytes | None) -> Call:
        """What is noted of a reply; one that does not say what it used is counted at worst."""
        item, provider = flight.item, self._origin.provider
        try:
            usage, stop_reason = reply.usage, reply.stop_reason
        except llm.UnreadableReply:
            usage, stop_reason = None, ""
        cost = (
            item.worst
            if usage is None
            else provider.prices.cost(self._origin.model, usage, flight.asked_at, batch=self._origin.is_batch)
        )
        return Call(
            item.idx, item.n_asked, self._origin.model, flight.asked_at, 200,
            stop_reason=stop_reason or None, usage=usage, cost=cost, latency_s=reply.latency_s,
            raw_key=key, raw=kept,
        )  # fmt: skip

    def _note(self, flight: Flight, failure: AppError, *, status: int | None) -> None:
        item = flight.item
        flight.calls.append(
            Call(item.idx, item.n_asked, self._origin.model, flight.asked_at, status, failure.code)
        )

    def _note_repeated(self, flight: Flight) -> None:
        flight.calls.append(self.lost(flight.item))

    def _note_storage(self, away: AppError) -> None:
        if not self.waits_for_storage:
            self.waits_for_storage = True
            self._lines.append(("warning", f"Waiting for storage: {away.message}"))


def _status(failure: llm.KeyRefused | llm.RequestRefused) -> int | None:
    return int(failure.status_text) if failure.status_text.isdigit() else None
