"""Deliberate failures: each class says what happened, to which thing, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, dataclass_transform

LONGEST_FACT = 1_000  # characters of a text in a sentence


@dataclass_transform(kw_only_default=True, eq_default=False)
class AppError(Exception):
    """The root of every failure that we raise on purpose.

    A subclass declares its facts as annotated fields and two sentences as templates over them:
    `message` (what happened, to which thing) and `hint` (what to do next; empty where there is nothing to add).
    On an instance both are filled in. `code` is the stable name that programs match on; the HTTP status is that of the
    base class that says how the failure came about, such as Missing or Unavailable. Facts are keyword-only;
    whole numbers are written with separators (ids are not), and with their noun where the template names one:
    "{n_rows:row}" or, where more than an s changes, "{n_rows:row was|rows were}".

        class UnknownUpload(Missing):
            code = "unknown_upload"
            message = "There is no upload {upload_id}."
            hint = "Open the list of uploads and choose one."
            upload_id: int
    """

    code: ClassVar[str] = "app_error"
    message: ClassVar[str] = "Something went wrong."
    hint: ClassVar[str] = ""
    http_status: ClassVar[int] = 422

    @property
    def http_headers(self) -> dict[str, str]:
        """What else an HTTP answer of this failure says, for programs."""
        return {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclass(eq=False, kw_only=True, repr=False)(cls)

    def __post_init__(self) -> None:
        facts = self._facts()
        vars(self).update(message=self.message.format(**facts), hint=self.hint.format(**facts))

    def _facts(self) -> dict[str, Any]:
        facts = {fact.name: getattr(self, fact.name) for fact in fields(self)}  # type: ignore[arg-type]  # subclasses are dataclasses
        return {
            name: _Counted(fact) if type(fact) is int and not name.endswith("id") else _cut(fact)
            for name, fact in facts.items()
        }

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self!s})"

    def __reduce__(self) -> tuple[Any, ...]:
        """So that a failure can be told from another process: facts are given by name."""
        facts = {fact.name: getattr(self, fact.name) for fact in fields(self)}  # type: ignore[arg-type]  # as above
        return _made, (type(self), facts)


def _made(kind: type[AppError], facts: dict[str, Any]) -> AppError:
    return kind(**facts)


def counted(n: int, noun: str) -> str:
    """1, "row" → "1 row"; 2000, "row" → "2,000 rows"; 2, "row was|rows were" → "2 rows were"."""
    one, _, several = noun.partition("|")
    return f"{n:,} {one if n == 1 else several or one + 's'}"


def _cut(fact: Any) -> Any:
    """What somebody sent comes back in an answer, a row and the log: not all of it where it is endless."""
    return f"{fact[:LONGEST_FACT]}…" if isinstance(fact, str) and len(fact) > LONGEST_FACT else fact


class _Counted(int):
    """A whole number in a template."""

    def __format__(self, noun: str) -> str:
        return counted(int(self), noun) if noun else f"{int(self):,}"


class BadRequest(AppError):
    """What was sent can't be read."""

    http_status = 400


class Unauthenticated(AppError):
    """It is not known who asks."""

    http_status = 401


class Forbidden(AppError):
    """Whoever asks may not."""

    http_status = 403


class Missing(AppError):
    """What was asked for is not there, or not for the one who asks."""

    http_status = 404


class Clash(AppError):
    """The state that something is in does not allow it."""

    http_status = 409


class TooLarge(AppError):
    """More bytes than are taken."""

    http_status = 413


class UnsupportedMediaType(AppError):
    """What was sent is of another type than is taken."""

    http_status = 415


class TooManyRequests(AppError):
    """Somebody asks more often than is allowed."""

    http_status = 429


class Internal(AppError):
    """The app or its installation is at fault."""

    http_status = 500


class Unavailable(AppError):
    """Something that the app stands on is out of reach or full; the same may work later."""

    http_status = 503


class NotFound(Missing):
    """Nothing of this kind with this id is visible to the one who asks."""

    code = "not_found"
    message = "There is no {resource} with the id {id}."
    hint = "It may have been deleted, or it belongs to somebody else. Open the list and choose again."
    resource: str
    id: object


class Conflict(Clash):
    """The thing is in a state that does not allow what was asked."""

    code = "conflict"
    message = "This {resource} is {state}, so it can't be {asked}."
    hint = "Reload to see its present state."
    resource: str
    state: str
    asked: str


class Invalid(AppError):
    """What was asked makes no sense as it stands."""

    code = "invalid"
    message = "{problem}"
    hint = "{remedy}"
    problem: str
    remedy: str
