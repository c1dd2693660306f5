"""A model in a sandbox as what scoring asks: it has `predict_proba` and `predict`, and sends the frame across."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa

from core import sandboxes
from core.models.errors import AnswerUnusable, NoAnswer
from core.models.schema import Schema
from core.models.served import answers, client
from core.models.served.launch import Served, ServedModel, launch
from core.settings import Settings

START_LIMIT_S: Final = 60.0
CALL_LIMIT_S: Final = 120.0
SOON_S: Final = 0.1
ENDS_WITHIN_S: Final = 3.0  # a process that has answered nothing, if it is gone
N_AT_ONCE: Final = 2  # blocks, as scoring has threads
MAX_ANSWER_BYTES: Final = 64_000_000


class ServedPipeline:
    """Several threads may ask at once. What comes back is checked before it counts."""

    def __init__(self, served: Served, schema: Schema) -> None:
        self._served, self._schema = served, schema
        self.address = served.address

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """(n, k) probabilities. Raises AnswerUnusable, SandboxLost where its process is gone."""
        return self._answers(frame)

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """(n,) numbers, of a regression. Raises as `predict_proba`."""
        return self._answers(frame)

    def _answers(self, frame: pd.DataFrame) -> np.ndarray:
        try:
            said = client.call(
                self.address,
                "POST",
                "/score",
                _stream(frame, self._schema),
                timeout_s=CALL_LIMIT_S,
                max_bytes=MAX_ANSWER_BYTES,
            )
            return answers.of_floats(said, schema=self._schema, n_rows=len(frame))
        except NoAnswer:
            if self._served.process.wait(ENDS_WITHIN_S) is not None:
                raise sandboxes.SandboxLost(ref=self._served.sandbox.ref) from None
            raise


@contextmanager
def opened(
    settings: Settings,
    model: ServedModel,
    *,
    stop: Callable[[], bool] = lambda: False,
    task_id: UUID | None = None,
) -> Iterator[ServedPipeline]:
    """The model in a sandbox of its own, until the end. task_id: of whom it is for, by which it is found.

    Raises what `launch` raises, AnswerUnusable where its code does not come up, SandboxLost once `stop` says so.
    """
    served = launch(settings, model, task_id=task_id, n_processes=N_AT_ONCE)
    try:
        _await(served, stop)
        yield ServedPipeline(served, Schema.from_json(model.schema))
    finally:
        served.stop()


def _await(served: Served, stop: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not served.answers():
        if stop():
            raise sandboxes.SandboxLost(ref=served.sandbox.ref)
        if served.process.wait(SOON_S) is not None:
            lines = served.process.tail().strip().splitlines() or ["it ended at once"]
            raise AnswerUnusable(problem=f"it did not start: {lines[-1][:300]}")
        if time.monotonic() > deadline:
            raise AnswerUnusable(problem=f"it did not start within {START_LIMIT_S:.0f} seconds")


def _stream(frame: pd.DataFrame, schema: Schema) -> bytes:
    """The frame as an Arrow stream: numbers as they are, categories by their spellings."""
    columns: dict[str, pa.Array] = {}
    for feature in schema.inputs:
        values = frame[feature.name].to_numpy()
        if feature.is_measured:
            columns[feature.name] = pa.array(values, pa.float64())
        else:
            columns[feature.name] = pa.array(values, pa.string()).dictionary_encode()
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
