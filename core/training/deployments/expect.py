"""The handler of that short task, in a worker's child: what a built-in model says of its three rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd

from core import db, queue, settings, storage
from core.db.tables.models import ModelRow
from core.errors import NotFound
from core.models import artifact
from core.models.schema import Schema
from core.training.deployments import expectation


def run(task: queue.Task, job: queue.Job) -> dict[str, Any]:
    """Raises NotFound, ModelFileChanged, NotStored."""
    del job
    config, model_id = settings.current(), UUID(task.payload["model_id"])
    with db.session_scope(db.WORKER) as session:
        model = session.get(ModelRow, model_id)
        if model is None or model.schema is None or model.artifact_key is None:
            raise NotFound(resource="model", id=model_id)
    schema = Schema.from_json(model.schema)
    with (
        storage.stage(config.staging_dir) as staged,
        storage.from_settings(config).open(model.artifact_key) as source,
    ):
        while chunk := source.read(1 << 20):
            staged.write(chunk)
        staged.close()
        pipeline = artifact.load(staged.path, model.artifact_sha256 or "")
    return {"checks": checks(pipeline, schema)}


def checks(pipeline: Any, schema: Schema) -> list[dict[str, Any]]:
    """Each row with the model's answer."""
    rows = expectation.rows(schema)
    columns = {
        feature.name: pd.Series(
            [row[feature.name] for row in rows], dtype=np.float64 if feature.is_measured else object
        )
        for feature in schema.inputs
    }
    frame = pd.DataFrame(columns)
    answers = pipeline.predict(frame) if schema.task == "regression" else pipeline.predict_proba(frame)
    said = np.asarray(answers, np.float64).tolist()
    return [{"row": row, "answer": answer} for row, answer in zip(rows, said, strict=True)]
