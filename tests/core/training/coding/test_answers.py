"""What is wrong with an answer is found before anything runs, and all of it at once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from core.training.coding import answers
from core.training.errors import CodeUnusable
from tests.core.training.coding.conftest import PREDICT, TRAIN, files

UNUSABLE: dict[str, tuple[Callable[[], str], str]] = {
    "prose": (lambda: "Sure! Here is the code you asked for.", "it is no JSON object"),
    "half JSON": (lambda: files()[:200], "its JSON is broken, or breaks off"),
    "a list": (lambda: "[]", "it is no JSON object"),
    "deep JSON": (lambda: '{"a":' * 50_000, "broken"),
    "no predict.py": (lambda: json.dumps({"approach": "x", "train_py": TRAIN}), '"predict_py" is no text'),
    "an empty file": (lambda: files(train=" \n"), "train.py is empty"),
    "no Python": (lambda: files(train="def"), "train.py is no valid Python (line 1)"),
    "deep Python": (lambda: files(train="(" * 5_000 + ")" * 5_000), "train.py is no valid Python"),
    "200 kB": (lambda: files(train="x = 1\n" * 33_000), "train.py has 198,000 bytes, and 64,000 at most are taken"),
    "imports what is not there": (
        lambda: files(train="def f():\n    import torch.nn\n" + TRAIN, predict="from xgboost import XGB\n" + PREDICT),
        "train.py imports torch, which is not there; predict.py imports xgboost, which is not there",
    ),
    "imports relatively": (lambda: files(predict="from . import x\n" + PREDICT), "imports relatively"),
    "imports train.py": (lambda: files(predict="import train\n" + PREDICT), "predict.py imports train"),
    "a predict that is to be awaited": (
        lambda: files(predict=PREDICT.replace("def predict", "async def predict")), "predict.py has no function predict"
    ),
    "no load": (lambda: files(predict="def predict(a, b):\n    return []\n"), "predict.py has no function load"),
    "code that reads otherwise than it runs": (
        lambda: files(train=f"x = 1  # \u202e then \u2066\n{TRAIN}"), "train.py holds characters that nobody sees"
    ),
    "two wrongs": (lambda: files(train="def", predict="x = 1"), "predict.py has no function load; predict.py has no"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_can_not_be_run_is_said(case: str) -> None:
    wrong, problem = UNUSABLE[case]
    with pytest.raises(CodeUnusable) as unusable:
        answers.read(wrong())
    assert problem in unusable.value.message


def test_what_can_be_run_is_taken_without_what_no_database_keeps() -> None:
    found = answers.read(files(train="x = '\0'\n" + TRAIN, approach=" Two\n\nsentences\u202e \ud800. "))
    assert found.train.startswith("x = '\ufffd'")
    assert (found.predict, found.approach) == (PREDICT, "Two sentences ?.")
    assert answers.read(files(train="import predict\n" + TRAIN)), "the second file lies beside the first"
