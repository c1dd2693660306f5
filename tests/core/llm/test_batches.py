"""Message Batches: what is sent, what becomes of each request, and what is left after a crash."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from core import llm
from core.llm import batches
from core.llm.client import GET_S
from core.settings.parts.worker import WorkerSettings
from tests.core.llm.conftest import KEY, SECRET_WORDS, provider, request, with_client
from tests.servers.claude import LOST, Answer, ClaudeServer, message, refusal

Result = TypeVar("Result")
PATH = "/v1/messages/batches"


def asked(claude: ClaudeServer, do: Callable[[llm.Client], Awaitable[Result]]) -> Result:
    return with_client(provider(claude.url), do)


def new(claude: ClaudeServer, *ids: str) -> batches.Batch:
    return asked(claude, lambda client: batches.create(client, [(one, request()) for one in ids]))


def results(claude: ClaudeServer, batch_id: str) -> list[batches.BatchResult]:
    async def read(client: llm.Client) -> list[batches.BatchResult]:
        return [one async for one in batches.results(client, batch_id)]

    return asked(claude, read)


def test_a_batch_is_created_looked_at_and_read(claude: ClaudeServer) -> None:
    batch = new(claude, "item-0", "item-1")
    assert (batch.status, batch.n_requests, batch.n_processing) == ("in_progress", 2, 2)
    sent = claude.asked[-1].body["requests"]
    assert sent[0] == {"custom_id": "item-0", "params": request().body()}
    claude.end(batch.id)
    ended = asked(claude, lambda client: batches.get(client, batch.id))
    assert (ended.status, ended.n_succeeded, ended.n_requests) == ("ended", 2, 2)
    found = results(claude, batch.id)
    assert [one.custom_id for one in found] == ["item-1", "item-0"]  # in no order
    assert isinstance(found[0], batches.Succeeded)
    assert found[0].reply.usage == llm.Usage(n_input=120, n_output=90, service_tier="batch")
    assert json.loads(found[0].reply.text)["messages"]


def test_results_are_asked_for_at_our_address_whatever_the_batch_names(claude: ClaudeServer) -> None:
    batch = new(claude, "item-0")
    claude.end(batch.id)
    results(claude, batch.id)
    assert claude.batches[batch.id]["results_url"].startswith("http://203.0.113.1")
    assert claude.asked[-1].path == f"{PATH}/{batch.id}/results"
    assert claude.asked[-1].headers["authorization"] == f"Bearer {KEY}"


def test_each_request_ends_in_one_of_four_ways(claude: ClaudeServer) -> None:
    final, passing = (refusal(kind) for kind in ("invalid_request_error", "api_error"))
    claude.ends = {
        "item-1": {"type": "errored", "error": final},
        "item-2": {"type": "errored", "error": passing},
        "item-3": {"type": "expired"},
        "item-4": {"type": "canceled"},
        "item-5": {"type": "errored", "error": None},
    }
    batch = new(claude, *(f"item-{n}" for n in range(6)))
    claude.end(batch.id)
    ended = asked(claude, lambda client: batches.get(client, batch.id))
    assert (ended.n_succeeded, ended.n_errored, ended.n_expired, ended.n_canceled) == (1, 3, 1, 1)
    found = {one.custom_id: one for one in results(claude, batch.id)}
    assert isinstance(found.pop("item-0"), batches.Succeeded)
    assert found == {
        "item-1": batches.Errored("item-1", "invalid_request_error", is_final=True),
        "item-2": batches.Errored("item-2", "api_error", is_final=False),
        "item-3": batches.Expired("item-3"),
        "item-4": batches.Canceled("item-4"),
        "item-5": batches.Errored("item-5", "errored", is_final=False),
    }


def test_half_a_character_in_one_reply_keeps_nobody_from_the_others(claude: ClaudeServer) -> None:
    claude.ends = {"item-0": {"type": "succeeded", "message": message("\ud83d")}}
    batch = new(claude, "item-0", "item-1")
    claude.end(batch.id)
    found = {one.custom_id: one for one in results(claude, batch.id)}
    odd = found["item-0"]
    assert isinstance(odd, batches.Succeeded)
    assert (odd.reply.text, set(found)) == ("\ud83d", {"item-0", "item-1"})


def test_one_whose_creation_nobody_heard_of_is_found_by_time_and_number(claude: ClaudeServer) -> None:
    old = new(claude, "item-0")
    claude.batches[old.id]["created_at"] = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    before = datetime.now(UTC)
    claude.lose_answers_to = PATH
    with pytest.raises(llm.ProviderUnavailable) as lost:
        new(claude, "item-0", "item-1", "item-2")
    assert lost.value.may_be_paid
    claude.lose_answers_to = ""
    new(claude, "item-7")
    found = asked(claude, lambda client: batches.since(client, before))
    assert sorted(one.n_requests for one in found) == [1, 3]


def test_a_list_goes_on_over_pages_and_ends_where_a_server_repeats_itself(claude: ClaudeServer) -> None:
    new(claude, "item-0")
    page = {"data": list(claude.batches.values()), "has_more": True}
    claude.paths["GET", PATH] = Answer(body=page)
    found = asked(claude, lambda client: batches.since(client, datetime(2020, 1, 1, tzinfo=UTC)))
    assert len(found) == 1
    assert sum(one.method == "GET" for one in claude.asked) == 2


def test_a_batch_is_cancelled(claude: ClaudeServer) -> None:
    batch = new(claude, "item-0")
    assert asked(claude, lambda client: batches.cancel(client, batch.id)).status == "canceling"


def test_what_is_not_there_is_refused(claude: ClaudeServer) -> None:
    with pytest.raises(llm.RequestRefused):
        asked(claude, lambda client: batches.get(client, "msgbatch_99"))
    with pytest.raises(llm.RequestRefused):
        results(claude, "msgbatch_99")


@pytest.mark.parametrize(
    "ids", [(), ("a", "a"), ("a" * 65,), ("",), ("a b",), ("ä",), ("a/b",)], ids=lambda ids: str(ids)[:12]
)
def test_ids_that_the_api_does_not_take_are_not_sent(claude: ClaudeServer, ids: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="an id of its own"):
        new(claude, *ids)
    assert claude.asked == []


@pytest.mark.parametrize("batch_id", ["", "../users", "a?b=c", "https://203.0.113.1/x"])
def test_an_id_of_a_batch_leads_nowhere_else(claude: ClaudeServer, batch_id: str) -> None:
    with pytest.raises(ValueError, match="an id of a batch"):
        asked(claude, lambda client: batches.get(client, batch_id))
    assert claude.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>", content_type="text/html"),
        Answer(body={}),
        Answer(body={"id": "../x", "processing_status": "ended"}),
        Answer(body=[]),
        LOST,
        Answer(529),
    ],
)
def test_a_batch_that_can_not_be_read_is_an_outage(claude: ClaudeServer, answer: Answer) -> None:
    claude.paths["GET", f"{PATH}/msgbatch_1"] = answer
    with pytest.raises(llm.ProviderUnavailable):
        asked(claude, lambda client: batches.get(client, "msgbatch_1"))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(body=b'{"custom_id": "item-0"}\n'), llm.UnreadableReply),
        (Answer(body=b'{"custom_id": "item-0", "result": {"type": "succeeded"}}'), llm.UnreadableReply),
        (Answer(body=b"<html>"), llm.UnreadableReply),
        (Answer(body=b"x" * 1_000_000, is_endless=True), llm.UnreadableReply),
        (Answer(body=b"\n" * 20 + b"{}" * 200, cut=300), llm.ProviderUnavailable),
        (Answer(401, refusal("authentication_error")), llm.KeyRefused),
        (Answer(529, b"x" * 100_000, is_endless=True), llm.ProviderUnavailable),
    ],
)
def test_results_that_can_not_be_read_say_so(claude: ClaudeServer, answer: Answer, kind: type) -> None:
    claude.paths["GET", f"{PATH}/msgbatch_1/results"] = answer
    with pytest.raises(kind):
        results(claude, "msgbatch_1")


def test_results_before_a_broken_connection_are_not_lost(claude: ClaudeServer) -> None:
    line = json.dumps({"custom_id": "item-0", "result": {"type": "succeeded", "message": message()}}).encode()
    whole = len(line) + 300
    claude.paths["GET", f"{PATH}/msgbatch_1/results"] = Answer(body=(line + b"\n\n") * 3, cut=whole)

    async def read(client: llm.Client) -> list[str]:
        found = []
        with pytest.raises(llm.ProviderUnavailable):
            async for one in batches.results(client, "msgbatch_1"):
                found.append(one.custom_id)
        return found

    assert asked(claude, read) == ["item-0"]


def test_a_failure_of_a_batch_says_nothing_of_its_prompts(claude: ClaudeServer) -> None:
    quoting = refusal("invalid_request_error", f"bad: {SECRET_WORDS}")
    claude.paths["POST", PATH] = Answer(400, quoting)
    with pytest.raises(llm.RequestRefused) as refused:
        asked(
            claude,
            lambda client: batches.create(
                client, [("item-0", request(prompt="Harmless.")), ("item-1", request())]
            ),
        )
    assert SECRET_WORDS not in str(refused.value)


def test_a_provider_that_hangs_is_not_waited_for_as_long_as_a_worker_may_be_silent(
    claude: ClaudeServer,
) -> None:
    assert max(batches.CREATE_S, GET_S) < WorkerSettings.model_fields["silence_s"].default
    batch = new(claude, "item-0")
    claude.hold()
    with pytest.raises(llm.ProviderUnavailable, match="did not answer in time"):
        asked(claude, lambda client: client.get(f"{PATH}/{batch.id}", deadline_s=0.2))
    claude.go_on()
