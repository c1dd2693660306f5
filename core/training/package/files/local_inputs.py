"""Lays out what the code expects: of the package's rows some to learn from, others held out without their outcome."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

HELD_OUT_SHARE = 0.2
MOST_HELD_OUT = MOST_LEARNT = 200_000
LONGEST_ROW = 1 << 26  # bytes, as no row may be longer than what is read at a time
SEED = 1


def lay_out(config: dict[str, Any], data: Path, *, truth: Path) -> None:
    """Write train.parquet, holdout.parquet and job.json here, and the held-out rows' outcomes to `truth`."""
    schema = config["schema"]
    table = _read(data, schema)
    outcomes = table.column(schema["target"])
    rows = np.flatnonzero(outcomes.is_valid().to_numpy())
    learnt, held_out = _parted(rows, outcomes, schema)
    features = table.drop_columns([schema["target"]])
    pq.write_table(table.take(pa.array(learnt)), "train.parquet")
    pq.write_table(features.take(pa.array(held_out)), "holdout.parquet")
    Path("job.json").write_text(json.dumps({"version": 1, "goal": "", **schema}, indent=1), "utf-8")
    actual = outcomes.take(pa.array(held_out)).to_pylist()
    with truth.open("w", encoding="utf-8") as file:
        for row, outcome in zip(held_out.tolist(), actual, strict=True):
            file.write(json.dumps([row + 1, outcome if isinstance(outcome, str) else repr(outcome)]) + "\n")


def _read(data: Path, schema: dict[str, Any]) -> pa.Table:
    """The features and the target, of the types that the app knows them by; an empty cell is a missing value."""
    types = {
        one["name"]: pa.float64() if one["kind"] == "number" else pa.string() for one in schema["features"]
    }
    types[schema["target"]] = pa.float64() if schema["task"] == "regression" else pa.string()
    return pa.csv.read_csv(
        data,
        read_options=pa.csv.ReadOptions(block_size=LONGEST_ROW),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _parted(
    rows: np.ndarray, outcomes: pa.ChunkedArray, schema: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """The rows to learn from and a fifth of each label's that are held out, ascending; the same each time."""
    generator = np.random.default_rng(SEED)
    share = min(HELD_OUT_SHARE, MOST_HELD_OUT / max(1, len(rows)))
    is_held_out = np.zeros(len(rows), dtype=bool)
    if schema["task"] == "regression":
        is_held_out[generator.permutation(len(rows))[: round(share * len(rows))]] = True
    else:
        codes = outcomes.combine_chunks().dictionary_encode().indices.take(pa.array(rows)).to_numpy()
        for code in np.unique(codes):
            of_label = generator.permutation(np.flatnonzero(codes == code))
            is_held_out[of_label[: max(1, round(share * len(of_label)))]] = True
    learnt = rows[~is_held_out]
    if len(learnt) > MOST_LEARNT:
        learnt = np.sort(generator.choice(learnt, MOST_LEARNT, replace=False))
    return learnt, rows[is_held_out]
