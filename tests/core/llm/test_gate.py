"""The gate keeps to what the provider allows and makes full use of it: against models of servers, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from core import llm
from core.llm.gate import PROBE_EVERY_S, SILENT_AFTER_S, Gate
from core.llm.limits import Quota
from tests import virtual_time

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
OVERLOADED = llm.ProviderUnavailable(provider="Claude", problem="it answers HTTP 529", retry_after_s=1.0)


class Server:
    """A provider whose replies take half a second.

    per_s, bucket: its quota of requests. tells: whether answers name it. late: it counts a request when it answers it.
    tokens_a_minute: another quota, of which a request takes 1,000.
    """

    def __init__(
        self,
        *,
        per_s: float = 0.0,
        bucket: float = 100.0,
        tells: bool = True,
        late: bool = False,
        p_429: float = 0.0,
        p_529: float = 0.0,
        retry_after_s: float | None = 1.0,
        tokens_a_minute: int = 0,
        seed: int = 1,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.per_s, self.bucket, self.level, self.at = per_s, bucket, bucket, self.loop.time()
        self.tells, self.late, self.p_429, self.p_529 = tells, late, p_429, p_529
        self.retry_after_s, self.tokens_a_minute, self.tokens = (
            retry_after_s,
            tokens_a_minute,
            tokens_a_minute,
        )
        self.random = Random(seed)
        self.is_down = False
        self.n_asked = self.n_refused = self.n_now = self.n_most = 0
        self.asked_at: list[float] = []

    async def ask(self, gate: Gate) -> None:
        """As Client.ask: tells the gate."""
        mark = gate.sent()
        self.asked_at.append(self.loop.time())
        self.n_asked, self.n_now = self.n_asked + 1, self.n_now + 1
        self.n_most = max(self.n_most, self.n_now)
        try:
            failure, quotas = await self._answer()
        finally:
            self.n_now -= 1
        if failure is None:
            gate.answered(mark, quotas, llm.Usage(n_input=500, n_output=500))
            return
        gate.refused(mark, failure, quotas)
        raise failure

    async def _answer(self) -> tuple[llm.Failure | None, tuple[Quota, ...]]:
        await asyncio.sleep(0.5 if self.late or self.is_down else 0.002)
        chance = self.random.random()
        if self.is_down or chance < self.p_529:
            return OVERLOADED, ()
        if chance < self.p_529 + self.p_429:
            return llm.RateLimited(provider="Claude", retry_after_s=1.0), ()
        if self.per_s and not self._take():
            self.n_refused += 1
            short = self._quotas(is_short=True)
            return (
                llm.RateLimited(provider="Claude", retry_after_s=self.retry_after_s, from_quota=bool(short)),
                short,
            )
        found = self._quotas()
        await asyncio.sleep(0 if self.late else 0.5)
        return None, found

    def _take(self) -> bool:
        passed_s, self.at = self.loop.time() - self.at, self.loop.time()
        self.level = min(self.bucket, self.level + passed_s * self.per_s)
        self.tokens = min(self.tokens_a_minute, self.tokens + passed_s * self.tokens_a_minute / 60)
        if self.level < 1 or (self.tokens_a_minute and self.tokens < 1_000):
            return False
        self.level -= 1
        self.tokens -= 1_000
        return True

    def _quotas(self, *, is_short: bool = False) -> tuple[Quota, ...]:
        if not self.tells or not self.per_s:
            return ()
        found = [Quota("requests", round(self.per_s * 60), int(self.level), is_short and self.level < 1)]
        if self.tokens_a_minute:
            n = int(self.tokens)
            found.append(Quota("tokens", self.tokens_a_minute, n, is_short and n < 1_000))
        return tuple(found)


def new_gate(at_once: int = 100) -> Gate:
    loop = asyncio.get_running_loop()
    return Gate(at_once, now=loop.time, wall=lambda: NOON + timedelta(seconds=loop.time()))


async def all_asked(server: Server, gate: Gate, n: int = 1_000, *, after_s: float = 0.0) -> float:
    """Ask for n items, a hundred at once; after how many seconds all were there."""
    await asyncio.sleep(after_s)
    todo, done, pauses, loop = (
        asyncio.Queue[int](),
        asyncio.Queue[None](),
        Random(3),
        asyncio.get_running_loop(),
    )
    for _ in range(n):
        todo.put_nowait(0)

    async def work() -> None:
        while True:
            n_before = await todo.get()
            try:
                async with gate.admit():
                    await server.ask(gate)
                done.put_nowait(None)
            except (llm.RateLimited, llm.ProviderUnavailable) as failure:
                loop.call_later(llm.pause_s(failure, n_before, random=pauses), todo.put_nowait, n_before + 1)

    workers = [asyncio.ensure_future(work()) for _ in range(100)]
    for _ in range(n):
        await done.get()
    for worker in workers:
        worker.cancel()
    return loop.time()


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def begin() -> None:
        await main()

    virtual_time.run(begin())


def test_never_more_than_so_many_at_once_and_never_fewer_than_it_can() -> None:
    async def main() -> None:
        server = Server()
        assert await all_asked(server, new_gate(20), 200) == pytest.approx(200 / 20 * 0.502, rel=0.02)
        assert server.n_most == 20

    run(main)


def test_chance_refusals_do_not_slow_it_down() -> None:
    async def main() -> None:
        for late in (False, True):
            server, loop = Server(p_429=0.1, p_529=0.05, late=late), asyncio.get_running_loop()
            began = loop.time()
            took = await all_asked(server, new_gate()) - began
            assert took < 2 * 5.0
            assert server.n_asked < 1_250

    run(main)


@pytest.mark.parametrize("late", [False, True])
def test_a_quota_that_headers_tell_of_is_kept_and_used_up(late: bool) -> None:
    async def main() -> None:
        server = Server(per_s=100, late=late)
        assert await all_asked(server, new_gate()) < 1.15 * 9.5
        assert server.n_refused <= 5

    run(main)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("retry_after_s", [None, 1.0, 0.01])
def test_a_quota_that_only_refusals_tell_of_is_found(late: bool, retry_after_s: float | None) -> None:
    async def main() -> None:
        server = Server(per_s=100, late=late, tells=False, retry_after_s=retry_after_s)
        assert await all_asked(server, new_gate()) < 1.15 * 9.5
        assert server.n_refused < 250

    run(main)


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("after_s", [0.0, 1.0, 3.0])
def test_two_processes_share_a_quota(tells: bool, after_s: float) -> None:
    async def main() -> None:
        server = Server(per_s=100, tells=tells)
        ends = await asyncio.gather(
            all_asked(server, new_gate()), all_asked(server, new_gate(), after_s=after_s)
        )
        assert max(ends) < 1.3 * 19.5
        assert server.n_refused < (150 if tells else 600)

    run(main)


def test_a_quota_with_chance_refusals_is_still_used() -> None:
    async def main() -> None:
        server = Server(per_s=100, p_429=0.1, p_529=0.05)
        assert await all_asked(server, new_gate()) < 1.4 * 9.5

    run(main)


def test_a_small_account_is_neither_stuck_nor_pressed() -> None:
    async def main() -> None:
        server = Server(per_s=50 / 60, bucket=50)
        assert await all_asked(server, new_gate(), 150) < 1.05 * 120
        assert server.n_refused < 70

    run(main)


def test_a_quota_of_tokens_is_kept_by_what_replies_used() -> None:
    async def main() -> None:
        server = Server(
            per_s=1_000, bucket=1_000, tokens_a_minute=60_000
        )  # 60 requests at once, then one a second
        assert await all_asked(server, new_gate(), 120) < 1.15 * 60
        assert server.n_refused < 60

    run(main)


def test_a_request_larger_than_a_quota_is_let_through_to_be_told_so() -> None:
    async def main() -> None:
        gate = new_gate()
        mark = gate.sent()
        gate.answered(
            mark, (Quota("requests", 60, 9), Quota("tokens", 100, 10)), llm.Usage(n_input=5_000, n_output=1)
        )
        async with gate.admit():
            assert asyncio.get_running_loop().time() < 60

    run(main)


def test_what_waits_goes_in_the_order_in_which_it_came() -> None:
    async def main() -> None:
        gate, went = new_gate(1), list[int]()

        async def go(n: int) -> None:
            async with gate.admit():
                went.append(n)
                await asyncio.sleep(1)

        await asyncio.gather(*(go(n) for n in range(10)))
        assert went == list(range(10))

    run(main)


def test_who_gives_up_waiting_or_fails_gives_back_the_place() -> None:
    async def main() -> None:
        gate = new_gate(1)

        async def fail() -> None:
            async with gate.admit():
                await asyncio.sleep(1)
                raise ValueError

        async def wait() -> None:
            async with gate.admit():
                pass

        first, second, third = (asyncio.ensure_future(one()) for one in (fail, wait, wait))
        await asyncio.sleep(0.5)
        second.cancel()
        results = await asyncio.gather(first, second, third, return_exceptions=True)
        assert [type(one) for one in results] == [ValueError, asyncio.CancelledError, type(None)]
        assert gate.n_in_flight == 0

    run(main)


def test_retry_after_of_a_used_up_quota_holds_everybody() -> None:
    async def main() -> None:
        gate, loop = new_gate(), asyncio.get_running_loop()
        failure = llm.RateLimited(provider="Claude", retry_after_s=30.0, from_quota=True)
        gate.refused(gate.sent(), failure, ())
        async with gate.admit():
            assert loop.time() == pytest.approx(30, abs=1.1)

    run(main)


def test_who_takes_little_waits_once_where_others_have_emptied_the_bucket_and_is_no_slower_after() -> None:
    async def main() -> None:
        gate, loop = new_gate(), asyncio.get_running_loop()
        failure = llm.RateLimited(provider="Claude", retry_after_s=1.0, from_quota=True)
        gate.refused(gate.sent(), failure, (Quota("requests", 6_000, 0, is_short=True),))

        async def go() -> float:
            async with gate.admit():
                return loop.time()

        went = await asyncio.gather(*(go() for _ in range(50)))
        assert min(went) == pytest.approx(1.0, abs=0.01)
        assert max(went) == pytest.approx(1.0, abs=0.01)

    run(main)


def test_a_single_refusal_without_a_sign_of_a_quota_holds_nobody() -> None:
    async def main() -> None:
        gate = new_gate()
        gate.refused(gate.sent(), llm.RateLimited(provider="Claude", retry_after_s=30.0), ())
        async with gate.admit():
            assert asyncio.get_running_loop().time() == 0

    run(main)


def test_where_nothing_answers_for_a_minute_single_requests_try_and_it_says_since_when() -> None:
    async def main() -> None:
        server, gate, loop = Server(), new_gate(), asyncio.get_running_loop()
        asking = asyncio.ensure_future(all_asked(server, gate, 5_000))
        await asyncio.sleep(10.1)
        assert gate.silent_since is None
        server.is_down = True
        await asyncio.sleep(SILENT_AFTER_S - 5)
        assert gate.silent_since is None
        await asyncio.sleep(10)
        since = gate.silent_since
        assert since is not None
        assert abs((since - NOON).total_seconds() - 10.1) < 1
        n_before, began = server.n_asked, loop.time()
        await asyncio.sleep(600)
        assert (server.n_asked - n_before) == pytest.approx(600 / PROBE_EVERY_S, rel=0.15)
        assert gate.silent_since == since
        server.is_down = False
        await asyncio.sleep(PROBE_EVERY_S + 1)
        assert gate.silent_since is None
        back = [at for at in server.asked_at if at > began + 600]
        together = [sum(at < back[0] + s for at in back) for s in (0.4, 0.9, 1.4)]
        assert together == [2, 6, 14]  # it is not met by all at once
        assert await asking < began + 600 + 60

    run(main)


def test_a_refusal_is_an_answer_too() -> None:
    async def main() -> None:
        gate = new_gate()
        for _ in range(2):
            mark = gate.sent()
            await asyncio.sleep(SILENT_AFTER_S / 2)
            gate.refused(mark, OVERLOADED, ())
        assert gate.silent_since == NOON
        gate.refused(gate.sent(), llm.RequestRefused(provider="Claude", status_text="400"), ())
        assert gate.silent_since is None

    run(main)


def test_nobody_asking_is_no_silence() -> None:
    async def main() -> None:
        gate = new_gate()
        gate.refused(gate.sent(), OVERLOADED, ())
        await asyncio.sleep(3_600)
        assert gate.silent_since is None
        gate.refused(gate.sent(), OVERLOADED, ())
        assert gate.silent_since is None
        slow = gate.sent()
        await asyncio.sleep(600)
        gate.refused(slow, OVERLOADED, ())
        assert gate.silent_since == NOON + timedelta(hours=1)

    run(main)


def test_one_gate_serves_one_loop_after_another() -> None:
    gate = Gate(1)

    async def go() -> int:
        async with gate.admit():
            return gate.n_in_flight

    async def crowd() -> list[int]:
        return await asyncio.gather(go(), go(), go())

    assert asyncio.run(crowd()) == asyncio.run(crowd()) == [1, 1, 1]


def test_the_same_key_and_model_have_one_gate_in_a_process() -> None:
    from tests.core.llm.conftest import provider

    ours = llm.gate(provider("http://127.0.0.1:9"), "claude-haiku-5-5", at_once=3)
    assert llm.gate(provider("http://127.0.0.1:9"), "claude-haiku-5-5", at_once=500) is ours
    assert ours.at_once == 500
    others = [provider("http://127.0.0.1:9", key="sk-ant-another"), provider("http://127.0.0.1:10")]
    gates = [*(llm.gate(one, "claude-haiku-5-5") for one in others), llm.gate(others[0], "claude-opus-5-5")]
    assert len({id(one) for one in (ours, *gates)}) == 4


def test_a_pause_grows_with_each_failure_and_keeps_to_the_providers_word() -> None:
    told = llm.RateLimited(provider="Claude", retry_after_s=7.0)
    untold = llm.RateLimited(provider="Claude")
    assert 7.0 <= llm.pause_s(told, 9) <= 7.7
    assert llm.pause_s(llm.RateLimited(provider="Claude", retry_after_s=0.0), 9) > 1
    for n, longest in ((0, 0.5), (1, 1.0), (3, 4.0), (9, 60.0), (10**9, 60.0)):
        assert 0.75 * longest <= llm.pause_s(untold, n) <= longest
