"""Scoring an upload in a worker's child: from storage through the model to a result file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from uuid import UUID

from core import db, logs, queue, settings, storage
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.errors import NotFound
from core.models import readings
from core.models.errors import ModelFileChanged
from core.models.schema import Schema
from core.models.served import pipeline as served
from core.models.served.launch import ServedModel
from core.predictions import code_hash, cutting, handler, receipt
from core.predictions.errors import BlockFailed, FeatureMissing, FeatureRetyped, InputLost, ModelDamaged
from core.predictions.matching import mapping, reading
from core.predictions.results.run_summary import ClusterShare, RunSummary
from core.predictions.scoring import engine
from core.predictions.scoring.distributed import score as distributed
from core.predictions.scoring.distributed.errors import ClusterUnavailable
from core.predictions.scoring.distributed.score import LoadedModel
from core.predictions.scoring.pipeline import pipelines, reasons
from core.uploads import stored, uploads
from core.uploads.csv.dialect import Dialect
from core.uploads.errors import BadCsv, ChangedSinceChecked

log = logs.get("predictions")

# Of the code as this child has loaded it: it goes on with that, whatever is installed meanwhile.
CODE_SHA256 = code_hash.sha256()

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
            raise NotFound(resource="prediction", id=prediction_id)
        upload = session.get_one(UploadRow, prediction.upload_id)
        model = session.get_one(ModelRow, prediction.model_id)
        schema = readings.schema_of(session, model)
        found = uploads.examination_of(upload)
    choices = reading.chosen_in(prediction)
    read = reading.of(found, schema, mapping=mapping.of(prediction), choices=choices)
    dialect = read.dialect
    n_rows = upload.n_rows
    job.report(0, total=n_rows)
    output_key = handler.output_prefix(task) + (
        PurePosixPath(upload.storage_key).suffix.removeprefix(".") or "csv"
    )
    with (
        storage.stage(config.staging_dir) as staged,
        _loaded(config, model, prediction, schema, job) as loaded_model,
    ):
        loaded = replace(loaded_model, unsure=read.otherwise)
        with stored.open_bytes(files, upload) as source:
            try:
                scored = _scored(source, staged, upload, dialect, loaded, task, job)
            except UNREADABLE:
                source.require_unchanged()  # else whoever changed the bytes is to blame
                raise
        is_told_more = (
            dialect.not_rows != found.dialect.not_rows
        )  # lines of which the model knows that they are rows
        if scored.n_rows != n_rows and not (is_told_more and scored.n_rows > n_rows):
            raise InputLost(row=scored.n_rows, reason=f"the stored file no longer has its {n_rows:,} rows")
        job.report(scored.n_rows, total=scored.n_rows)
        staged.close()
        files.put(output_key, staged.path)
    return {
        "n_rows": scored.n_rows,
        "output_key": output_key,
        "output_bytes": scored.n_bytes,
        "output_sha256": scored.sha256,
        "columns": {
            "added": list(scored.added),
            "caution": scored.caution,
            "reasons": list(scored.reasons),
            "dialect": dialect.of_results(scored.last_line).to_json(),
        },
        "metrics_json": {
            "tally": scored.statistics.to_json(),
            "n_rows": scored.n_rows,
            "seconds": scored.seconds,
            "outcome_guess": read.outcome_guess,
        },
        "receipt": receipt.of(
            prediction, upload, model, scored, reading=dialect.to_json(), code_sha256=CODE_SHA256
        ),
    }


@contextmanager
def _loaded(
    config: settings.Settings, model: ModelRow, prediction: PredictionRow, schema: Schema, job: queue.Job
) -> Iterator[LoadedModel]:
    """The model with its pipeline, and what the prediction asks of it; one of others' code in a sandbox for the run.

    Raises ModelDamaged, and for such code SandboxUnavailable, SandboxLost, AnswerUnusable.
    """
    assert model.artifact_key is not None
    assert model.artifact_sha256 is not None
    assert model.schema is not None
    with ExitStack() as stack:
        try:
            if model.format == "bytes":
                wanted = ServedModel(
                    model.id, model.artifact_key, model.artifact_sha256, model.format, model.schema
                )
                opened = served.opened(config, wanted, stop=job.stop_requested, task_id=prediction.task_id)
                pipeline: Any = stack.enter_context(opened)
            else:
                pipeline = pipelines.load(config, model.artifact_key, model.artifact_sha256)
        except storage.NotStored as gone:
            raise ModelDamaged(model=f"{model.name} v{model.version}", found="removed") from gone
        except ModelFileChanged as changed:
            raise ModelDamaged(model=f"{model.name} v{model.version}", found="changed") from changed
        yield LoadedModel(
            model.artifact_key,
            model.artifact_sha256,
            pipeline,
            schema,
            mapping.of(prediction),
            with_reasons=bool(prediction.options.get(reasons.OPTION)),
            threshold=cutting.of(prediction),
        )


def _scored(
    source: BinaryIO,
    staged: storage.Staging,
    upload: UploadRow,
    dialect: Dialect,
    model: LoadedModel,
    task: queue.Task,
    job: queue.Job,
) -> RunSummary:
    """By this process, or by the Dask cluster where there is one and the file is large."""
    config = settings.current()
    why_alone: str | None = None
    is_ours = not isinstance(model.pipeline, served.ServedPipeline)
    is_divisible = is_ours and dialect.is_in_place  # workers read the stored bytes, from places in them
    if (
        config.dask_scheduler_address
        and is_divisible
        and upload.size_bytes > config.large_file_mb * 1_000_000
    ):
        files = storage.from_settings(config)
        _sweep(files, task)
        try:
            scored = distributed.score(
                source,
                staged,
                config=config,
                files=files,
                upload_key=upload.storage_key,
                n_bytes=upload.size_bytes,
                dialect=dialect,
                model=model,
                parts=f"{handler.output_prefix(task)}part-",
                progress=job.report,
                stop=job.stop_requested,
            )
        except ClusterUnavailable as away:
            why_alone = str(away)
            log.warning(
                "the Dask cluster can't be used; this worker scores the file alone",
                task=str(task.id),
                problem=why_alone,
            )
        else:
            _sweep(files, task)
            return scored
    scored = engine.score(
        source,
        staged,
        dialect=dialect,
        pipeline=model.pipeline,
        schema=model.schema,
        progress=job.report,
        stop=job.stop_requested,
        with_reasons=model.with_reasons,
        mapping=model.mapping,
        unsure=model.unsure,
        threshold=model.threshold,
    )
    return replace(scored, cluster_share=ClusterShare(0, 0, why_alone)) if why_alone else scored


def _sweep(files: storage.Storage, task: queue.Task) -> None:
    """Remove the ranges that earlier attempts at this task have left, whose worker was gone before it could."""
    for attempt in range(1, task.attempt):
        for key in files.keys(handler.output_prefix(replace(task, attempt=attempt))):
            files.delete(key)
