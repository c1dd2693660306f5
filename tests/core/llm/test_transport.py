"""The connections below the SDK: as many pools as are needed, and each of few connections."""

from __future__ import annotations

import asyncio

from core import llm
from core.llm.transport import N_AT_ONCE, Connections
from core.settings import Settings
from tests.batches import with_provider
from tests.servers.claude import ClaudeServer


def test_many_requests_at_once_share_pools_that_each_look_at_few_connections(settings: Settings) -> None:
    n_at_once = 3 * N_AT_ONCE

    async def asked(server: ClaudeServer) -> tuple[int, int]:
        connections = Connections(llm.provider(with_provider(settings, server.url)))
        url = f"{server.url}/v1/messages/count_tokens"

        async def ask() -> None:
            assert (await connections.post(url, json={"messages": []})).status_code == 200

        server.hold()
        under_way = [asyncio.create_task(ask()) for _ in range(n_at_once)]
        while len(server.asked) < n_at_once:
            await asyncio.sleep(0)
        server.go_on()
        await asyncio.gather(*under_way)
        for _ in range(n_at_once):
            await ask()
        n_pools = connections.n_pools
        await connections.aclose()
        return n_pools, len(server.asked)

    with ClaudeServer() as server:
        assert asyncio.run(asked(server)) == (3, 2 * n_at_once)
