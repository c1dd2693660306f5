"""Client and gate against a server that others wrote."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import llm
from core.llm import batches
from tests.core.llm.conftest import PROMPT, ask, provider, request, with_client
from tests.servers.llmock import LlmockServer


@pytest.fixture(scope="module")
def server() -> Iterator[LlmockServer]:
    with LlmockServer(rpm=120, tpm=1_000_000, context_window=2_000) as started:
        yield started


@pytest.fixture
def llmock(server: LlmockServer) -> LlmockServer:
    server.reset()
    return server


def test_a_reply_and_what_was_asked(llmock: LlmockServer) -> None:
    llmock.script({"type": "reply", "text": '{"messages": []}'})
    reply = ask(provider(llmock.url))
    assert (reply.text, reply.stop_reason) == ('{"messages": []}', "end_turn")
    assert reply.usage is not None
    assert reply.usage.n_input > 0
    (asked,) = llmock.requests()
    assert asked["body"]["messages"] == [{"role": "user", "content": PROMPT}]
    assert asked["sdk_retry_count"] == 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, llm.RequestRefused),
        (401, llm.KeyRefused),
        (402, llm.KeyRefused),
        (403, llm.KeyRefused),
        (404, llm.RequestRefused),
        (413, llm.RequestRefused),
        (429, llm.RateLimited),
        (500, llm.ProviderUnavailable),
        (503, llm.ProviderUnavailable),
        (529, llm.ProviderUnavailable),
    ],
)
def test_its_errors_are_told_by_what_is_to_be_done(llmock: LlmockServer, status: int, kind: type) -> None:
    llmock.script({"type": "fail", "status": status, "retry_after": 0.25, "times": 1})
    with pytest.raises(llm.FAILURES) as failed:
        ask(provider(llmock.url))
    assert type(failed.value) is kind
    assert getattr(failed.value, "retry_after_s", 0.25) == 0.25
    assert len(llmock.requests()) == 1


def test_a_prompt_that_is_too_long_is_refused(llmock: LlmockServer) -> None:
    with pytest.raises(llm.RequestRefused, match="prompt is too long"):
        ask(provider(llmock.url), prompt="word " * 20_000)


def test_a_quota_is_kept_without_losing_anything(llmock: LlmockServer) -> None:
    """120 a minute: the bucket is drunk up, then two a second come in."""
    chosen, todo = provider(llmock.url, key="sk-quota"), [*range(126)]

    async def main(client: llm.Client) -> None:
        gate = llm.gate(chosen, request().model)

        async def work() -> None:
            while todo:
                n = todo.pop()
                try:
                    async with gate.admit():
                        await client.ask(request(max_tokens=1))
                except llm.RateLimited as failure:
                    todo.append(n)
                    await asyncio.sleep(llm.pause_s(failure, 0))

        await asyncio.gather(*(work() for _ in range(50)))

    with_client(chosen, main)
    statuses = [one["status"] for one in llmock.requests()]
    assert statuses.count(200) == 126
    assert statuses.count(429) <= 5


def test_it_does_not_count_tokens_so_we_do(llmock: LlmockServer) -> None:
    async def counted(client: llm.Client) -> llm.TokenCount:
        return await client.count_tokens(request())

    assert with_client(provider(llmock.url), counted).is_rough


def test_a_batch_from_its_creation_to_its_results(llmock: LlmockServer) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)  # it tells whole seconds

    async def main(client: llm.Client) -> list[Any]:
        batch = await batches.create(client, [(f"item-{n}", request()) for n in range(3)])
        assert [one.id for one in await batches.since(client, before)] == [batch.id]
        while (found := await batches.get(client, batch.id)).status != "ended":
            await asyncio.sleep(0.1)
        assert found.n_succeeded == found.n_requests == 3
        return [one async for one in batches.results(client, batch.id)]

    found = with_client(provider(llmock.url), main)
    assert {one.custom_id for one in found} == {"item-0", "item-1", "item-2"}
    assert all(one.reply.text for one in found)


def test_a_batch_is_cancelled(llmock: LlmockServer) -> None:
    async def main(client: llm.Client) -> batches.Batch:
        batch = await batches.create(client, [("item-0", request())])
        return await batches.cancel(client, batch.id)

    assert with_client(provider(llmock.url), main).n_canceled == 1
