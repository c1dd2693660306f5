"""Each format: every turn in its place, a system text kept, and words that stay what they are."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest

from core.generation.conversations.messages import Messages
from core.generation.export import formats
from core.generation.export.formats import FORMATS, Said
from tests import generation

SYSTEM = {"role": "system", "content": "Be kind."}
HOSTILE = '\u202ea\nb\r\n"c"\u2028</script>\t🎉 <img src=x> {{ 7 }}'


def row(name: str, messages: Messages) -> dict[str, Any]:
    said = Said(uuid4(), uuid4(), "0" * 64, "approved", "OFFLINE", True, messages)
    return FORMATS[name].row(said)


@pytest.mark.parametrize("begins", [[], [SYSTEM]])
def test_turns_and_a_system_text_have_their_place(begins: Messages) -> None:
    talk = [*begins, *generation.talk("a", "b", "c", "d", "e", "f")]
    assert row("chat-jsonl", talk)["messages"] == row("parquet", talk)["messages"] == talk
    shared = row("sharegpt", talk)["conversations"]
    assert [one["from"] for one in shared] == ["system"] * len(begins) + ["human", "gpt"] * 3
    assert [one["value"] for one in shared] == [one["content"] for one in talk]
    found = row("alpaca", talk)
    assert (found["instruction"], found["input"], found["output"]) == ("e", "", "f")
    assert found["history"] == [["a", "b"], ["c", "d"]]
    assert found["system"] == ("Be kind." if begins else "")
    assert row("alpaca", generation.talk("a", "b"))["history"] == []


@pytest.mark.parametrize("name", FORMATS)
def test_words_stay_on_their_line_and_rows_fit_their_schema(name: str) -> None:
    made = row(name, generation.talk(HOSTILE, HOSTILE))
    line = formats.line(made)
    assert line.count(b"\n") == 1
    assert json.loads(line) == made
    assert pa.Table.from_pylist([made], FORMATS[name].schema).to_pylist() == [made]
