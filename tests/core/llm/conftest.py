"""A server that speaks like the Messages API, and asking it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest

from core import llm
from core import settings as settings_module
from tests.servers.claude import ClaudeServer

KEY = "sk-ant-only-for-this-test"
SECRET_WORDS = "the patient Ada Lovelace of 12 Marylebone Road"
PROMPT = f'Write about <variable name="topic">{SECRET_WORDS}</variable>.'
Result = TypeVar("Result")


@pytest.fixture
def claude() -> Iterator[ClaudeServer]:
    """A fresh server."""
    with ClaudeServer() as server:
        yield server


def provider(url: str = "", *, key: str = KEY, **more: Any) -> llm.Provider:
    """The provider of an installation with a key and this address."""
    given = {"anthropic_api_key": key, "anthropic_base_url": url, **more}
    return llm.provider(settings_module.read(_env_file=None, **given))


def request(**changes: Any) -> llm.Request:
    given: dict[str, Any] = {"model": "claude-haiku-5-5", "prompt": PROMPT, "max_tokens": 500, **changes}
    return llm.Request(**given)


def with_client(chosen: llm.Provider, do: Callable[[llm.Client], Awaitable[Result]]) -> Result:
    """What `do` makes of an open client."""

    async def main() -> Result:
        async with llm.client(chosen) as client:
            return await do(client)

    return asyncio.run(main())


def ask(chosen: llm.Provider, **changes: Any) -> llm.Reply:
    """One reply, admitted by the gate."""

    async def asked(client: llm.Client) -> llm.Reply:
        one = request(**changes)
        async with llm.gate(chosen, one.model).admit():
            return await client.ask(one)

    return with_client(chosen, asked)
