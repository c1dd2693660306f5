"""Routes of uploads."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from core import db
from core.access import ownership
from core.api.dependencies import (
    Config,
    Cursor,
    Files,
    Limit,
    MappingInQuery,
    Owner,
    Reader,
    ReadingInQuery,
    Text,
    UploadId,
    Writer,
    model_id_of,
)
from core.api.http import downloads
from core.api.http.downloads import Download
from core.api.http.error_responses import documented
from core.api.schemas import uploads as schemas
from core.api.schemas import work
from core.api.schemas.checks import SchemaCheckReport
from core.predictions.check import schema_check
from core.settings import Settings
from core.storage import Storage
from core.uploads import separate, stored, uploads

router = APIRouter(prefix="/uploads", tags=["uploads"])


@router.get("", responses=documented(400, 403, 404, 422, 503))
def list_uploads(
    user: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    file_name: Annotated[
        Text, Query(max_length=255, description="Only uploads whose name contains this.")
    ] = "",
    owner: Owner = ownership.MINE,
) -> work.Listed[schemas.Upload]:
    """Your uploads, newest first."""
    with db.session_scope(user) as session:
        page = uploads.page(session, limit=limit, cursor=cursor, search=file_name, owner=owner)
    return work.Listed[schemas.Upload].of(page, schemas.Upload.of)


@router.get("/{upload_id}", responses=documented(403, 404, 503))
def get_upload(user: Reader, upload_id: UploadId) -> schemas.UploadDetail:
    """One upload, with a profile of its columns."""
    with db.session_scope(user) as session:
        return schemas.UploadDetail.of(uploads.get(session, upload_id=upload_id))


@router.get("/{upload_id}/check", responses=documented(403, 404, 409, 422, 503))
def check_upload(
    user: Reader,
    files: Files,
    upload_id: UploadId,
    model_id: str,
    mapping: MappingInQuery,
    reading: ReadingInQuery,
) -> SchemaCheckReport:
    """Whether a model can score the file: columns that match, are missing, were renamed or are not read, and values
    that differ from the training data.
    """
    return SchemaCheckReport.of(
        schema_check.check(
            user,
            storage=files,
            upload_id=upload_id,
            model_id=model_id_of(model_id),
            mapping=mapping,
            choices=reading,
        )
    )


@router.patch("/{upload_id}/reading", responses=documented(400, 403, 404, 409, 413, 415, 422, 503))
async def overrule(
    request: Request,
    user: Writer,
    config: Config,
    files: Files,
    upload_id: UploadId,
    overrides: schemas.UploadOverrides,
) -> schemas.UploadDetail:
    """Read the file again with these settings, on top of earlier ones."""
    return await _reread(request, user, config, files, upload_id, overrides, anew=False)


@router.put("/{upload_id}/reading", responses=documented(400, 403, 404, 409, 413, 415, 422, 503))
async def read_anew(
    request: Request,
    user: Writer,
    config: Config,
    files: Files,
    upload_id: UploadId,
    overrides: schemas.UploadOverrides,
) -> schemas.UploadDetail:
    """Read the file again with these settings alone; earlier ones are dropped."""
    return await _reread(request, user, config, files, upload_id, overrides, anew=True)


async def _reread(
    request: Request,
    user: db.User,
    config: Settings,
    files: Storage,
    upload_id: int,
    overrides: schemas.UploadOverrides,
    *,
    anew: bool,
) -> schemas.UploadDetail:
    size_bytes = await anyio.to_thread.run_sync(partial(_size_bytes, user, upload_id))
    verb = partial(
        uploads.reread,
        user,
        storage=files,
        staging_dir=config.staging_dir,
        upload_id=upload_id,
        overrides=overrides.said(),
        anew=anew,
    )
    async with request.app.state.lanes.lane(size_bytes) as heavy:
        return schemas.UploadDetail.of(await anyio.to_thread.run_sync(verb, limiter=heavy))


@router.post(
    "/{upload_id}/tables/{number}", status_code=201, responses=documented(403, 404, 409, 415, 422, 503)
)
async def add_table(
    request: Request,
    user: Writer,
    config: Config,
    files: Files,
    upload_id: UploadId,
    number: Annotated[int, Path(ge=1, le=2**31 - 1, description="Its place among `other_tables`, from 1.")],
) -> schemas.UploadDetail:
    """Make one of the file's other tables an upload of its own. If it is one already, you get that one."""
    size_bytes = await anyio.to_thread.run_sync(partial(_size_bytes, user, upload_id))
    verb = partial(
        separate.add_table,
        user,
        storage=files,
        staging_dir=config.staging_dir,
        upload_id=upload_id,
        number=number,
    )
    async with request.app.state.lanes.lane(size_bytes) as heavy:
        received = await anyio.to_thread.run_sync(verb, limiter=heavy)
    with db.session_scope(user) as session:
        return schemas.UploadDetail.of(uploads.get(session, upload_id=received.upload.id))


def _size_bytes(user: db.User, upload_id: int) -> int:
    """Raises NotFound."""
    with db.session_scope(user) as session:
        return uploads.get(session, upload_id=upload_id).size_bytes


@router.get(
    "/{upload_id}/file",
    response_class=Response,
    responses={
        200: {"content": {"text/csv": {}}, "description": "The file as it was uploaded."},
        206: {"content": {"text/csv": {}}, "description": "The requested range."},
        **downloads.UNCHANGED,
        **documented(403, 404, 412, 416, 422, 503),
    },
    openapi_extra=dict(downloads.CONDITIONS),
)
@router.head("/{upload_id}/file", include_in_schema=False)
def get_upload_file(request: Request, user: Reader, files: Files, upload_id: UploadId) -> Response:
    """The CSV exactly as uploaded (unpacked, if it was packed). Accepts `Range`."""
    with db.session_scope(user) as session:
        upload = uploads.get(session, upload_id=upload_id)
    stored.require_stored(files, upload)
    codec = uploads.examination_of(upload).dialect.encoding
    download = Download(
        subject=uploads.subject(upload),
        key=upload.storage_key,
        file_name=upload.file_name,
        media_type=downloads.csv_media_type(codec),
        etag=upload.sha256,
    )
    return downloads.respond(request, files, download, user=user)


@router.delete("/{upload_id}", responses=documented(403, 404, 409, 422, 503))
def delete_upload(
    user: Writer,
    files: Files,
    upload_id: UploadId,
    n_predictions: Annotated[
        int, Query(ge=0, le=2**31, description="Confirms how many predictions are deleted with it.")
    ] = 0,
) -> work.Deleted:
    """Delete an upload, its predictions and all their files."""
    stored.delete(user, files, partial(uploads.delete, upload_id=upload_id, n_confirmed=n_predictions))
    return work.Deleted(id=str(upload_id))
