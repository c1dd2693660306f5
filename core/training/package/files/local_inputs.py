"""Lays out what the code expects: of the package's rows some to learn from, others held out without their outcome."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

LONGEST_ROW = 1 << 26  # bytes, as no row may be longer than what is read at a time
TOLD = {
    "group": "groups.parquet",
    "time": "times.parquet",
}  # of the rows to learn from, where the package says so


def lay_out(config: dict[str, Any], data: Path, *, rows: Path, truth: Path) -> None:
    """Write train.parquet, holdout.parquet and job.json here, and the held-out rows' outcomes to `truth`.

    rows: what the package says of them.
    """
    schema = config["schema"]
    table = _read(data, schema)
    outcomes, features = table.column(schema["target"]), table.drop_columns([schema["target"]])
    known = pq.read_table(rows)
    is_held_out = known.column("is_held_out")
    learnt, held_out = known.filter(pc.invert(is_held_out)), known.filter(is_held_out)
    pq.write_table(table.take(learnt.column("row")), "train.parquet")
    pq.write_table(features.take(held_out.column("row")), "holdout.parquet")
    for name, file_name in TOLD.items():
        if name in learnt.column_names:
            pq.write_table(learnt.select([name]), file_name)
    Path("job.json").write_text(json.dumps({"version": 1, "goal": "", **schema}, indent=1), "utf-8")
    actual = outcomes.take(held_out.column("row")).to_pylist()
    with truth.open("w", encoding="utf-8") as file:
        for row, outcome in zip(held_out.column("row").to_pylist(), actual, strict=True):
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
