"""An installation with a key, whose Claude is a server of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests.servers.claude import Answer, ClaudeServer, message
from tests.trainings import TINY, Bench

KEY = "sk-ant-only-for-this-test"
PREDICT = """\
import json


def load(path):
    return json.load(open(path))


def predict(model, frame):
    return [model] * len(frame)
"""
TRAIN = TINY.partition('open("predict.py"')[0] + 'print("made by Claude")\n'


def files(train: str = TRAIN, predict: str = PREDICT, **more: Any) -> str:
    """The text of an answer."""
    said = {"approach": "It guesses. Always the same.", "train_py": train, "predict_py": predict}
    return json.dumps(said | more)


def said(text: str, **more: Any) -> Answer:
    """An answer with this text."""
    return Answer(body=message(text, **more))


@pytest.fixture
def claude() -> Iterator[ClaudeServer]:
    with ClaudeServer() as server:
        yield server


def with_claude(bench: Bench, claude: ClaudeServer) -> Bench:
    """The same installation with a key, and this server in Claude's place."""
    given = {"anthropic_api_key": SecretStr(KEY), "anthropic_base_url": claude.url}
    bench.settings = bench.settings.model_copy(update=given)
    return bench


@pytest.fixture
def with_key(sandboxed: Bench, claude: ClaudeServer) -> Bench:
    """On SQLite."""
    return with_claude(sandboxed, claude)
