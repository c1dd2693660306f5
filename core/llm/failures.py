"""What the SDK raises and what answers in the API's place, told as the failures of `core.llm.errors`.

No text of ours repeats a prompt or a key: of an error's own words only the API's message is shown, cut short, and not
at all where it quotes what was sent.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from core.llm import tokens
from core.llm.errors import Failure, KeyRefused, ProviderUnavailable, RateLimited, RequestRefused
from core.llm.limits import Quota, quotas, retry_after_s
from core.llm.messages import LONGEST_SAID, Request, storable
from core.llm.provider import Provider

if TYPE_CHECKING:
    from anthropic import APIStatusError

MOST_LOOKED_THROUGH: Final = 500_000
QUOTED: Final = 20  # so many letters in a row of a prompt are a quotation
SPENT: Final = frozenset(  # spend limits, which come as 429 or 402
    f"{whose}_spend_limit_reached" for whose in ("contract", "enforced", "linked_organization")
)
BLOCKED: Final = frozenset({"organization_on_hold", "linked_organization_billing_unavailable"})
BLOCKED_TYPES: Final = frozenset({"authentication_error", "permission_error", "billing_error"})
RAMP: Final = "ramp_limit_exceeded"  # more was asked within minutes than the account may grow
TRY_AGAIN, TOO_LONG = frozenset({408, 409, 425, 499}), frozenset({413, 414, 431})
_SECRET = re.compile(r"sk-[A-Za-z0-9_-]{6,}")


def is_object(raw: bytes) -> bool:
    """Whether an answer looks like a whole JSON object; it is read only after it was stored."""
    return raw[:64].lstrip().startswith(b"{") and raw[-64:].rstrip().endswith(b"}")


def not_the_api(provider: Provider, headers: Mapping[str, str], raw: bytes) -> ProviderUnavailable:
    """Something answered "200 OK" that is no reply: a proxy's page, nothing, or half of it."""
    what = (
        f"{_kind(headers)} came back, and no reply of the API" if raw.strip() else "an empty answer came back"
    )
    found = request_id(headers)
    return ProviderUnavailable(provider=provider.label, problem=what, may_be_paid=True, request_id=found)


def quotas_of(error: BaseException, sent: Sequence[Request]) -> tuple[Quota, ...]:
    """What a refusal says of quotas."""
    response = getattr(error, "response", None)
    if response is None:
        return ()
    return quotas(response.headers, tokens.needed(sent[0]) if response.status_code == 429 and sent else None)


@contextlib.contextmanager
def told(provider: Provider, sent: Sequence[Request] = ()) -> Iterator[None]:
    """What the SDK raises inside becomes a failure of ours, without its text, which repeats what was sent."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # any that is none of the SDK's is raised again
        raise translated(provider, error, sent) from None


def translated(provider: Provider, error: Exception, sent: Sequence[Request] = ()) -> Failure:
    """The failure that an exception of the SDK, or a deadline, stands for. Raises any other again."""
    import anthropic
    import httpx2

    from core.llm.transport import ElsewhereRefused, TooMuch

    if isinstance(error, anthropic.APIStatusError):
        return _of_status(provider, error, sent)
    if isinstance(error, (TimeoutError, anthropic.APITimeoutError, httpx2.TimeoutException)):
        problem, is_out = "it did not answer in time", not _is_before_sending(error)
    elif isinstance(error, (anthropic.APIConnectionError, httpx2.HTTPError, httpx2.StreamError)):
        is_out = not _is_before_sending(error)
        problem = "the connection broke off" if is_out else "it can't be reached"
        if isinstance(error.__cause__, (TooMuch, ElsewhereRefused)):
            problem = str(error.__cause__)
    else:
        raise error
    return ProviderUnavailable(provider=provider.label, problem=problem, may_be_paid=is_out)


def _of_status(provider: Provider, error: APIStatusError, sent: Sequence[Request]) -> Failure:
    status, headers, label = error.status_code, error.response.headers, provider.label
    said, request_id_ = _said(provider, error, sent), request_id(headers)
    wait_s = retry_after_s(headers, time.time())
    refused = error.error_code in SPENT | BLOCKED or error.type in BLOCKED_TYPES
    if status in (401, 402, 403) or refused:
        return KeyRefused(provider=label, status_text=str(status), said=said, request_id=request_id_)
    if status == 429:
        short = any(one.is_short for one in quotas_of(error, sent)) or error.error_code == RAMP
        return RateLimited(
            provider=label, said=said, retry_after_s=wait_s, from_quota=short, request_id=request_id_
        )
    is_json = isinstance(error.body, dict)  # what is not, a proxy has said, and a proxy's refusal may pass
    if not 400 <= status < 500 or status in TRY_AGAIN or (not is_json and status not in TOO_LONG):
        problem = f"it answers HTTP {status}" + (said if is_json else f" with {_kind(headers)}")
        return ProviderUnavailable(
            provider=label, problem=problem, retry_after_s=wait_s, request_id=request_id_
        )
    return RequestRefused(provider=label, status_text=str(status), said=said, request_id=request_id_)


def _is_before_sending(error: BaseException) -> bool:
    """Whether it failed before a byte of the request was out, so that nothing can have been accepted."""
    import httpx2

    from core.llm.transport import ElsewhereRefused

    connecting = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
    other = (ElsewhereRefused, httpx2.UnsupportedProtocol, httpx2.InvalidURL)
    return isinstance(error.__cause__, (*connecting, *other))


def _said(provider: Provider, error: APIStatusError, sent: Sequence[Request]) -> str:
    """A colon and the API's own words, or nothing."""
    text = error.api_message if isinstance(error.api_message, str) else ""
    text = " ".join(text.split())[:LONGEST_SAID].rstrip(". ")
    text = _SECRET.sub("…", text.replace(provider.key.get_secret_value(), "…"))
    if not text or _quotes(text, sent):
        text = str(error.error_code or error.type or "")
    text = storable(text, LONGEST_SAID)
    return f": {text}" if text else ""


def _quotes(text: str, sent: Sequence[Request]) -> bool:
    """Whether an error repeats what was sent; taken to be so where that is too much to look through."""
    if sum(len(one.system) + len(one.prompt) for one in sent) > MOST_LOOKED_THROUGH:
        return True
    words = " ".join(" ".join(f"{one.system} {one.prompt}" for one in sent).split())
    return any(text[n : n + QUOTED] in words for n in range(max(1, len(text) - QUOTED + 1)))


def request_id(headers: Mapping[str, str]) -> str:
    """The number under which the provider knows an exchange."""
    return str(headers.get("request-id") or "")[:200]


def _kind(headers: Mapping[str, str]) -> str:
    kind = str(headers.get("content-type") or "").partition(";")[0].strip().lower()
    return {"text/html": "a web page", "application/json": "broken JSON"}.get(kind, "something else")


def parsed(raw: bytes) -> object:
    """The JSON of an answer, or None."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
