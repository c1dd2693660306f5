"""The score receipt: what a result was made of, so that anyone can make the same bytes again, or see why not.

Its ingredients decide the bytes: scoring again with the same ones gives the same result and the same counts behind
its metrics, with any number of threads or workers and after any interruption. What stands under `about` and `run`
may differ without changing a byte. It names files and versions, never places or settings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from core import __version__
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.models import versions
from core.predictions import code_hash
from core.predictions.results.run_summary import RunSummary

SCHEMA: Final = 1
SAYS: Final = (
    "Scoring again with the same ingredients gives the same bytes and the same counts. "
    "The fields under about and run do not affect them."
)

Json = dict[str, Any]


def of(
    prediction: PredictionRow,
    upload: UploadRow,
    model: ModelRow,
    scored: RunSummary,
    *,
    reading: Json,
    code_sha256: str | None,
) -> Json:
    """What a finished run leaves.

    upload: with its receipt. reading: the dialect that it was read in. code_sha256: `code.sha256` of the code that ran.
    """
    ingredients = {
        "input": {"sha256": upload.sha256, "bytes": upload.size_bytes},
        "reading": reading,
        "model": {"sha256": model.artifact_sha256, "schema_sha256": sha256_of(model.schema)},
        "options": dict(prediction.options),
        "code": {"version": __version__, "sha256": code_sha256},
        "libraries": versions.installed(),
        "machine": code_hash.machine(),
    }
    return {
        "schema": SCHEMA,
        "says": SAYS,
        "prediction_id": str(prediction.id),
        "ingredients": ingredients,
        "ingredients_sha256": sha256_of(ingredients),
        "result": {
            "sha256": scored.sha256,
            "bytes": scored.n_bytes,
            "rows": scored.n_rows,
            "columns_added": list(scored.added),
            "counts_sha256": sha256_of(scored.statistics.to_json()),
        },
        "about": {
            "file_name": upload.file_name,
            "overruled": {name: said for name, said in upload.receipt.get("reading", {}).items() if said},
            "model_id": str(model.id),
            "model_name": model.name,
            "model_version": model.version,
            "trained_on": {"file_name": model.data_name, "sha256": model.data_sha256},
        },
        "run": {
            "answered_by": scored.answered_by,
            "why_pipeline": scored.why_pipeline,
            "rows_by_pipeline": scored.n_pipeline_rows,
            "threads": scored.n_threads,
            "seconds": round(scored.seconds, 3),
            "spread": asdict(scored.cluster_share) if scored.cluster_share else None,
            "sandbox": model.format == "bytes",
        },
    }


def sha256_of(value: Any) -> str:
    """Of a value's JSON, in hex, in whatever order its names were set."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class IngredientChange:
    """An ingredient that was another the last time. name: its place on the receipt, as in "libraries.numpy"."""

    name: str
    before: str
    now: str


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[IngredientChange, ...]:
    """The ingredients in which two receipts differ, in the order of the latter; texts longer than a hash are cut."""
    old, new = dict(_leaves(before["ingredients"])), dict(_leaves(now["ingredients"]))
    return tuple(
        IngredientChange(name, old.get(name, ""), new.get(name, ""))
        for name in {**new, **old}
        if old.get(name) != new.get(name)
    )


def _leaves(part: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in part.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value)
