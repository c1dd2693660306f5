"""Routes of what a prediction has brought: its result file and its numbers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from core import db, storage
from core.api.dependencies import Config, Files, PredictionId, Reader
from core.api.http import downloads
from core.api.http.downloads import Download
from core.api.http.error_responses import documented
from core.db.tables.predictions import PredictionRow
from core.errors import Conflict
from core.predictions import predictions
from core.predictions.errors import ResultDamaged, ResultUnreadable
from core.predictions.results import csv_injection, measures, parquet, stored
from core.predictions.states import Status
from core.settings import Settings
from core.storage import Staging, Storage
from core.uploads import uploads
from core.uploads.csv.dialect import Dialect
from core.uploads.errors import BadCsv, ChangedSinceChecked
from core.uploads.hashed import HashedReader

PARQUET = "application/vnd.apache.parquet"
SAFE = (
    "Put an apostrophe before each cell of the CSV that a spreadsheet would run as a formula. Parquet files are "
    "returned unchanged."
)
MAGIC = b"PAR1"  # the last bytes of every Parquet file

router = APIRouter(prefix="/predictions", tags=["predictions"])


class ColumnQuality(BaseModel):
    """Cells of one column that don't match the training data."""

    column: str
    n_missing: int
    n_bad: int = Field(description="Not a number, or not a date, where the model expects one.")
    n_unseen: int = Field(description="A value not seen in training.")
    n_outside: int = Field(description="A number or date outside the range of the training data.")
    of: Literal["numbers", "dates", "times"] = Field(description="What the column holds, if no categories.")
    n_about: int = Field(description="Cells that name a number only nearly, such as `<0.5`.")
    n_guessed: int = Field(description="Cells that can be read in two ways, which nobody chose between.")


class FormulaCells(BaseModel):
    """A column with cells that a spreadsheet would run as formulas: they start with = + - @, a tab or a return."""

    column: str
    n: int
    first_row: int = Field(description="From 1, below the header; 0 if the column's name is one.")


class Measurements(BaseModel):
    """The figures behind the charts of a finished prediction."""

    n_rows: int
    n_measured: int = Field(description="Rows whose outcome is known.")
    n_blank: int = Field(description="Rows whose outcome is missing.")
    n_unknown: int = Field(description="Rows whose outcome the model does not know.")
    unknown_outcomes: list[str] = Field(description="The first few of those outcomes.")
    n_outcomes_outside: int = Field(
        description="Rows whose outcome is a number beyond the range of the training data; 0 if that is unknown."
    )
    outcome_guess: str = Field(
        description="Why the outcomes can be read in two ways, if nobody chose; then the metrics may be wrong."
    )
    seconds: float
    rows_per_s: float | None
    target: str
    positive_label: str | None
    threshold: float | None = Field(
        description="From which probability on rows count as the positive class; null but for two classes."
    )
    on_training_data: bool = Field(
        description="The model was trained on this very file, so its metrics look better than they are."
    )
    headline: str
    metrics: dict[str, Any] | None = Field(
        description="Depends on the model's task; null without known outcomes."
    )
    scores: dict[str, Any] | None = Field(description="Distribution of the positive label's probability.")
    bands: dict[str, Any] | None = Field(description="Rows by risk band; for two classes only.")
    labels: dict[str, Any] | None = Field(description="How often each label was predicted.")
    values: dict[str, Any] | None = Field(description="Distribution of predicted numbers.")
    quality: list[ColumnQuality]
    formulas: list[FormulaCells]
    n_cautioned: int | None = Field(
        description="Rows with a note in the result's column `caution` about what makes the answer less certain; null "
        "if the file was scored before that column existed."
    )


@router.get(
    "/download_predictions/{prediction_id}",
    response_class=Response,
    responses={
        200: {"content": {"text/csv": {}, PARQUET: {}}, "description": "The result file."},
        206: {"content": {"text/csv": {}, PARQUET: {}}, "description": "The requested range."},
        **downloads.UNCHANGED,
        307: {"description": "Download it from `Location`, which is valid for five minutes."},
        **documented(403, 404, 409, 412, 416, 422, 503),
    },
    openapi_extra=dict(downloads.CONDITIONS),
)
@router.head("/download_predictions/{prediction_id}", include_in_schema=False)
async def download_predictions(
    request: Request,
    user: Reader,
    config: Config,
    files: Files,
    prediction_id: PredictionId,
    format: Literal["csv", "parquet"] = "csv",  # noqa: A002  # the name of the query's parameter
    safe: Annotated[bool, Query(description=SAFE)] = False,
) -> Response:
    """The upload's rows in order, followed by the model's answers. Accepts `Range`, unless `safe` is set."""
    if format == "csv" and safe:
        make = partial(_safe_csv, request, user, files, prediction_id)
        size_bytes = await anyio.to_thread.run_sync(_size_bytes, user, prediction_id)
        async with request.app.state.lanes.lane(size_bytes) as heavy:
            return await anyio.to_thread.run_sync(make, limiter=heavy)
    if format == "csv":
        download = await anyio.to_thread.run_sync(_csv, user, files, prediction_id)
    else:
        convert = partial(_parquet, user, config, files, prediction_id)
        size_bytes = await anyio.to_thread.run_sync(_size_bytes, user, prediction_id)
        async with request.app.state.lanes.lane(size_bytes) as heavy:
            download = await anyio.to_thread.run_sync(convert, limiter=heavy)
    respond = partial(downloads.respond, request, files, download, user=user)
    return await anyio.to_thread.run_sync(respond)


@router.get("/{prediction_id}/metrics", responses=documented(403, 404, 409, 503))
def get_metrics(user: Reader, prediction_id: PredictionId) -> Measurements:
    """The figures behind the charts of a prediction."""
    with db.session_scope(user) as session:
        prediction = predictions.get(session, prediction_id=prediction_id)
    return Measurements.model_validate(measures.of(prediction).to_json())


def _safe_csv(request: Request, user: db.User, files: Storage, prediction_id: UUID) -> Response:
    """The result, made harmless for spreadsheets while it is sent. Raises ResultGone, ResultDamaged."""
    prediction, dialect = _completed(user, prediction_id)
    stored.require_stored(files, prediction)
    key = str(prediction.output_key)
    with _hashed(files, prediction) as source:
        source.require_unchanged()

    if request.method == "GET":
        downloads.note(user, predictions.subject(prediction), "text/csv")

    def chunks() -> Iterator[bytes]:
        with files.open(key) as source:
            yield from csv_injection.safe_chunks(source, dialect)

    return downloads.respond_with(
        request,
        chunks(),
        file_name=_file_name(prediction, "csv", "safe"),
        media_type=downloads.csv_media_type(dialect.encoding),
    )


def _csv(user: db.User, files: Storage, prediction_id: UUID) -> Download:
    """The result as it was written. Raises ResultGone, ResultDamaged where its size is another."""
    prediction, dialect = _completed(user, prediction_id)
    stored.require_stored(files, prediction)
    return Download(
        subject=predictions.subject(prediction),
        key=str(prediction.output_key),
        file_name=_file_name(prediction, "csv"),
        media_type=downloads.csv_media_type(dialect.encoding),
        etag=str(prediction.output_sha256),
    )


def _size_bytes(user: db.User, prediction_id: UUID) -> int:
    """Of the result, as CSV."""
    return _completed(user, prediction_id)[0].output_bytes or 0


def _parquet(user: db.User, config: Settings, files: Storage, prediction_id: UUID) -> Download:
    """The result as Parquet, made when it is first asked for, or when what was made is no longer whole.

    Raises ResultGone, ResultDamaged, ResultUnreadable, DiskFull.
    """
    prediction, dialect = _completed(user, prediction_id)
    key = f"{prediction.output_key}.parquet"
    if not _is_parquet(files, key):
        files.delete(key)
        _convert(files, prediction, key, dialect, config)
    return Download(
        subject=predictions.subject(prediction),
        key=key,
        file_name=_file_name(prediction, "parquet"),
        media_type=PARQUET,
        etag=f"{prediction.output_sha256}-parquet",
    )


def _is_parquet(files: Storage, key: str) -> bool:
    """Whether a Parquet file is stored there that ends as such files do."""
    try:
        size_bytes = files.stat(key).size_bytes
        with files.open(key, start=max(0, size_bytes - len(MAGIC))) as end:
            return end.read() == MAGIC
    except storage.NotStored:
        return False


def _convert(files: Storage, prediction: PredictionRow, key: str, dialect: Dialect, config: Settings) -> None:
    """Store the result as Parquet; nothing is kept that was made of other bytes than scoring wrote."""
    stored.require_stored(files, prediction)
    types = parquet.types_of_added(prediction.columns or {})
    with storage.stage(config.staging_dir) as staged:
        with _hashed(files, prediction) as source:
            try:
                parquet.to_parquet(source, _Sink(staged), dialect, types=types)  # type: ignore[arg-type]  # a raw stream will do
            except (BadCsv, ChangedSinceChecked, ResultUnreadable, ValueError, IndexError):
                source.seek(0)
                source.require_unchanged()  # else the fault lies with whoever changed the bytes
                raise
        staged.close()
        with suppress(storage.KeyTaken):  # somebody else asked at the same time: theirs is the same
            files.put(key, staged.path)


def _hashed(files: Storage, prediction: PredictionRow) -> HashedReader:
    """The result's bytes; `require_unchanged` raises ResultDamaged where they are not those that scoring wrote."""
    return HashedReader(
        files.open(str(prediction.output_key)),
        sha256=str(prediction.output_sha256),
        changed=lambda: ResultDamaged(file_name=prediction.upload.file_name),
    )


class _Sink(io.RawIOBase):
    """A staging file as the stream that a Parquet writer wants."""

    def __init__(self, staged: Staging) -> None:
        self._staged = staged

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        return self._staged.write(bytes(chunk))


def _completed(user: db.User, prediction_id: UUID) -> tuple[PredictionRow, Dialect]:
    """The prediction and how its files are written. Raises NotFound, Conflict."""
    with db.session_scope(user) as session:
        prediction = predictions.get(session, prediction_id=prediction_id)
        if prediction.status != Status.COMPLETED:
            raise Conflict(
                resource="prediction", state=prediction.status, asked="downloaded before it is COMPLETED"
            )
        upload = uploads.get(session, upload_id=prediction.upload_id)
    return prediction, predictions.dialect_of(prediction, upload)


def _file_name(prediction: PredictionRow, extension: str, kind: str = "") -> str:
    return f"{' '.join(filter(None, (PurePosixPath(prediction.upload.file_name).stem, 'scored', kind)))}.{extension}"
