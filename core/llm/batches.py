"""Message Batches at the wire: many requests at half the price, ready within a day.

A batch carries no name of ours. After a crash between its creation and the storing of its id, `since` finds those that
were created meanwhile; the number of requests tells them apart, and the ids in the results prove it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from core.llm.client import GET_S, Client
from core.llm.errors import ProviderUnavailable, UnreadableReply
from core.llm.messages import Reply, Request

Status = Literal["in_progress", "canceling", "ended"]
PATH: Final = "/v1/messages/batches"
CREATE_S: Final = 240.0  # less than a worker may be silent
MOST_REQUESTS: Final = 100_000  # of one batch, by the API
MOST_LISTED, N_PAGE = 1_000, 100
LONGEST_LINE: Final = 16_000_000
_COUNTED: Final = ("processing", "succeeded", "errored", "canceled", "expired")
_STATUSES: Final[dict[str, Status]] = {
    "in_progress": "in_progress",
    "canceling": "canceling",
    "ended": "ended",
}
_CUSTOM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BATCH_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")


@dataclass(frozen=True)
class Batch:
    """What the provider says of a batch. status: "ended" once there is a result for every request."""

    id: str
    status: Status
    created_at: datetime
    expires_at: datetime | None
    n_processing: int
    n_succeeded: int
    n_errored: int
    n_canceled: int
    n_expired: int

    @property
    def n_requests(self) -> int:
        """All of them; the provider's counts always add up to it."""
        return self.n_processing + self.n_succeeded + self.n_errored + self.n_canceled + self.n_expired


@dataclass(frozen=True)
class Succeeded:
    """A reply to one request, which is paid."""

    custom_id: str
    reply: Reply


@dataclass(frozen=True)
class Errored:
    """A request that was not taken, and is not paid. is_final: it would be refused again, too."""

    custom_id: str
    error: str
    is_final: bool


@dataclass(frozen=True)
class Expired:
    """A request whose turn did not come within a day; not paid."""

    custom_id: str


@dataclass(frozen=True)
class Canceled:
    """A request that was cancelled before its turn; not paid."""

    custom_id: str


BatchResult = Succeeded | Errored | Expired | Canceled


async def create(client: Client, requests: Sequence[tuple[str, Request]]) -> Batch:
    """A batch of these requests, each with an id of ours: at most 64 letters, digits, dashes and underscores.

    Raises as `Client.ask`. After ProviderUnavailable with `may_be_paid` it may have been created all the same.
    """
    ids = [custom_id for custom_id, _ in requests]
    if not 0 < len(ids) == len(set(ids)) <= MOST_REQUESTS or not all(map(_CUSTOM_ID.fullmatch, ids)):
        raise ValueError(
            "a batch needs 1 to 100,000 requests, each with an id of its own of at most 64 letters"
        )
    body = {"requests": [{"custom_id": custom_id, "params": one.body()} for custom_id, one in requests]}
    sent = [one for _, one in requests]
    return _batch(client, await client.post(PATH, body, deadline_s=CREATE_S, sent=sent))


async def get(client: Client, batch_id: str) -> Batch:
    """How far a batch is. Raises as `Client.ask`; RequestRefused where there is none with this id."""
    return _batch(client, await client.get(_path(batch_id)))


async def cancel(client: Client, batch_id: str) -> Batch:
    """Ask to end a batch; requests under way are finished and paid. Raises as `Client.ask`."""
    return _batch(client, await client.post(f"{_path(batch_id)}/cancel", deadline_s=GET_S))


async def since(client: Client, at: datetime) -> list[Batch]:
    """The batches of this key that were created at or after `at`, newest first. Raises as `Client.ask`."""
    found: dict[str, Batch] = {}
    params: dict[str, object] = {"limit": N_PAGE}
    while len(found) < MOST_LISTED:
        page = await client.get(PATH, params)
        listed = page.get("data")
        batches = [_batch(client, one) for one in listed] if isinstance(listed, list) else []
        new = [one for one in batches if one.id not in found]
        found |= {one.id: one for one in new if one.created_at >= at}
        if not page.get("has_more") or len(new) < len(batches) or not new or new[-1].created_at < at:
            break
        params = {"limit": N_PAGE, "after_id": new[-1].id}
    return list(found.values())


async def results(client: Client, batch_id: str) -> AsyncIterator[BatchResult]:
    """The results of a batch that has ended, in no order, as they arrive.

    May be read again from the start. Raises as `Client.ask`, and UnreadableReply.
    """
    async with client.stream(f"{_path(batch_id)}/results") as parts:
        async for line in _lines(parts):
            yield _result(line)


async def _lines(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines that are not empty, of bytes that come in any pieces."""
    rest: list[bytes] = []
    size = 0
    async for part in parts:
        *whole, last = part.split(b"\n")
        for line in whole:
            if found := b"".join([*rest, line]).strip():
                yield found
            rest, size = [], 0
        rest.append(last)
        if (size := size + len(last)) > LONGEST_LINE:
            raise UnreadableReply(problem="a result of a batch is endless")
    if found := b"".join(rest).strip():
        yield found


def _result(line: bytes) -> BatchResult:
    try:
        found = json.loads(line)
        custom_id, result = str(found["custom_id"]), found["result"]
        match result["type"]:
            case "succeeded":
                return Succeeded(custom_id, Reply(json.dumps(result["message"]).encode()))
            case "expired":
                return Expired(custom_id)
            case "canceled":
                return Canceled(custom_id)
            case other:
                return _errored(custom_id, str(other), result)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableReply(problem="a line of a batch's results is none") from error


def _errored(custom_id: str, kind: str, result: dict[str, Any]) -> Errored:
    answer = result.get("error")
    inner = answer.get("error") if isinstance(answer, dict) else None
    name = str(inner.get("type") or kind)[:100] if isinstance(inner, dict) else kind[:100]
    return Errored(custom_id, name, is_final=name in ("invalid_request_error", "not_found_error"))


def _path(batch_id: str) -> str:
    if not _BATCH_ID.fullmatch(batch_id):
        raise ValueError("an id of a batch has letters, digits, dashes and underscores alone")
    return f"{PATH}/{batch_id}"


def _batch(client: Client, found: Any) -> Batch:
    try:
        counts, expires = found["request_counts"], found.get("expires_at")
        return Batch(
            id=_path(found["id"]).rpartition("/")[2],
            status=_STATUSES[found["processing_status"]],
            created_at=_time(found["created_at"]),
            expires_at=_time(expires) if expires else None,
            **{f"n_{name}": int(counts[name]) for name in _COUNTED},
        )
    except (ValueError, KeyError, TypeError) as error:
        problem = "what it says of a batch can't be read"
        raise ProviderUnavailable(
            provider=client.provider.label, problem=problem, may_be_paid=True
        ) from error


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found
