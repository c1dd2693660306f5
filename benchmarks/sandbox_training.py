"""Trainings in a sandbox: what the sandbox costs, each figure beside its own control in the same run.

The template against built-in training on the same rows, a sandbox's start against a plain process's, predictions of a
live process, and scoring through a sandbox against the same pipeline in this process.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pyarrow as pa

from core import sandboxes, settings, storage
from core.models import artifact
from core.models.fitting import targets, training
from core.models.schema import frame
from core.models.served import client, pipeline
from core.models.served.launch import ServedModel
from core.predictions.scoring import engine
from core.settings import Settings
from core.system import sample
from core.training import template
from core.training.bargain import inputs, outputs, scoring
from core.training.bargain.inputs import Inputs
from core.uploads.csv.dialect import Dialect

N = 5
N_CALLS = 200
N_COPIES = 10  # of the rows, to be scored: a rate, not what two blocks take to set out
MOST_BELOW = 0.01
MOST_START_MS = 100.0
MOST_P50_MS = 10.0
LEAST_SHARE = 0.8


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="a CSV to train on in place of the sample")
    parser.add_argument("--target", default=sample.TARGET)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(options.data or Path(folder) / "sample.csv")
        if not options.data:
            sample.write_sample(path, n_rows=20_000, seed=7)
        config = settings.read(
            _env_file=None, data_dir=Path(folder) / "data", database_url="", storage_url=""
        )
        table = _table(path)
        missed = [not _parity(config, table, options.target), not _start(config)]
        missed += [not held for held in _served(config, table, options.target)]
    return 1 if any(missed) else 0


def _table(path: Path) -> pa.Table:
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return pa.table({name: [row[place] for row in rows] for place, name in enumerate(header)})


def _prepared(table: pa.Table, target: str) -> Inputs:
    outcome = targets.find(table, target=target, decimal=".")
    return inputs.prepare(lambda rows: table.take(pa.array(rows)), outcome, decimal=".")


def _parity(config: Settings, table: pa.Table, target: str) -> bool:
    given = _prepared(table, target)
    with sandboxes.stopping(_sandbox(config)) as sandbox:
        code = {"train.py": template.text().encode(), "predict.py": template.predict_text().encode()}
        for name, content in {**given.files(goal=""), **code}.items():
            sandbox.put(name, content)
        began = time.perf_counter()
        ended = sandbox.run(("python", "train.py"))
        took = time.perf_counter() - began
        if ended.reason is not sandboxes.Reason.OK:
            sys.exit(ended.message)
        answers = outputs.predictions(sandbox, schema=given.schema, n_rows=len(given.held_out_rows))
    trained = training.train(
        table.take(pa.array(given.prepared.rows)),
        target=target,
        decimal=".",
        progress=lambda _done, _total: None,
    )
    features = frame(table.take(pa.array(given.held_out_rows)), trained.schema, ".")
    is_number = trained.schema.task == "regression"
    control = trained.pipeline.predict(features) if is_number else trained.pipeline.predict_proba(features)
    by = trained.chosen_by
    ours = scoring.score(given, answers).metrics[by]["mean"]
    theirs = scoring.score(given, np.asarray(control)).metrics[by]["mean"]
    print(f"held-out {by}: template {ours:.4f}, built-in {theirs:.4f}; the template took {took:.1f} s")
    return ours >= theirs - MOST_BELOW


def _start(config: Settings) -> bool:
    def boxed() -> None:
        with sandboxes.stopping(_sandbox(config)) as sandbox:
            sandbox.run(("python", "-c", "pass"))

    def plain() -> None:
        subprocess.run([sys.executable, "-c", "pass"], check=True)

    boxed()
    of_box, of_plain = _medians(boxed, plain)
    print(f"start: sandbox {of_box * 1e3:.0f} ms, plain process {of_plain * 1e3:.0f} ms")
    return (of_box - of_plain) * 1e3 <= MOST_START_MS


def _served(config: Settings, table: pa.Table, target: str) -> tuple[bool, bool]:
    trained = training.train(table, target=target, decimal=".", progress=lambda _done, _total: None)
    path = config.data_dir / "model.skops"
    sha256 = artifact.save(trained.pipeline, path)
    key = f"models/{uuid4()}/bench.skops"
    storage.from_settings(config).put(key, path)
    model = ServedModel(uuid4(), key, sha256, "skops", trained.schema.to_json())
    given = frame(table, trained.schema, ".")
    is_number = trained.schema.task == "regression"
    row = {str(name): value for name, value in given.iloc[0].items() if value == value}
    with pipeline.opened(config, model) as asked:
        own = trained.pipeline
        text = _csv(pa.concat_tables([table] * N_COPIES))

        def scored(asked_for: object) -> Callable[[], object]:
            def once() -> object:
                with storage.stage(config.staging_dir) as staged:
                    return engine.score(
                        BytesIO(text), staged, dialect=Dialect(), pipeline=asked_for, schema=trained.schema,
                        progress=lambda _rows: None,
                    )  # fmt: skip

            return once

        of_box, of_plain = _medians(scored(asked), scored(Plain(own)))
        socket = asked.address
        took = []
        for _ in range(N_CALLS):
            began = time.perf_counter()
            client.predictions(socket, [row], width=len(trained.schema.labels) or 1)
            took.append(time.perf_counter() - began)
        alone = _medians(
            lambda: own.predict_proba(given.head(1)) if not is_number else own.predict(given.head(1))
        )
    p50, share = statistics.median(took) * 1e3, of_plain / of_box
    print(f"one row: p50 {p50:.1f} ms through the socket, {alone[0] * 1e3:.1f} ms in process")
    print(
        f"{N_COPIES * len(given):,} rows: {N_COPIES * len(given) / of_box:,.0f} a second through the sandbox, "
        f"{share:.2f} of in process"
    )
    return p50 <= MOST_P50_MS, share >= LEAST_SHARE


class Plain:
    """A pipeline that the fast path does not know, as it does not know one in a sandbox."""

    def __init__(self, own: Any) -> None:
        self._own = own

    def predict(self, frame: pd.DataFrame) -> Any:
        return self._own.predict(frame)

    def predict_proba(self, frame: pd.DataFrame) -> Any:
        return self._own.predict_proba(frame)


def _csv(table: pa.Table) -> bytes:
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return target.getvalue().encode()


def _sandbox(config: Settings) -> sandboxes.Sandbox:
    return sandboxes.configured(config).create(labels={}, limits=sandboxes.configured_limits(config))


def _medians(*ways: Callable[[], object]) -> list[float]:
    """Of each way, taken in turns."""
    took: list[list[float]] = [[] for _ in ways]
    for _ in range(N):
        for way, times in zip(ways, took, strict=True):
            began = time.perf_counter()
            way()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in took]


if __name__ == "__main__":
    sys.exit(main())
