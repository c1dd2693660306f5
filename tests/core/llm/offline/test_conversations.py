"""The offline generator: the same prompt gives the same conversation, others give others, and its values are in it."""

from __future__ import annotations

import asyncio
import json
from itertools import product
from typing import Any

import pytest

from core import llm
from core.llm.offline import conversations, phrases
from tests.core.llm.conftest import provider, with_client

TASKS = {
    "support": "You write conversations of customer support.",
    "sales": "You write conversations of a sales team with a prospect.",
    "coaching": "You write conversations of a coach with a learner.",
    "other": "You write.",
}
TOPICS = ("a late parcel", "a broken screen", "an invoice", "a lost password", "a reservation")
PEOPLE = ("a student", "a nurse", "an accountant", "a driver", "a retired teacher")


def prompt(**values: object) -> str:
    tags = "\n".join(f'<variable name="{name}">{value}</variable>' for name, value in values.items())
    return f"Write one conversation.\n{tags}"


def write(task: str = "support", **values: object) -> list[dict[str, str]]:
    asked = prompt(**values)
    return conversations.write(asked, seed=f"{task}{asked}", system=TASKS[task])


def ask(*requests: llm.Request) -> list[llm.Reply]:
    async def all_asked(client: llm.Client) -> list[llm.Reply]:
        return await asyncio.gather(*(client.ask(one) for one in requests))

    return with_client(provider(key=""), all_asked)


def request(asked: str, **changes: Any) -> llm.Request:
    given: dict[str, Any] = {"system": TASKS["support"], "max_tokens": 2_000, **changes}
    return llm.Request(model="offline-generator", prompt=asked, **given)


def test_a_thousand_sets_of_values_give_as_many_texts_and_each_the_same_again() -> None:
    grid = list(product(TOPICS, PEOPLE, ("formal", "friendly"), range(20)))
    assert len(grid) == 1_000
    written = [json.dumps(write(topic=one, persona=who, tone=how, number=n)) for one, who, how, n in grid]
    assert len(set(written)) == 1_000
    asked = [request(prompt(topic=one, persona=who, tone=how, number=n)) for one, who, how, n in grid[::50]]
    texts = [reply.text for reply in ask(*asked)]
    assert len(set(texts)) == 20
    assert [reply.text for reply in ask(*asked)] == texts


@pytest.mark.parametrize("task", TASKS)
def test_roles_alternate_from_the_user_to_the_assistant_and_values_are_in_it(task: str) -> None:
    for topic, who in product(TOPICS, PEOPLE):
        messages = write(task, topic=topic, persona=who, channel="e-mail")
        assert 2 <= len(messages) <= 8
        assert [one["role"] for one in messages] == ["user", "assistant"] * (len(messages) // 2)
        text = " ".join(one["content"] for one in messages)
        assert all(value in text for value in (topic, who, "channel: e-mail"))
        assert not {"{", "}"} & set(text)
        assert len({one["content"] for one in messages}) == len(messages)


@pytest.mark.parametrize(
    ("turns", "n"), [(2, 2), (4, 4), (7, 6), (8, 8), (1, 2), (0, 2), (10**30, 8), ("many", None)]
)
def test_it_is_as_long_as_is_asked_between_two_and_eight_messages(turns: object, n: int | None) -> None:
    messages = write(topic="tea", turns=turns)
    assert len(messages) == n if n else 2 <= len(messages) <= 8


def test_what_it_is_about_and_with_what_go_together() -> None:
    text = json.dumps(write(product="the blue kettle", issue="it leaks."))
    assert "it leaks with the blue kettle" in text


def test_tags_in_values_are_words_and_long_values_are_cut() -> None:
    text = json.dumps(write(topic="a &lt;b&gt; &amp; c", note="x" * 10_000))
    assert "a <b> & c" in text
    assert len(text) < 4_000


@pytest.mark.parametrize(
    "asked", ["", "no values", '<variable name="topic">never closed', '<variable name="topic"></variable>',
              '<variable name="' * 50_000, '<variable name="a">{subject} {0} {x.__class__}</variable>', "\ud800 half"],
)  # fmt: skip
def test_any_prompt_gives_a_conversation(asked: str) -> None:
    (reply,) = ask(request(asked or "."))
    messages = json.loads(reply.text)["messages"]
    assert messages[-1]["role"] == "assistant"


def test_it_says_who_has_written_and_stops_where_it_is_told_to() -> None:
    whole, cut = ask(request(prompt(topic="tea")), request(prompt(topic="tea"), max_tokens=10))
    assert (whole.model, whole.stop_reason) == ("offline-generator", "end_turn")
    assert whole.request_id.startswith("msg_offline_")
    assert (cut.stop_reason, len(cut.text)) == ("max_tokens", 40)
    assert whole.text.startswith(cut.text)
    assert cut.usage is not None
    assert cut.usage.n_output == 10


def test_it_counts_tokens_and_refuses_what_it_does_not_know() -> None:
    async def asked(client: llm.Client) -> llm.TokenCount:
        for path, body in (("/v1/models", None), ("/v1/messages", {"messages": 5}), ("/v1/messages", {})):
            with pytest.raises(llm.RequestRefused):
                await client.post(path, body, deadline_s=10.0)
        with pytest.raises(llm.RequestRefused):
            await client.get("/v1/messages/batches")
        return await client.count_tokens(request(prompt(topic="tea")))

    counted = with_client(provider(key=""), asked)
    assert not counted.is_rough
    assert 10 < counted.n < 100


def test_every_phrase_can_be_said() -> None:
    slots = {*phrases.SLOTS, "subject", "number", "step", "other_step"}
    for occasion in (*phrases.OCCASIONS, phrases.OTHERS):
        pairs = [one for pair in (*occasion.follow_ups, *occasion.ends) for one in pair]
        for phrase in (*occasion.opens, *occasion.answers, *pairs):
            assert phrase.format(**dict.fromkeys(slots, "x"))
        assert len(occasion.follow_ups) >= 4
