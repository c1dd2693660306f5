"""Training a model in a worker's child: read the upload, train, keep the pipeline and its report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core import db, queue, settings, storage
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.errors import NotFound
from core.models import artifact, handler, readings, stated, thresholds
from core.models.fitting import training
from core.models.fitting.questions import TargetChoices
from core.uploads import stored, uploads
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.hashed import blaming_changes


def run(task: queue.Task, job: queue.Job) -> dict[str, Any]:
    """Returns what the model's row keeps. Raises what reading and training raise."""
    model_id = UUID(task.payload["model_id"])
    config = settings.current()
    files = storage.from_settings(config)
    with db.session_scope(db.WORKER) as session:
        model = session.get(ModelRow, model_id)
        upload = session.get(UploadRow, model.upload_id) if model and model.upload_id else None
        if model is None or upload is None:
            raise NotFound(resource="upload to train on", id=model.upload_id if model else "?")
        keep, choices = tuple(task.payload.get("keep", ())), TargetChoices.from_json(task.payload)
        target = model.target
        dialect = Dialect.from_json(upload.receipt["dialect"])
        names = [column.name for column in uploads.examination_of(upload).columns]

    def progress(done: int, total: int) -> None:
        if job.stop_requested():
            raise queue.TaskStopped(task_id=task.id)
        job.report(done, total=total)

    with stored.open_bytes(files, upload) as source:

        def read(rows: npt.NDArray[np.int64]) -> pa.Table:
            source.seek(0)
            with blaming_changes(source):
                return stream.read_rows(source, dialect, rows)

        with blaming_changes(source):
            outcomes = stream.read_table(source, dialect, only=target)
        trained = training.train(
            outcomes,
            take=read,
            target=target,
            decimal=dialect.decimal,
            rules=readings.rules_of(dialect, names),
            choices=choices,
            keep=keep,
            validation=stated.validation_of(task.payload),
            progress=progress,
        )
    key = f"{handler.output_prefix(task)}skops"
    with storage.stage(config.staging_dir) as staged:
        staged.close()
        sha256 = artifact.save(trained.pipeline, staged.path)
        files.put(key, staged.path)
    report = trained.report(keep=keep)
    return {
        "schema": readings.kept(trained.schema, dialect, names).to_json(),
        "report": report,
        "task_type": trained.schema.task,
        "artifact_key": key,
        "artifact_sha256": sha256,
        **thresholds.of_result(task.payload.get("threshold"), report),
    }
