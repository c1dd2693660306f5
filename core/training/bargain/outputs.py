"""What the code owes: a model, the code that predicts with it, and predictions of the held-out rows.

All of it was written by code that nobody has read. It is taken as bytes, or as JSON of a bounded size, and looked at
cell by cell; nothing of it is ever run or opened outside a sandbox.
"""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from typing import BinaryIO, Final, cast

import numpy as np

from core import sandboxes
from core.models.errors import AnswerUnusable
from core.models.schema import Schema
from core.models.served import answers, packed
from core.sandboxes import Sandbox
from core.training.errors import NothingMade

PREDICTIONS: Final = "predictions.json"
MAX_PREDICTIONS_BYTES: Final = 64_000_000
MORE_VALUES: Final = 1_000  # than the rows need, for what else may stand beside them


def predictions(sandbox: Sandbox, *, schema: Schema, n_rows: int) -> np.ndarray:
    """(n, k) probabilities in the order of the schema's labels, or (n,) numbers. Raises NothingMade, SandboxLost."""
    target = BytesIO()
    try:
        sandbox.get(PREDICTIONS, target, max_bytes=MAX_PREDICTIONS_BYTES)
    except sandboxes.FileRefused as refused:
        raise NothingMade(problem=_inner(refused.message)) from refused
    return read(target.getvalue(), schema=schema, n_rows=n_rows)


def read(content: bytes, *, schema: Schema, n_rows: int) -> np.ndarray:
    """The same of the file's bytes. Raises NothingMade.

    Three bytes make a value of sixty and more in memory, so there may be no more values than the rows need.
    """
    n_values = sum(content.count(mark) for mark in (b",", b"[", b"{"))  # at least as many as there are
    if n_values > n_rows * (answers.width(schema) + 1) + MORE_VALUES:
        raise NothingMade(problem=f"{PREDICTIONS} holds more values than the {n_rows:,} rows need")
    try:
        said = json.loads(content)["predictions"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise NothingMade(problem=f'{PREDICTIONS} is not of the shape {{"predictions": […]}}') from error
    try:
        return answers.of_json(said, schema=schema, n_rows=n_rows)
    except AnswerUnusable as unusable:
        raise NothingMade(problem=unusable.problem) from unusable


def pack(sandbox: Sandbox, target: BinaryIO) -> None:
    """Write the model's two files as one, the same bytes for the same contents. Raises NothingMade, SandboxLost."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, most in packed.BOUNDS.items():
            with archive.open(zipfile.ZipInfo(name), "w") as entry:
                try:
                    sandbox.get(name, cast("BinaryIO", entry), max_bytes=most)
                except sandboxes.FileRefused as refused:
                    raise NothingMade(problem=_inner(refused.message)) from refused


def _inner(sentence: str) -> str:
    """A sentence as part of another."""
    return sentence[:1].lower() + sentence[1:].rstrip(".")
