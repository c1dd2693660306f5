"""How a request to the model fails, by what is to be done then. No class carries a prompt or a key."""

from __future__ import annotations

from core import errors
from core.errors import AppError


class RateLimited(errors.Unavailable):
    """The provider wants to be asked later; the request itself is good, and nothing was paid.

    retry_after_s: how long it asks to wait, at most MOST_RETRY_AFTER_S; None where it does not say. from_quota: whether
    a quota is used up, which every request of this key and model shares, and not this request alone was turned away.
    """

    code = "llm_rate_limited"
    message = "{provider} asks to slow down{said}."
    hint = "It is asked again by itself."
    provider: str
    said: str = ""
    retry_after_s: float | None = None
    from_quota: bool = False
    request_id: str = ""


class KeyRefused(errors.Unavailable):
    """Nothing will do with this key until somebody acts: it is unknown or blocked, a spend limit is reached."""

    code = "llm_key_refused"
    message = "{provider} refuses this key (HTTP {status_text}){said}."
    hint = "Check ANTHROPIC_API_KEY, the account's balance and its spend limits, then resume."
    provider: str
    status_text: str
    said: str = ""
    request_id: str = ""


class ProviderUnavailable(errors.Unavailable):
    """No answer of use: overloaded, broken, silent, or something else answers in its place. The same may work later.

    may_be_paid: whether the request may have been accepted, and so be paid twice when it is asked again.
    """

    code = "llm_unavailable"
    message = "{provider} can't be used right now: {problem}."
    hint = "It is asked again by itself."
    provider: str
    problem: str
    retry_after_s: float | None = None
    may_be_paid: bool = False
    request_id: str = ""


class RequestRefused(AppError):
    """This request is not taken, however often it is sent: malformed, too long, an unknown model."""

    code = "llm_request_refused"
    message = "{provider} does not take this request (HTTP {status_text}){said}."
    hint = "Check the model and the length of the prompt."
    provider: str
    status_text: str
    said: str = ""
    request_id: str = ""


class UnreadableReply(AppError):
    """What came as a reply is none: broken JSON, or no message in it."""

    code = "llm_unreadable_reply"
    message = "A reply of the model can't be read: {problem}."
    hint = "It is asked again by itself."
    problem: str


class UnknownPrice(AppError):
    """It is not known what a model costs, so it is not asked: a price is never taken to be 0."""

    code = "llm_unknown_price"
    message = "The price of the model {model} is not known, so it is not asked."
    hint = "Choose another model, or name its price in MODEL_PRICES, such as {model}=0.25/1.25."
    model: str


Failure = RateLimited | KeyRefused | ProviderUnavailable | RequestRefused
FAILURES = (RateLimited, KeyRefused, ProviderUnavailable, RequestRefused)
