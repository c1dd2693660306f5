"""The client brings a reply byte for byte, with our key and nobody else's."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest

from core import llm
from tests.core.llm.conftest import KEY, PROMPT, ask, provider, request, with_client
from tests.servers.claude import TALK, Answer, ClaudeServer, message


def test_a_reply_comes_byte_for_byte_with_its_number_and_how_long_it_took(claude: ClaudeServer) -> None:
    odd = json.dumps(message(), indent=3).encode() + b"\n"
    claude.next.append(Answer(body=odd))
    reply = ask(provider(claude.url))
    assert reply.raw == odd
    assert reply.request_id == "req_of_a_test"
    assert 0 < reply.latency_s < 60
    assert json.loads(reply.text) == TALK
    assert (reply.stop_reason, reply.model) == ("end_turn", "claude-haiku-5-5")
    assert reply.usage == llm.Usage(n_input=120, n_output=90)


def test_a_stored_reply_is_read_as_the_one_that_came(claude: ClaudeServer) -> None:
    reply = ask(provider(claude.url))
    stored = llm.Reply(reply.raw)
    assert (stored.text, stored.usage, stored.stop_reason) == (reply.text, reply.usage, reply.stop_reason)


def test_neither_prompt_nor_key_is_in_what_is_shown_of_a_request(claude: ClaudeServer) -> None:
    chosen = provider(claude.url)
    shown = repr([chosen, request(system="Keep it to yourself."), ask(chosen)])
    assert KEY not in shown
    assert "Ada" not in shown
    assert "yourself" not in shown
    assert "Good morning" not in shown


def test_no_credential_of_the_machine_is_sent(claude: ClaudeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE"):
        monkeypatch.setenv(name, "of-the-machine")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv(
        "ANTHROPIC_CUSTOM_HEADERS", "Authorization: Bearer of-the-machine\nx-api-key: of-the-machine"
    )
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    for key, sent in ((KEY, KEY), ("", "local")):
        ask(provider(claude.url, key=key))
        headers = claude.asked[-1].headers
        assert headers["authorization"] == f"Bearer {sent}"
        assert "of-the-machine" not in str(headers)


def test_prompts_are_not_logged_even_where_the_sdk_is_asked_to(
    claude: ClaudeServer, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("anthropic").setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG):
        ask(provider(claude.url))
    assert "Ada" not in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("claude-haiku-5-5", {}),
        ("claude-sonnet-5-5", {"effort": "low", "thinking": {"type": "disabled"}}),
        ("claude-opus-5-5", {"effort": "low"}),
        ("my-model", {}),
    ],
)
def test_thinking_is_kept_small_where_the_model_has_it(
    claude: ClaudeServer, model: str, sent: dict[str, object]
) -> None:
    ask(provider(claude.url, key=""), model=model, effort="low")
    body = claude.asked[-1].body
    found = {"effort": body.get("output_config", {}).get("effort"), "thinking": body.get("thinking")}
    assert {name: value for name, value in found.items() if value} == sent


def test_schema_and_a_cached_system_prompt_are_sent_as_the_api_takes_them(claude: ClaudeServer) -> None:
    schema = {"type": "object", "properties": {}}
    ask(provider(claude.url), schema=schema, system="You write.", cache_system=True)
    assert claude.asked[-1].body == {
        "model": "claude-haiku-5-5",
        "max_tokens": 500,
        "messages": [{"role": "user", "content": PROMPT}],
        "system": [{"type": "text", "text": "You write.", "cache_control": {"type": "ephemeral"}}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
    }
    assert claude.asked[-1].path == "/v1/messages"


def test_tokens_are_counted_by_the_api_and_roughly_where_it_does_not(claude: ClaudeServer) -> None:
    async def counted(client: llm.Client) -> llm.TokenCount:
        return await client.count_tokens(request())

    chosen = provider(claude.url)
    by_api = with_client(chosen, counted)
    assert not by_api.is_rough
    assert claude.asked[-1].body.keys() == {"model", "messages"}
    for silence in (
        Answer(404, {"detail": "Not Found"}),
        Answer(404, b"<html>", content_type="text/html"),
        Answer(body=b"", content_type="text/html"),
        Answer(body={"input_tokens": "many"}),
        Answer(cut=0),
        Answer(529),
        Answer(429),
    ):
        claude.paths["POST", "/v1/messages/count_tokens"] = silence
        roughly = with_client(chosen, counted)
        assert roughly.is_rough
        assert 0.5 < roughly.n / by_api.n < 2
    assert with_client(provider("http://127.0.0.1:9"), counted).is_rough


@pytest.mark.parametrize("n", [0, -1, llm.MOST_TOKENS + 1])
def test_a_reply_is_no_longer_than_can_be_waited_for(n: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 21333"):
        request(max_tokens=n)


def test_a_long_reply_is_waited_for_longer() -> None:
    assert request(max_tokens=1).deadline_s < request(max_tokens=2_000).deadline_s < 200
    assert request(max_tokens=llm.MOST_TOKENS).deadline_s == 600
    assert request(timeout_s=3).deadline_s == 3


def test_no_request_has_more_tokens_than_are_reckoned_with() -> None:
    one = request(system="Ты пишешь. 你写。", schema={"type": "object"})
    assert llm.tokens.at_most(one) > len(one.prompt.encode()) + len(one.system.encode())


def test_the_sdk_is_not_loaded_before_a_client_is_opened() -> None:
    look = """
import sys
from core import llm, settings
llm.provider(settings.read())
print(*sorted({"anthropic", "httpx2"} & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
