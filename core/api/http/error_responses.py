"""How a failure is answered: with the status of its class, and in one shape for all of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, get_args

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from core import logs
from core.api import errors
from core.errors import AppError, Invalid

log = logs.get("api")

LONGEST_NAME = 200  # characters of a field's name in a sentence
ONE_OF_SEVERAL = "constrained-float"  # how pydantic calls a number that may also be a word

MEANS = {
    400: "The request can't be read.",
    401: "Not signed in, or the session or token is no longer valid.",
    403: "Wrong Host or Origin, or the role or token does not allow this.",
    404: "Nothing has this id, or it belongs to somebody else.",
    405: "The path does not accept this method; Allow lists those it does.",
    408: "The sender stopped sending.",
    409: "Its current state does not allow this; the message says which state.",
    412: "If-Match names another version of the file.",
    413: "Too large.",
    415: "The body has the wrong type; for an upload, the file is not a CSV.",
    416: "The range starts beyond the end of the file.",
    422: "The request can't be done as it stands; the message says what to change.",
    429: "Too many sign-in attempts, or as many trainings in the queue as may wait.",
    431: "The address or the headers are too long.",
    500: "An error in the app; it has been logged.",
    503: "The database, storage or worker is unavailable, or a disk is full.",
}


class Refusal(BaseModel):
    """What happened, and what to do next."""

    code: str = Field(description="Stable name for programs to match on.")
    message: str
    hint: str = Field(description="What to do next; may be empty.")


class Refused(BaseModel):
    """The shape of every error."""

    error: Refusal


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of the refusals of one route."""
    return {
        **{status: {"model": Refused, "description": MEANS[status]} for status in sorted(statuses)},
        "default": {"model": Refused, "description": "Any other error, in the same shape."},
    }


def answer(error: AppError) -> JSONResponse:
    """The answer to a deliberate failure."""
    status = error.http_status
    if status >= 500:
        log.warning("refused", code=error.code, status=status, problem=str(error))
    return shaped(
        status, code=error.code, message=error.message, hint=error.hint, headers=error.http_headers or None
    )


def shaped(
    status: int, *, code: str, message: str, hint: str = "", headers: dict[str, str] | None = None
) -> JSONResponse:
    """A refusal in the one shape."""
    # what is quoted may hold half a surrogate pair, which no answer can carry
    message, hint = (text.encode("utf-8", "replace").decode() for text in (message, hint))
    body = Refused(error=Refusal(code=code, message=message, hint=hint))
    return JSONResponse(body.model_dump(), status_code=status, headers=headers)


async def of_app_error(_request: Request, error: Exception) -> JSONResponse:
    """Handler of AppError."""
    assert isinstance(error, AppError)
    return answer(error)


def unforeseen() -> JSONResponse:
    """The answer to an error that nobody meant; says nothing of the inside."""
    return shaped(
        500,
        code="internal_error",
        message="Something went wrong in the app.",
        hint="Try again. If it keeps failing, check the app's log.",
    )


async def of_unforeseen(_request: Request, _error: Exception) -> JSONResponse:
    """Handler of everything else; the error goes on to the front, which logs it."""
    return unforeseen()


async def of_framework(_request: Request, error: Exception) -> JSONResponse:
    """Handler of what the framework itself refuses: a body that can't be read, one that is too large, …"""
    assert isinstance(error, HTTPException)
    detail: object = error.detail
    if isinstance(detail, AppError):  # one of ours, in the only wrap that the framework lets through
        return answer(detail)
    if error.status_code == 400 and (reason := _unreadable(error.__cause__)):
        return answer(errors.UnreadableRequest(problem=f"its body is not valid JSON ({reason})"))
    name = HTTPStatus(error.status_code)
    return shaped(
        error.status_code,
        code=name.name.lower(),
        message=f"{error.detail or name.phrase}.",
        hint="All calls are listed at /api/docs.",
        headers=dict(error.headers) if error.headers else None,
    )


def _unreadable(error: BaseException | None) -> str:
    """Why a body could not be read as JSON; empty where something else was the matter."""
    match error:
        case RecursionError():
            return "it is nested too deeply"
        case UnicodeDecodeError():
            return f"byte {error.start} is not UTF-8"
        case ValueError():
            return "a number in it has too many digits"
    return ""


async def of_validation(request: Request, error: Exception) -> JSONResponse:
    """Handler of parameters and bodies that are not what the route declares."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:] if part != ONE_OF_SEVERAL)[:LONGEST_NAME]
    if first["type"] == "json_invalid":
        return answer(
            errors.UnreadableRequest(problem=f"its body is not valid JSON ({first['ctx']['error']})")
        )
    media_type = request.headers.get("content-type", "")
    if first["loc"] == ("body",):
        if media_type.partition(";")[0].strip().lower() != "application/json":
            found = media_type or "an untyped body"
            return answer(errors.WrongMediaType(expected="application/json", found=found))
        return answer(Invalid(problem="The body must be a JSON object.", remedy=_fields(request)))
    if first["type"] == "extra_forbidden":
        return answer(Invalid(problem=f"There is no field '{where}'.", remedy=_fields(request)))
    message = f"{where or 'The body'}: {first['msg'].removeprefix('Value error, ')}."
    return shaped(422, code="invalid", message=message, hint="All calls are listed at /api/docs.")


def _fields(request: Request) -> str:
    """The names that the route's body may have."""
    body = getattr(request.scope.get("route"), "body_field", None)
    annotation = getattr(getattr(body, "field_info", None), "annotation", BaseModel)
    models = [
        one for one in (annotation, *get_args(annotation)) if hasattr(one, "model_fields")
    ]  # "… | None"
    names = [name for model in models for name in model.model_fields]
    return f"Its fields are {', '.join(names)}."
