"""What the API itself refuses, before any verb is asked."""

from __future__ import annotations

from core.errors import AppError, BadRequest, Clash, Forbidden, Missing, TooLarge, UnsupportedMediaType


class ForeignRequest(Forbidden):
    """The request comes from somewhere that may not talk to this app."""

    code = "forbidden"


class WrongHost(ForeignRequest):
    """The Host header names another server: a page elsewhere may have pointed its own name at us."""

    code = "wrong_host"
    message = "This app does not answer to the host {host!r}."
    hint = "Open {url}, or set APP_URL to the address that people use."
    host: str
    url: str


class WrongOrigin(ForeignRequest):
    """A page of another site made the browser send this."""

    code = "wrong_origin"
    message = "Pages from {origin} can't use this app."
    hint = "Open the app at {url}, or call the API from a program."
    origin: str
    url: str


class UnreadableRequest(BadRequest):
    """The request can't be understood as it stands."""

    code = "bad_request"
    message = "The request can't be read: {problem}."
    hint = "Compare it with the docs at /api/docs."
    problem: str


class NothingThere(Missing):
    """No call has this path."""

    code = "not_found"
    message = "There is nothing at {path}."
    hint = "All calls are listed at /api/docs."
    path: str


class MethodNotTaken(AppError):
    """The path is there, but not for this method. allowed: those that it takes, listed."""

    code = "method_not_allowed"
    http_status = 405
    message = "{path} does not accept {method}."
    hint = "It accepts {allowed}. All calls are listed at /api/docs."
    path: str
    method: str
    allowed: str

    @property
    def http_headers(self) -> dict[str, str]:
        return {"Allow": self.allowed}


class NoFile(UnreadableRequest):
    """A multipart request without a file in it."""

    code = "no_file"
    message = "The request contains no file."
    hint = "Send the CSV as the part named 'file', with a file name."
    problem: str = ""


class SeveralFiles(UnreadableRequest):
    """One call takes one file, so that each gets an answer of its own."""

    code = "several_files"
    message = "The request contains more than one file."
    hint = "Send one request per file."
    problem: str = ""


class WrongMediaType(UnsupportedMediaType):
    """The body is of a type that this call does not take."""

    code = "unsupported_media_type"
    message = "This call accepts {expected}, not {found}."
    hint = "Send {expected}, and say so in Content-Type."
    expected: str
    found: str


class RequestTooLarge(TooLarge):
    """More bytes than one call may send."""

    code = "too_large"
    message = "The {resource} is larger than the limit of {limit_mb} MB."
    hint = "{remedy}"
    resource: str
    limit_mb: int
    remedy: str


class TooLargeToWaitFor(RequestTooLarge):
    """The file is larger than what is scored while the caller waits."""

    code = "too_large_for_sync"
    message = "The {resource} is larger than {limit_mb} MB, the limit for scoring while you wait."
    hint = "Send it with mode 'queued', then ask for its status."
    remedy: str = ""


class KeyReused(AppError):
    """An idempotency key stands for one request only."""

    code = "idempotency_key_reused"
    message = "The Idempotency-Key '{key}' was already used for a different request."
    hint = "Use a new key for each request."
    key: str


class KeyInUse(Clash):
    """The first call with this key has not been answered yet."""

    code = "idempotency_key_in_use"
    message = "The first call with the Idempotency-Key '{key}' is still running."
    hint = "Wait a moment, then repeat the call to get its answer."
    key: str


class PreconditionFailed(AppError):
    """If-Match names other bytes than are there."""

    code = "precondition_failed"
    http_status = 412
    message = "{file_name} is not the version that If-Match names."
    hint = "Leave out If-Match, or start over with the current ETag."
    file_name: str


class SenderSilent(AppError):
    """An upload that sends nothing for a while would hold its place for ever."""

    code = "sender_silent"
    http_status = 408
    message = "The upload sent no data for {silent_s:second}, so it was cancelled."
    hint = "Send the file again. On a slow connection, raise UPLOAD_SILENCE_S."
    silent_s: int


class FileElsewhere(NoFile):
    """A part with a file name that is not the one called 'file'."""

    message = "The file is in a part named '{part}'."
    hint = "Name the part 'file'."
    part: str


class FileNameMissing(NoFile):
    """The part for the file does not say that it is one."""

    message = "The part named 'file' has no file name."
    hint = 'Give the part\'s Content-Disposition a filename="…".'


class RangeUnsatisfiable(AppError):
    """The range asked for begins behind the end of the file."""

    code = "range_not_satisfiable"
    http_status = 416
    message = "The file has {size_bytes} bytes, so the range {asked} is empty."
    hint = "Ask for a range within the file, or for all of it."
    size_bytes: int
    asked: str

    @property
    def http_headers(self) -> dict[str, str]:
        return {"Content-Range": f"bytes */{self.size_bytes}"}
