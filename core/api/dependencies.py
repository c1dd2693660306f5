"""What routes are given: who asks, the settings, storage, ids that exist in form, and the pages of a list."""

from __future__ import annotations

import math
import re
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request, Security
from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError, WithJsonSchema

from core import access, db
from core.access import ownership, tokens
from core.access.errors import NotSignedIn
from core.access.ownership import OwnerFilter
from core.api.security import scopes
from core.api.security.authentication import PRINCIPAL, RequestPrincipal, address_of
from core.db.pagination import MAX_LIMIT
from core.errors import NotFound
from core.models import thresholds
from core.models.errors import ThresholdUnusable
from core.predictions.errors import MappingUnreadable, ReadingUnreadable
from core.settings import Settings
from core.storage import Storage


def _caller(request: Request) -> db.User:
    principal: RequestPrincipal | None = request.scope.get(PRINCIPAL)
    if principal is not None:
        return principal.user
    settings: Settings = request.app.state.settings
    if settings.has_sign_in:  # the gate lets nobody come this far
        raise NotSignedIn
    return access.local_user(address_of(request))


def _principal(request: Request) -> RequestPrincipal:
    principal: RequestPrincipal | None = request.scope.get(PRINCIPAL)
    return principal or RequestPrincipal(_caller(request))


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _storage(request: Request) -> Storage:
    storage: Storage = request.app.state.storage
    return storage


async def _same_for_all() -> None:
    """For a call that need not know who asks."""


def upload_id_of(text: str) -> int:
    """Raises NotFound for what can't be an upload's id."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise NotFound(resource="upload", id=text or '""')
    return int(text)


def prediction_id_of(text: str) -> UUID:
    """Raises NotFound for what can't be a prediction's id."""
    return uuid_of(text, resource="prediction")


def model_id_of(text: str) -> UUID:
    """Raises NotFound for what can't be a model's id."""
    return uuid_of(text, resource="model")


def uuid_of(text: str, *, resource: str) -> UUID:
    """Raises NotFound for what can't be an id."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(resource=resource, id=text or '""') from error


# Ids are declared as text: a malformed one names nothing, which is a 404 like any other unknown id.
def _upload_in_path(upload_id: Annotated[str, Path(examples=["7"])]) -> int:
    return upload_id_of(upload_id)


def _prediction_in_path(prediction_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return prediction_id_of(prediction_id)


def _model_in_path(model_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return model_id_of(model_id)


# Who asks, and so what a token needs for the call: the gate has looked at that before the body was read.
Reader = Annotated[db.User, Security(_caller, scopes=[tokens.READ])]
Writer = Annotated[db.User, Security(_caller, scopes=[tokens.WRITE])]
Trainer = Annotated[db.User, Security(_caller, scopes=[tokens.TRAINING])]
ReaderOrTrainer = Annotated[db.User, Security(_caller, scopes=[tokens.READ, tokens.TRAINING])]
Reporter = Annotated[RequestPrincipal, Security(_principal, scopes=[tokens.TRAINING, tokens.PACKAGE])]
ReaderOrReporter = Annotated[RequestPrincipal, Security(_principal, scopes=[tokens.READ, tokens.PACKAGE])]
Manager = Annotated[db.User, Security(_caller, scopes=[scopes.PERSON])]
ManagingPrincipal = Annotated[RequestPrincipal, Security(_principal, scopes=[scopes.PERSON])]
NEEDS_READ = Security(_same_for_all, scopes=[tokens.READ])
NEEDS_NOTHING = Security(_same_for_all, scopes=[scopes.ANY])
AnyPrincipal = Annotated[RequestPrincipal, Security(_principal, scopes=[scopes.ANY])]
Config = Annotated[Settings, Depends(_settings)]
Files = Annotated[Storage, Depends(_storage)]
UploadId = Annotated[int, Depends(_upload_in_path)]
PredictionId = Annotated[UUID, Depends(_prediction_in_path)]
ModelId = Annotated[UUID, Depends(_model_in_path)]


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def _storable(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise ValueError("it holds a NUL or half a surrogate pair")
    return text


# Postgres keeps neither, so neither may come as far as a query.
Text = Annotated[str, AfterValidator(_storable), Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})]

TEXT_KEYS = Field(json_schema_extra={"additionalProperties": False})  # of an object: no keys but such texts


def _whole(value: object) -> object:
    """JSON knows one kind of number: 7.0 is as whole as 7."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)  # stands last: what stands behind it is not told in the description


# The model's column → the file's column to read in its place, or the way to read it.
ColumnMapping = Annotated[dict[Text, Text], Field(max_length=4096), TEXT_KEYS]
_MAPPING: TypeAdapter[dict[str, str]] = TypeAdapter(ColumnMapping)


def mapping_of(text: str) -> dict[str, str]:
    """The mapping that a query parameter or a form's field holds as JSON; empty text is none.

    Raises MappingUnreadable.
    """
    try:
        return _MAPPING.validate_json(text, strict=True) if text else {}
    except ValidationError as error:
        raise MappingUnreadable(reason=error.errors()[0]["msg"][:200]) from error


def reading_of(text: str) -> dict[str, str]:
    """What is chosen of columns that can be read in two ways, held likewise. Raises ReadingUnreadable."""
    try:
        return _MAPPING.validate_json(text, strict=True) if text else {}
    except ValidationError as error:
        raise ReadingUnreadable(reason=error.errors()[0]["msg"][:200]) from error


def threshold_of(text: str) -> float | None:
    """The threshold that a form's field holds; empty text is none. Raises ThresholdUnusable."""
    try:
        number = float(text) if text else None
    except ValueError:
        number = math.nan
    if number is None:
        return None
    if math.isnan(number) or not text.isascii() or "_" in text:  # Python alone takes such for numbers
        raise ThresholdUnusable(problem=f"{text[:80]!r} is no number")
    return thresholds.checked(number)


def _mapping_in_query(
    mapping: Annotated[
        str,
        Query(
            description="A JSON object: each of the model's columns, and the file's column to read instead.",
            examples=['{"tenure": "Months"}'],
        ),
    ] = "",
) -> dict[str, str]:
    return mapping_of(mapping)


def _reading_in_query(
    reading: Annotated[
        str,
        Query(
            description="A JSON object: each of the model's columns that can be read in two ways, and which way.",
            examples=['{"utilization": "fractions"}'],
        ),
    ] = "",
) -> dict[str, str]:
    return reading_of(reading)


ReadingInQuery = Annotated[dict[str, str], Depends(_reading_in_query)]
MappingInQuery = Annotated[dict[str, str], Depends(_mapping_in_query)]


def _id_as_text(value: object) -> str:
    value = _whole(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError('it must be an id, such as "7"')  # noqa: TRY004  # what pydantic turns into a refusal
    return str(value)


UploadIdInBody = Annotated[
    str,
    BeforeValidator(_id_as_text),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
]

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="The most rows to return.")]
Cursor = Annotated[
    str | None,
    Query(max_length=400, description="`next_cursor` of the previous page; leave out for the first."),
]


def _owner(
    user_id: Annotated[
        str,
        Query(
            max_length=36,
            description="Whose work: `me`, a person's id, or `all`. Only admins see other people's work.",
        ),
    ] = ownership.MINE,
) -> OwnerFilter:
    return owner_of(user_id)


def owner_of(text: str) -> OwnerFilter:
    """Whose work: `me`, `all` or a person's id. Raises NotFound."""
    if text in (ownership.MINE, ownership.ALL):
        return ownership.ALL if text == ownership.ALL else ownership.MINE
    return uuid_of(text, resource="person")


Owner = Annotated[OwnerFilter, Depends(_owner)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Repeating a request with the same key within 24 hours returns the first answer; "
        "while the first call waits for a result, what it has created so far.",
    ),
]
