"""Whatever goes wrong with a request is one of four things to do, told without the prompt and the key."""

from __future__ import annotations

import json
import traceback
from typing import Any

import pytest

from core import llm
from tests.core.llm.conftest import KEY, PROMPT, SECRET_WORDS, ask, provider
from tests.servers.claude import LOST, Answer, ClaudeServer, message, refusal

PAGE = b"<html><body>Bad gateway</body></html>"
QUOTA = {"anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-requests-remaining": "0"}
TOKENS = {"anthropic-ratelimit-tokens-limit": "9000", "anthropic-ratelimit-tokens-remaining": "400"}


def failure(claude: ClaudeServer, answer: Answer, **changes: Any) -> Any:
    claude.next.append(answer)
    with pytest.raises(llm.FAILURES) as failed:
        ask(provider(claude.url), **changes)
    told = "".join(traceback.format_exception(failed.value)) + repr(failed.value) + str(vars(failed.value))
    assert SECRET_WORDS not in told
    assert KEY not in told
    return failed.value


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(400, refusal("invalid_request_error", "max_tokens: 5 > 3")), llm.RequestRefused),
        (Answer(404, refusal("not_found_error", "model: nobody")), llm.RequestRefused),
        (Answer(413, refusal("request_too_large")), llm.RequestRefused),
        (Answer(413, PAGE, content_type="text/html"), llm.RequestRefused),
        (Answer(422, {"detail": [{"input": PROMPT}]}), llm.RequestRefused),
        (Answer(401, refusal("authentication_error", "invalid x-api-key")), llm.KeyRefused),
        (Answer(402, refusal("billing_error")), llm.KeyRefused),
        (Answer(403, refusal("permission_error")), llm.KeyRefused),
        (Answer(403, PAGE, content_type="text/html"), llm.KeyRefused),
        (Answer(400, refusal("billing_error", "Your credit balance is too low")), llm.KeyRefused),
        (Answer(400, refusal("invalid_request_error", error_code="organization_on_hold")), llm.KeyRefused),
        *(
            (Answer(status, refusal("rate_limit_error", error_code=code)), llm.KeyRefused)
            for status, code in (
                (429, "enforced_spend_limit_reached"),
                (429, "contract_spend_limit_reached"),
                (402, "linked_organization_spend_limit_reached"),
            )
        ),
        (Answer(429, refusal("rate_limit_error")), llm.RateLimited),
        (Answer(429, PAGE, content_type="text/html"), llm.RateLimited),
        (Answer(529, refusal("overloaded_error")), llm.ProviderUnavailable),
        (Answer(500, refusal("api_error")), llm.ProviderUnavailable),
        (Answer(502, PAGE, content_type="text/html"), llm.ProviderUnavailable),
        (Answer(504, b""), llm.ProviderUnavailable),
        (Answer(408, refusal("timeout_error")), llm.ProviderUnavailable),
        (Answer(409, refusal("conflict_error")), llm.ProviderUnavailable),
        (Answer(404, PAGE, content_type="text/html"), llm.ProviderUnavailable),
        (Answer(307, b"", {"location": "http://203.0.113.1/v1/messages"}), llm.ProviderUnavailable),
    ],
    ids=lambda one: f"{one.status}-{one.content_type}" if isinstance(one, Answer) else one.__name__,
)
def test_a_refusal_is_told_by_what_is_to_be_done(claude: ClaudeServer, answer: Answer, kind: type) -> None:
    found = failure(claude, answer)
    assert type(found) is kind
    assert found.request_id == "req_of_a_test"
    assert len(claude.asked) == 1  # nothing is tried again here, and nobody is followed elsewhere


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=PAGE, content_type="text/html"),
        Answer(body=b""),
        Answer(body=b"  \n"),
        Answer(body=json.dumps(message()).encode()[:-40]),
        Answer(body=b'"' + json.dumps(message()).encode()),
        Answer(body=[message()]),
        Answer(cut=300),
        LOST,
        Answer(body=b"x" * 100_000, is_endless=True),
        Answer(body=b"{" + b" " * 99_998 + b"}", is_endless=True),
        Answer(500, b"x" * 100_000, is_endless=True),
    ],
    ids=[
        "page",
        "empty",
        "blank",
        "truncated",
        "text",
        "list",
        "cut",
        "lost",
        "endless",
        "endless-2",
        "endless-500",
    ],
)
def test_what_is_no_reply_of_the_api_is_an_outage_that_may_be_paid(
    claude: ClaudeServer, answer: Answer
) -> None:
    found = failure(claude, answer)
    assert type(found) is llm.ProviderUnavailable
    assert found.may_be_paid


def test_a_good_reply_under_a_wrong_type_is_a_reply(claude: ClaudeServer) -> None:
    claude.next.append(Answer(content_type="text/plain"))
    assert ask(provider(claude.url)).text


@pytest.mark.parametrize(
    "body", [b'{"error": }', b'{"content": "text"}', b'{"type": "message"}', b'{"a": ' * 100_000 + b"}"]
)
def test_a_reply_without_a_message_is_kept_and_says_so_when_it_is_read(
    claude: ClaudeServer, body: bytes
) -> None:
    claude.next.append(Answer(body=body))
    reply = ask(provider(claude.url))
    assert reply.raw == body
    with pytest.raises(llm.UnreadableReply):
        _ = reply.text


@pytest.mark.parametrize(
    "usage", [None, {}, [], {"input_tokens": -1, "output_tokens": 1}, {"input_tokens": 1, "output_tokens": "2"},
              {"input_tokens": True, "output_tokens": 2}, {"input_tokens": 10**12, "output_tokens": 2}],
)  # fmt: skip
def test_a_usage_that_can_not_be_is_none(usage: Any) -> None:
    assert llm.Reply(json.dumps({**message(), "usage": usage}).encode()).usage is None


def test_usage_parts_what_was_written_to_the_cache_by_how_long_it_stays() -> None:
    given = {"input_tokens": 5, "output_tokens": 7, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 11,
             "cache_creation": {"ephemeral_1h_input_tokens": 4, "ephemeral_5m_input_tokens": 7},
             "output_tokens_details": {"thinking_tokens": 2}, "service_tier": "standard"}  # fmt: skip
    found = llm.Reply(json.dumps({**message(), "usage": given}).encode()).usage
    assert found == llm.Usage(5, 7, 3, 7, 4, 2, "standard")
    assert found.n_prompt == 19


def test_a_refusal_of_the_model_is_shown_as_the_providers_word() -> None:
    details = {"type": "refusal", "category": "frontier_llm", "explanation": "Competing models."}
    body = {**message("", stop_reason="refusal"), "stop_details": details}
    assert llm.Reply(json.dumps(body).encode()).refusal == "frontier_llm: Competing models."
    assert llm.Reply(json.dumps(message()).encode()).refusal == ""


def test_silence_ends_with_the_deadline(claude: ClaudeServer) -> None:
    found = failure(claude, Answer(delay_s=60), timeout_s=0.2)
    assert (type(found), found.may_be_paid) == (llm.ProviderUnavailable, True)
    assert "did not answer in time" in found.message


def test_a_server_that_is_not_there_has_taken_nothing() -> None:
    with pytest.raises(llm.ProviderUnavailable) as failed:
        ask(provider("http://127.0.0.1:9"))
    assert not failed.value.may_be_paid
    assert failed.value.message == "Claude at 127.0.0.1:9 can't be used right now: it can't be reached."


@pytest.mark.parametrize(
    ("headers", "wait_s", "from_quota"),
    [
        ({}, None, False),
        ({"retry-after": "7"}, 7.0, False),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25, False),
        ({"retry-after": "86400"}, 120.0, False),
        ({"retry-after": "-3"}, 0.0, False),
        ({"retry-after": "nan"}, None, False),
        ({"retry-after": "soon"}, None, False),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0.0, False),
        ({"retry-after": "7", **QUOTA}, 7.0, True),
        ({**QUOTA, "anthropic-ratelimit-requests-remaining": "9"}, None, False),
        (TOKENS, None, True),
        (
            {"anthropic-ratelimit-tokens-limit": "many", "anthropic-ratelimit-tokens-remaining": "-1"},
            None,
            False,
        ),
    ],
)
def test_a_429_says_how_long_to_wait_and_whether_a_quota_is_used_up(
    claude: ClaudeServer, headers: dict[str, str], wait_s: float | None, from_quota: bool
) -> None:
    found = failure(claude, Answer(429, refusal("rate_limit_error"), headers))
    assert (found.retry_after_s, found.from_quota) == (wait_s, from_quota)


def test_the_apis_own_words_are_shown_but_not_where_they_quote_what_was_sent(claude: ClaudeServer) -> None:
    shown = failure(claude, Answer(400, refusal("invalid_request_error", "max_tokens: 5 > 3")))
    assert "max_tokens: 5 > 3" in shown.message
    quoting = refusal("invalid_request_error", f"This is not allowed: {SECRET_WORDS[:30]}")
    assert failure(claude, Answer(400, quoting)).said == ": invalid_request_error"
    keyed = failure(claude, Answer(401, refusal("authentication_error", f"unknown key {KEY}")))
    assert keyed.said == ": unknown key …"
    assert len(failure(claude, Answer(400, refusal("x" * 10_000, "y" * 10_000))).message) < 500


def test_a_failure_of_ours_is_no_failure_of_the_provider(claude: ClaudeServer) -> None:
    with pytest.raises(TypeError):
        ask(provider(claude.url), schema=object())
