"""Routes of the package to train with on one's own machine."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Annotated, Final
from urllib.parse import urlencode

import anyio
import anyio.to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from core import db
from core.access import audit
from core.api.dependencies import Config, Files, ReaderOrTrainer, Text, model_id_of, upload_id_of
from core.api.http import downloads
from core.api.http.error_responses import documented
from core.api.http.front import MOUNT
from core.api.schemas.targets import (
    ABOUT_GROUPS,
    ABOUT_KEEP,
    ABOUT_POSITIVE,
    ABOUT_TIMES,
    StatedRows,
    StatedTarget,
    ThresholdOrRule,
)
from core.models import models, thresholds
from core.storage import Storage
from core.training.package import package, rows, subject
from core.training.package.errors import NotSaidOfWhat, RuleNotForPackage, SaidByModel
from core.training.package.subject import Asked

router = APIRouter(tags=["trainings"])
PATH: Final = "/training/package"
MOST_KEPT: Final = 100
LONGEST: Final = 400  # so that the address of a call stays within what a server reads
N_AT_ONCE: Final = 2  # each reads a whole file
_making = anyio.CapacityLimiter(N_AT_ONCE)

InQuery = Annotated[Text, Field(max_length=LONGEST)]


class Wanted(StatedTarget, StatedRows):
    """What is to be packed. A model says all but itself; of a file it is said as for any training."""

    model_id: Text | None = Field(
        default=None, description="Its own code, on the file that it was trained on, as it was trained."
    )
    upload_id: Text | None = Field(default=None, description="The file to learn from, by the built-in code.")
    target: InQuery | None = Field(default=None, description="The column to predict.")
    name: Annotated[str, Field(max_length=models.MAX_NAME)] = Field(
        default="", description="The model's name; made if left out."
    )
    positive_label: InQuery | None = Field(default=None, description=ABOUT_POSITIVE)
    group_column: InQuery | None = Field(default=None, description=ABOUT_GROUPS)
    time_column: InQuery | None = Field(default=None, description=ABOUT_TIMES)
    keep: list[InQuery] = Field(default_factory=list, max_length=MOST_KEPT, description=ABOUT_KEEP)
    threshold: ThresholdOrRule | None = Field(
        default=None,
        description="From which probability on a held-out row is predicted as the positive one of two classes: a "
        "number between 0 and 1, or `half`. Of a model, its own.",
    )

    def require_model_alone(self) -> None:
        """Raises SaidByModel."""
        if said := sorted(self.model_fields_set - {"model_id"}):
            raise SaidByModel(stated=", ".join(said))

    @property
    def number(self) -> float | None:
        """The threshold. Raises RuleNotForPackage."""
        if not isinstance(self.threshold, str):
            return self.threshold
        if self.threshold != "half":
            raise RuleNotForPackage(rule=self.threshold)
        return thresholds.HALF


InAddress = Annotated[Wanted, Query()]


@router.get(
    PATH,
    response_class=Response,
    responses={**documented(403, 404, 409, 422, 431, 503), 200: {"content": {"application/zip": {}}}},
)
async def download_package(
    request: Request,
    user: ReaderOrTrainer,
    config: Config,
    files: Files,
    wanted: InAddress,
) -> Response:
    """A zip that trains on your own machine and reports here: the same bytes each time, and no token in it."""
    asked = await anyio.to_thread.run_sync(partial(_asked, user, wanted))
    query = urlencode([(key, value) for key, value in request.query_params.multi_items() if value])
    make = partial(_made, files, asked, address=config.url, data_path=f"{MOUNT}{PATH}/{package.DATA}?{query}")
    content = await anyio.to_thread.run_sync(make, limiter=_making)
    await anyio.to_thread.run_sync(partial(_note, user, asked))
    return downloads.respond_with(
        request, iter([content]), file_name=package.file_name(asked.model_name), media_type="application/zip"
    )


@router.get(
    f"{PATH}/{package.DATA}",
    response_class=Response,
    responses={**documented(403, 404, 409, 422, 431, 503), 200: {"content": {"text/csv": {}}}},
)
async def download_package_data(
    request: Request,
    user: ReaderOrTrainer,
    files: Files,
    wanted: InAddress,
) -> Response:
    """The rows of a package by themselves, for `train.py --data PATH`: those above 50 MB are not in the zip."""
    asked = await anyio.to_thread.run_sync(partial(_asked, user, wanted))
    chunks = await anyio.to_thread.run_sync(partial(_rows, files, asked), limiter=_making)
    await anyio.to_thread.run_sync(partial(_note, user, asked))
    return downloads.respond_with(
        request, chunks, file_name=package.DATA, media_type="text/csv; charset=utf-8"
    )


def _asked(user: db.User, wanted: Wanted) -> Asked:
    """Raises NotSaidOfWhat, SaidByModel, RuleNotForPackage, and what `subject` raises."""
    model_id, upload_id, target = wanted.model_id, wanted.upload_id, wanted.target
    with db.session_scope(user) as session:
        if model_id is not None and upload_id is None and target is None:
            wanted.require_model_alone()
            return subject.of_model(session, model_id=model_id_of(model_id))
        if model_id is None and upload_id is not None and target is not None:
            return subject.of_upload(
                session,
                upload_id=upload_id_of(upload_id),
                target=target,
                model_name=wanted.name,
                choices=wanted.choices,
                keep=wanted.keep,
                validation=wanted.validation,
                threshold=wanted.number,
            )
    raise NotSaidOfWhat


def _made(files: Storage, asked: Asked, *, address: str, data_path: str) -> bytes:
    return package.make(files, subject.look(files, asked), address=address, data_path=data_path)


def _rows(files: Storage, asked: Asked) -> Iterator[bytes]:
    """Its first block is read here, so that what is wrong with the file can still be said."""
    chunks = rows.write(files, subject.look(files, asked))
    return chain([next(chunks, b"")], chunks)


def _note(user: db.User, asked: Asked) -> None:
    told = audit.Subject("package", asked.upload.id, asked.model_name)
    downloads.note(user, told, "application/zip")
