"""The formats in which conversations are exported, each as rows of plain values with a schema of their own.

| format | a row holds, beside what every row says of itself |
| --- | --- |
| chat-jsonl, parquet | `messages`: [{"role", "content"}], as chat templates take them |
| sharegpt | `conversations`: [{"from": "system" / "human" / "gpt", "value"}] |
| alpaca | `instruction`, `input`, `output` of the last exchange, `history`: [[user, assistant]] before it, `system` |

A system text, where a conversation begins with one, stays in each of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from core.generation.conversations.messages import Messages

Row = dict[str, Any]

_SHAREGPT: Final = {"system": "system", "user": "human", "assistant": "gpt"}
_TURNS: Final = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
_PROVENANCE: Final = (
    ("id", pa.string()),
    ("conversation_id", pa.string()),
    ("content_sha256", pa.string()),
    ("status", pa.string()),
    ("source", pa.string()),
    ("is_offline", pa.bool_()),
)


@dataclass(frozen=True)
class Said:
    """A conversation as it is exported. source: the model, or OFFLINE."""

    id: UUID
    conversation_id: UUID
    content_sha256: str
    status: str
    source: str
    is_offline: bool
    messages: Messages


@dataclass(frozen=True)
class Format:
    """A format. columns: by name, before those of provenance. is_parquet: else each row is a line of JSON."""

    name: str
    columns: tuple[tuple[str, pa.DataType], ...]
    values: Callable[[Messages], Row]
    is_parquet: bool = False

    @property
    def suffix(self) -> str:
        return "parquet" if self.is_parquet else "jsonl"

    @property
    def schema(self) -> pa.Schema:
        """Of a row, in the order of its columns."""
        return pa.schema([*self.columns, *_PROVENANCE])

    def row(self, said: Said) -> Row:
        """A conversation's values, by column."""
        return {
            **self.values(said.messages),
            "id": str(said.id),
            "conversation_id": str(said.conversation_id),
            "content_sha256": said.content_sha256,
            "status": said.status,
            "source": said.source,
            "is_offline": said.is_offline,
        }


def line(row: Row) -> bytes:
    """A row as a line of JSON."""
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _chat(messages: Messages) -> Row:
    return {"messages": [{"role": one["role"], "content": one["content"]} for one in messages]}


def _sharegpt(messages: Messages) -> Row:
    return {"conversations": [{"from": _SHAREGPT[one["role"]], "value": one["content"]} for one in messages]}


def _alpaca(messages: Messages) -> Row:
    """The last exchange is what is learnt; those before it are what was said until then."""
    is_system = messages[0]["role"] == "system"
    turns = [one["content"] for one in messages[is_system:]]
    pairs = [list(pair) for pair in zip(turns[::2], turns[1::2], strict=True)]
    *history, (instruction, output) = pairs
    return {
        "instruction": instruction,
        "input": "",
        "output": output,
        "system": messages[0]["content"] if is_system else "",
        "history": history,
    }


FORMATS: Final[Mapping[str, Format]] = {
    one.name: one
    for one in (
        Format("chat-jsonl", (("messages", _TURNS),), _chat),
        Format(
            "sharegpt",
            (("conversations", pa.list_(pa.struct([("from", pa.string()), ("value", pa.string())]))),),
            _sharegpt,
        ),
        Format(
            "alpaca",
            (
                *((name, pa.string()) for name in ("instruction", "input", "output", "system")),
                ("history", pa.list_(pa.list_(pa.string()))),
            ),
            _alpaca,
        ),
        Format("parquet", (("messages", _TURNS),), _chat, is_parquet=True),
    )
}
