"""Scoring an upload in a worker's child: from storage through the model to a result file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from sklearn.pipeline import Pipeline

from core import db, queue, settings, storage
from core.db.tables import ModelRow, PredictionRow, UploadRow
from core.errors import NotFound
from core.models import artifact
from core.models.errors import ModelFileChanged
from core.models.schema import Schema
from core.predictions import code, engine, handler, mapping, reasons, receipt
from core.predictions.errors import BlockFailed, FeatureMissing, FeatureRetyped, InputLost, ModelDamaged
from core.uploads import stored
from core.uploads.dialect import Dialect
from core.uploads.errors import BadCsv, ChangedSinceChecked

# Of the code as this child has loaded it: it goes on with that, whatever is installed meanwhile.
CODE_SHA256 = code.sha256()

# How bytes show that are not those which were checked, before their end is reached.
UNREADABLE = (
    BadCsv,
    BlockFailed,
    ChangedSinceChecked,
    FeatureMissing,
    FeatureRetyped,
    ValueError,
    IndexError,
)


def run(task: queue.Task, job: queue.Job) -> dict[str, Any]:
    """Returns what the prediction's row keeps. Raises what storage, the artifact and the engine raise."""
    prediction_id = UUID(task.payload["prediction_id"])
    config = settings.current()
    files = storage.from_settings(config)
    with db.session_scope(db.WORKER) as session:
        prediction = session.get(PredictionRow, prediction_id)
        if prediction is None:
            raise NotFound(noun="prediction", id=prediction_id)
        upload = session.get_one(UploadRow, prediction.upload_id)
        model = session.get_one(ModelRow, prediction.model_id)
        assert model.artifact_key is not None
        assert model.artifact_sha256 is not None
        assert model.schema is not None
        dialect = Dialect.from_json(upload.receipt["dialect"])
        schema = Schema.from_json(model.schema)
        n_rows = upload.n_rows
        with_reasons = bool(prediction.options.get(reasons.OPTION))
        read_from = mapping.of(prediction)
        artifact_key, artifact_sha256 = model.artifact_key, model.artifact_sha256
    job.report(0, total=n_rows)
    try:
        pipeline = _pipeline(artifact_key, artifact_sha256)
    except storage.NotStored as gone:
        raise ModelDamaged(model=f"{model.name} v{model.version}", found="removed") from gone
    except ModelFileChanged as changed:
        raise ModelDamaged(model=f"{model.name} v{model.version}", found="changed") from changed
    output_key = handler.leavings(task) + (
        PurePosixPath(upload.storage_key).suffix.removeprefix(".") or "csv"
    )
    with storage.stage(config.staging_dir) as staged:
        with stored.open_bytes(files, upload) as source:
            try:
                scored = engine.score(
                    source,
                    staged,
                    dialect=dialect,
                    pipeline=pipeline,
                    schema=schema,
                    progress=job.report,
                    stop=job.stop_requested,
                    with_reasons=with_reasons,
                    mapping=read_from,
                )
            except UNREADABLE:
                source.require_unchanged()  # else the fault lies with whoever changed the bytes
                raise
        if scored.n_rows != n_rows:
            raise InputLost(row=scored.n_rows, reason=f"the stored file no longer has its {n_rows:,} rows")
        staged.close()
        files.put(output_key, staged.path)
    return {
        "output_key": output_key,
        "output_bytes": scored.n_bytes,
        "output_sha256": scored.sha256,
        "columns": {
            "added": list(scored.added),
            "caution": scored.caution,
            "reasons": list(scored.reasons),
            "dialect": dialect.to_json(),
        },
        "metrics_json": {
            "tally": scored.tally.to_json(),
            "n_rows": scored.n_rows,
            "seconds": scored.seconds,
        },
        "receipt": receipt.of(prediction, upload, model, scored, code_sha256=CODE_SHA256),
    }


@lru_cache(maxsize=2)
def _pipeline(key: str, sha256: str) -> Pipeline:
    """A model's pipeline, kept while this child goes on scoring with it."""
    config = settings.current()
    with (
        storage.stage(config.staging_dir) as staged,
        storage.from_settings(config).open(key) as source,
    ):
        while chunk := source.read(1 << 20):
            staged.write(chunk)
        staged.close()
        return artifact.load(staged.path, sha256)
