"""What a package learns from: the columns, and which rows are held out, as for code in the app's own sandbox.

To find copies, and columns that give the answer away, takes scikit-learn, which the app's own process does not load. So
a child is asked: it reads an Arrow stream of text cells, whose metadata holds the question, and answers with another.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa

from core.errors import AppError
from core.models.errors import NoFeatures, SplitUnusable
from core.models.schema import Feature
from core.models.validation import UNSTATED, Validation
from core.training.package.errors import NotDivided
from core.uploads.csv.dialect import ColumnRule

LIMIT_S: Final = 120.0
PROJECT: Final = Path(__file__).resolve().parents[3]
ABOUT: Final = b"about"  # what the metadata of either stream hold, as JSON
CHILD: Final = "core.training.package.division"
REFUSALS: Final[Mapping[str, type[AppError]]] = {one.code: one for one in (NoFeatures, SplitUnusable)}


@dataclass(frozen=True)
class Division:
    """features: the columns in their order. warnings: sentences on how rows are kept together, and on the columns.

    rows: a row each that is learnt from or held out, ascending: "row", its place in the table; "is_held_out"; and where
    the code is told of them, "group" and "time".
    """

    features: tuple[Feature, ...]
    warnings: tuple[str, ...]
    rows: pa.Table


def divide(
    table: pa.Table,
    *,
    target: str,
    decimal: str,
    rules: Mapping[str, ColumnRule],
    choices: Mapping[str, Any] = MappingProxyType({}),
    keep: Collection[str] = (),
    validation: Validation = UNSTATED,
    limit_s: float = LIMIT_S,
) -> Division:
    """table: text cells of rows that have an outcome. choices: of the target, as JSON. keep: columns that stay.
    limit_s: seconds that the child may take.

    Blocking; raises NoFeatures, SplitUnusable, NotDivided where the child takes longer or dies.
    """
    asked = {
        "target": target,
        "decimal": decimal,
        "rules": {name: asdict(rule) for name, rule in rules.items()},
        "choices": dict(choices),
        "keep": sorted(keep),
        "validation": validation.to_json(),
    }
    sink = io.BytesIO()
    _write(table, asked, sink)
    command = [sys.executable, "-m", CHILD]
    try:
        ran = subprocess.run(
            command, input=sink.getvalue(), stdout=subprocess.PIPE, timeout=limit_s, check=True, cwd=PROJECT
        )
    except subprocess.TimeoutExpired as error:
        raise NotDivided(problem=f"took longer than {limit_s:g} seconds") from error
    except subprocess.CalledProcessError as error:
        ended = (
            f"was ended by signal {-error.returncode}" if error.returncode < 0 else "failed; the log says why"
        )
        raise NotDivided(problem=ended) from error
    rows, answer = _read(io.BytesIO(ran.stdout))
    if (code := answer.get("refused")) is not None:
        raise REFUSALS[code](**answer["facts"])
    return Division(tuple(map(Feature.from_json, answer["features"])), tuple(answer["warnings"]), rows)


def _answer(table: pa.Table, asked: Mapping[str, Any]) -> tuple[pa.Table, dict[str, Any]]:
    """In the child."""
    from core.models.fitting import targets
    from core.models.fitting.questions import TargetChoices
    from core.training.bargain import inputs

    target, decimal = asked["target"], asked["decimal"]
    rules = {name: ColumnRule.from_json(rule) for name, rule in asked["rules"].items()}
    choices = TargetChoices.from_json(asked["choices"])
    outcome = targets.find(table, target=target, decimal=decimal, choices=choices, rule=rules.get(target))
    try:
        found = inputs.prepare(
            lambda rows: table.take(pa.array(rows)),
            outcome,
            decimal=decimal,
            keep=asked["keep"],
            rules=rules,
            validation=Validation.from_json(asked["validation"]),
        )
    except (NoFeatures, SplitUnusable) as refused:
        facts = {name: value for name, value in vars(refused).items() if name not in ("message", "hint")}
        return pa.table({}), {"refused": refused.code, "facts": facts}
    features = [asdict(feature) for feature in found.schema.features]
    n_told = len(outcome.warnings)  # of the target, which the app has found out by itself
    return _rows(found), {"features": features, "warnings": found.prepared.warnings[n_told:]}


def _rows(found: Any) -> pa.Table:
    """found: `Inputs`."""
    learnt, held_out, related = found.prepared.rows, found.held_out_rows, found.prepared.related
    rows = np.concatenate([learnt, held_out])
    in_order = np.argsort(rows)
    of_learnt = np.concatenate([np.arange(len(learnt)), np.full(len(held_out), -1)])[in_order]
    columns = {"row": pa.array(rows[in_order]), "is_held_out": pa.array(of_learnt < 0)}
    told = {"group": related.groups, "time": related.times}
    places = pa.array(np.where(of_learnt < 0, 0, of_learnt), mask=of_learnt < 0)
    columns |= {
        name: pa.array(values, from_pandas=True).take(places)
        for name, values in told.items()
        if values is not None
    }
    return pa.table(columns)


def _write(table: pa.Table, about: Mapping[str, Any], sink: BinaryIO) -> None:
    told = table.replace_schema_metadata({ABOUT: json.dumps(about)})
    with pa.ipc.new_stream(sink, told.schema) as stream:
        stream.write_table(told)


def _read(source: BinaryIO) -> tuple[pa.Table, dict[str, Any]]:
    with pa.ipc.open_stream(source) as stream:
        table = stream.read_all()
    return table, json.loads(table.schema.metadata[ABOUT])


if __name__ == "__main__":
    _write(*_answer(*_read(sys.stdin.buffer)), sys.stdout.buffer)
