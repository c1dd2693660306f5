"""Reading the upload that a training learns from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core import queue
from core.db.tables.uploads import UploadRow
from core.models import readings, stated
from core.models.fitting import targets
from core.models.fitting.questions import MIN_ROWS_A_CLASS, TargetChoices
from core.storage import Storage
from core.training.bargain import inputs
from core.training.bargain.inputs import Inputs
from core.uploads import stored, uploads
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.hashed import blaming_changes


def read(files: Storage, upload: UploadRow, task: queue.Task, job: queue.Job, *, target: str) -> Inputs:
    """What the code will be given. Raises what reading, `targets.find` and `inputs.prepare` raise."""
    dialect = Dialect.from_json(upload.receipt["dialect"])
    names = [column.name for column in uploads.examination_of(upload).columns]
    rules = readings.rules_of(dialect, names)
    with stored.open_bytes(files, upload) as source:

        def take(rows: npt.NDArray[np.int64]) -> pa.Table:
            job.report()
            source.seek(0)
            with blaming_changes(source):
                return stream.read_rows(source, dialect, rows)

        with blaming_changes(source):
            outcomes = stream.read_table(source, dialect, only=target)
        outcome = targets.find(
            outcomes,
            target=target,
            decimal=dialect.decimal,
            choices=TargetChoices.from_json(task.payload),
            rule=rules.get(target),
            fewest=MIN_ROWS_A_CLASS,
        )
        prepared = inputs.prepare(
            take,
            outcome,
            decimal=dialect.decimal,
            keep=task.payload.get("keep", ()),
            rules=rules,
            validation=stated.validation_of(task.payload),
        )
    schema = readings.kept(prepared.schema, dialect, names)
    return replace(prepared, prepared=replace(prepared.prepared, schema=schema))
