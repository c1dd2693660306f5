"""Asks the model: one pool of connections to one provider, by the SDK of Anthropic.

The SDK takes seconds to load, so it is loaded when the first client is opened, or by `load`, and not before.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from core.llm import failures, gate, tokens
from core.llm.errors import ProviderUnavailable, RateLimited, RequestRefused, UnreadableReply
from core.llm.limits import quotas
from core.llm.messages import Reply, Request, Usage
from core.llm.provider import Provider
from core.llm.tokens import TokenCount

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic

CONNECT_S: Final = 10.0
COUNT_S: Final = 10.0
GET_S: Final = 60.0


class Client:
    """An open way to the model; made by `client`. What each answer says of quotas, it tells the model's gate."""

    def __init__(self, provider: Provider, sdk: AsyncAnthropic) -> None:
        self.provider = provider
        self._sdk = sdk

    async def ask(self, request: Request) -> Reply:
        """One request, one reply; nothing is tried again.

        Admission is the caller's: `async with gate.admit()`. Raises RateLimited, KeyRefused, ProviderUnavailable,
        RequestRefused.
        """
        found, began = gate.of(self.provider, request.model), time.perf_counter()
        mark = found.sent()
        try:
            async with asyncio.timeout(request.deadline_s):
                answer = await self._sdk.messages.with_raw_response.create(
                    **request.body(), timeout=_timeout(request.deadline_s)
                )
                raw = await answer.read()
        except Exception as error:  # noqa: BLE001  # what the SDK raises is one of four; any other is raised again
            failure = failures.translated(self.provider, error, [request])
            found.refused(mark, failure, failures.quotas_of(error, [request]))
            raise failure from None  # the SDK's own text repeats what was sent
        if not failures.is_object(raw):
            failure = failures.not_the_api(self.provider, answer.headers, raw)
            found.refused(mark, failure, ())
            raise failure
        reply = Reply(raw, failures.request_id(answer.headers), time.perf_counter() - began)
        told = quotas(answer.headers)
        found.answered(mark, told, _usage(reply) if len(told) > 1 else None)
        return reply

    async def count_tokens(self, request: Request) -> TokenCount:
        """The tokens of its input: by the API, or roughly where it does not say. Raises KeyRefused, RequestRefused."""
        body = {name: value for name, value in request.body().items() if name != "max_tokens"}
        try:
            found = await self.post("/v1/messages/count_tokens", body, deadline_s=COUNT_S, sent=[request])
        except RequestRefused as refused:
            if refused.status_text in ("404", "405", "501"):
                return tokens.rough_count(request)
            raise
        except (ProviderUnavailable, RateLimited):
            return tokens.rough_count(request)
        n = found.get("input_tokens")
        return TokenCount(n, is_rough=False) if type(n) is int and n > 0 else tokens.rough_count(request)

    async def get(
        self, path: str, params: Mapping[str, object] | None = None, *, deadline_s: float = GET_S
    ) -> dict[str, Any]:
        """What the API answers to a GET: a JSON object. Raises as `ask`."""
        import httpx2

        with failures.told(self.provider):
            options: Any = {"timeout": _timeout(deadline_s)} | ({"params": params} if params else {})
            async with asyncio.timeout(deadline_s):
                response = await self._sdk.get(path, cast_to=httpx2.Response, options=options)
        return self._object(response)

    async def post(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        deadline_s: float,
        sent: Sequence[Request] = (),
    ) -> dict[str, Any]:
        """What the API answers to a POST: a JSON object. sent: what is in it. Raises as `ask`."""
        import httpx2

        with failures.told(self.provider, sent):
            async with asyncio.timeout(deadline_s):
                response = await self._sdk.post(
                    path, cast_to=httpx2.Response, body=body, options={"timeout": _timeout(deadline_s)}
                )
        return self._object(response)

    @contextlib.asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """What the API answers to a GET, piece by piece, none of which takes longer than GET_S. Raises as `ask`."""
        import httpx2
        from anthropic import AsyncStream

        with failures.told(self.provider):
            response: Any = await self._sdk.get(
                path,
                cast_to=httpx2.Response,
                options={"timeout": _timeout(GET_S)},
                stream=True,
                stream_cls=AsyncStream[Any],
            )
            try:
                yield response.aiter_bytes()
            finally:
                await response.aclose()

    def _object(self, response: httpx2.Response) -> dict[str, Any]:
        found = failures.parsed(response.content)
        if not isinstance(found, dict):
            raise failures.not_the_api(self.provider, response.headers, response.content)
        return found


def load() -> None:
    """Load what a client takes now, in a process that is there for asking."""
    for name in ("anthropic.resources.messages", "core.llm.transport"):
        importlib.import_module(name)


@contextlib.asynccontextmanager
async def client(provider: Provider, **more: Any) -> AsyncIterator[Client]:
    """A client of this provider. more: for its connections, as `transport` for one that goes to no network."""
    from anthropic import AsyncAnthropic

    from core.llm.transport import Connections

    logging.getLogger("anthropic").setLevel(logging.WARNING)  # it would write out prompts where asked to
    if provider.is_offline and "transport" not in more:
        import httpx2

        from core.llm.offline.app import app

        more["transport"] = httpx2.ASGITransport(app=app)
    sdk = AsyncAnthropic(
        api_key=provider.key.get_secret_value(),
        base_url=provider.base_url,
        max_retries=0,
        open_telemetry=False,
        http_client=Connections(provider, **more),
    )
    async with sdk:
        yield Client(provider, sdk)


def _timeout(deadline_s: float) -> httpx2.Timeout:
    import httpx2

    return httpx2.Timeout(deadline_s, connect=min(CONNECT_S, deadline_s))


def _usage(reply: Reply) -> Usage | None:
    try:
        return reply.usage
    except UnreadableReply:
        return None
