"""Which columns a package learns from: as any training decides it, in a process of its own.

To find columns that give the answer away takes scikit-learn, which the app's own process does not load. So a child is
asked: it reads an Arrow stream of text cells, whose metadata holds the question, and answers with JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa

from core.models.errors import NoFeatures
from core.models.schema import Feature
from core.uploads.csv.dialect import ColumnRule

LIMIT_S: Final = 120.0
PROJECT: Final = Path(__file__).resolve().parents[3]
QUESTION: Final = b"question"
CHILD: Final = "core.training.package.columns"


def chosen(
    table: pa.Table,
    *,
    target: str,
    decimal: str,
    rules: Mapping[str, ColumnRule],
    choices: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Feature, ...]:
    """The columns in their order. table: text cells of rows that have an outcome. choices: of the target, as JSON.

    Blocking; raises NoFeatures.
    """
    said = {name: asdict(rule) for name, rule in rules.items()}
    question = json.dumps({"target": target, "decimal": decimal, "rules": said, "choices": dict(choices)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.with_metadata({QUESTION: question})) as written:
        written.write_table(table.replace_schema_metadata({QUESTION: question}))
    ran = subprocess.run(
        [sys.executable, "-m", CHILD],
        input=sink.getvalue(),
        stdout=subprocess.PIPE,
        timeout=LIMIT_S,
        check=True,
        cwd=PROJECT,
    )
    answer = json.loads(ran.stdout)
    if "features" not in answer:
        raise NoFeatures(target=target, reasons=answer["reasons"])
    return tuple(map(Feature.from_json, answer["features"]))


def _answer(stream: pa.ipc.RecordBatchStreamReader) -> dict[str, Any]:
    """In the child."""
    from core.models.fitting import preparation, targets
    from core.models.fitting.questions import TargetChoices

    table = stream.read_all()
    question = json.loads(table.schema.metadata[QUESTION])
    decimal = question["decimal"]
    rules = {name: ColumnRule.from_json(rule) for name, rule in question["rules"].items()}
    target = question["target"]
    choices = TargetChoices.from_json(question["choices"])
    outcome = targets.find(table, target=target, decimal=decimal, choices=choices, rule=rules.get(target))
    try:
        prepared = preparation.prepare(
            lambda rows: table.take(pa.array(rows)), outcome, decimal=decimal, rules=rules
        )
    except NoFeatures as error:
        return {"reasons": error.reasons}
    return {"features": [asdict(feature) for feature in prepared.schema.features]}


if __name__ == "__main__":
    with pa.ipc.open_stream(sys.stdin.buffer) as asked:
        json.dump(_answer(asked), sys.stdout)
