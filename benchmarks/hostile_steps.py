"""What the app does with an upload, step by step, each timed; whatever fails is said and ends the file."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.errors import AppError
from core.models.fitting import training
from core.models.schema import Feature, Schema
from core.predictions.results.run_summary import RunSummary
from core.predictions.scoring import engine
from core.storage import Staging, stage
from core.uploads import archives
from core.uploads.csv import stream
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine
from core.uploads.report.overrides import ReadingOverrides

TARGET = "churned"
_SHOWN = 160


class Ended(Exception):
    """A step refused the file."""


class Model:
    """Answers at once, so that scoring costs what reading and writing cost."""

    classes_ = ("no", "yes")

    def predict_proba(self, frame: Any) -> Any:
        return np.tile([0.25, 0.75], (len(frame), 1))


def run(path: Path, *, limit_mb: int) -> list[dict[str, Any]]:
    """One entry a step: its name, what came of it ("! …" where that is no refusal of ours), and its seconds."""
    steps: list[dict[str, Any]] = []

    def step(name: str, verb: Callable[[], tuple[Any, str]]) -> Any:
        started = time.perf_counter()
        value = None
        try:
            value, came = verb()
        except AppError as refused:
            came = f"{refused.code}: {refused.message[:_SHOWN]}"
        except Exception as failed:  # noqa: BLE001  # it is what is looked for
            came = f"! {type(failed).__name__}: {str(failed)[:_SHOWN]}"
        peak_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
        steps.append(
            {"step": name, "came": came, "s": round(time.perf_counter() - started, 2), "peak_mb": peak_mb}
        )
        return value

    with ExitStack() as stack, stage(path.parent / "staging") as staged:
        with path.open("rb") as source:
            while chunk := source.read(1 << 20):
                staged.write(chunk)
        staged.close()
        path.unlink()
        plain = step("unpack", lambda: _unpacked(stack, staged, limit_mb))
        if plain is None:
            return steps
        found = step("examine", lambda: _examined(plain.path, None))
        if found is None:
            return steps
        step("reread", lambda: _examined(plain.path, ReadingOverrides(header_line=0)))
        step("score", lambda: _scored(plain.path, found))
        if TARGET in [column.name for column in found.columns]:
            step("train", lambda: _trained(plain.path, found))
    return steps


def _unpacked(stack: ExitStack, staged: Staging, limit_mb: int) -> tuple[Staging, str]:
    plain = stack.enter_context(archives.unpacked(staged, file_name="file", limit_mb=limit_mb))
    return plain.staged, "plain" if plain.packed is None else f"{plain.staged.size_bytes:,} bytes"


def _examined(path: Path, overrides: ReadingOverrides | None) -> tuple[Examination, str]:
    found = examine(path, file_name="file", overrides=overrides)
    return found, f"{found.n_rows:,} × {len(found.columns):,}"


def _scored(path: Path, found: Examination) -> tuple[RunSummary, str]:
    features = tuple(
        Feature(column.name, "number" if column.kind == "number" else "category")
        for column in found.columns[:5]
    )
    schema = Schema(features, "no such column", "binary", ("no", "yes"), "yes")
    with path.open("rb") as source, Path("/dev/null").open("wb") as sink:
        scored = engine.score(
            source, sink, dialect=found.dialect, pipeline=Model(), schema=schema, progress=lambda _: None
        )
    assert scored.n_rows == found.n_rows
    return scored, f"{scored.n_rows:,} rows, {scored.n_bytes:,} bytes"


def _trained(path: Path, found: Examination) -> tuple[training.TrainingResult, str]:
    with path.open("rb") as source:

        def read(rows: npt.NDArray[np.int64]) -> pa.Table:
            source.seek(0)
            return stream.read_rows(source, found.dialect, rows)

        outcomes = stream.read_table(source, found.dialect, only=TARGET)
        trained = training.train(
            outcomes, take=read, target=TARGET, decimal=found.dialect.decimal, progress=lambda _, __: None
        )
    return trained, f"{trained.chosen} on {trained.n_fitted:,} rows"
