"""What the API itself refuses, before any verb is asked."""

from __future__ import annotations

from core.errors import AppError


class Forbidden(AppError):
    """The request comes from somewhere that may not talk to this app."""

    code = "forbidden"


class WrongHost(Forbidden):
    """The Host header names another server: a page elsewhere may have pointed its own name at us."""

    code = "wrong_host"
    says = "This app does not answer to the host {host!r}."
    cure = "Open it as {url}, or set APP_URL to the address that people use."
    host: str
    url: str


class WrongOrigin(Forbidden):
    """A page of another site made the browser send this."""

    code = "wrong_origin"
    says = "A page of {origin} may not use this app."
    cure = "Open the app itself at {url}, or call the API from a program."
    origin: str
    url: str


class BadRequest(AppError):
    """The request can't be understood as it stands."""

    code = "bad_request"
    says = "The request can't be read: {problem}."
    cure = "Compare it with the description under /api/docs."
    problem: str


class NothingThere(AppError):
    """No call has this path."""

    code = "not_found"
    says = "There is nothing at {path}."
    cure = "All calls are described under /api/docs."
    path: str


class MethodNotTaken(AppError):
    """The path is there, but not for this method. allowed: those that it takes, listed."""

    code = "method_not_allowed"
    says = "{path} does not take {method}."
    cure = "It takes {allowed}. All calls are described under /api/docs."
    path: str
    method: str
    allowed: str


class NoFile(BadRequest):
    """A multipart request without a file in it."""

    code = "no_file"
    says = "The request holds no file."
    cure = "Send the CSV as the part named 'file', with its file name."
    problem: str = ""


class SeveralFiles(BadRequest):
    """One call takes one file, so that each gets an answer of its own."""

    code = "several_files"
    says = "The request holds more than one file."
    cure = "Send one request per file."
    problem: str = ""


class WrongMediaType(AppError):
    """The body is of a type that this call does not take."""

    code = "unsupported_media_type"
    says = "This call takes {expected}, not {found}."
    cure = "Send the body as {expected} and say so in Content-Type."
    expected: str
    found: str


class TooLarge(AppError):
    """More bytes than one call may send."""

    code = "too_large"
    says = "The {noun} is larger than {limit_mb} MB, the most that is taken here."
    cure = "{remedy}"
    noun: str
    limit_mb: int
    remedy: str


class TooLargeToWaitFor(TooLarge):
    """The file is larger than what is scored while the caller waits."""

    code = "too_large_for_sync"
    says = "The {noun} is larger than {limit_mb} MB, the most that is scored while one waits."
    cure = "Send it with mode 'queued' and ask for its status."
    remedy: str = ""


class KeyReused(AppError):
    """An idempotency key stands for one request only."""

    code = "idempotency_key_reused"
    says = "The Idempotency-Key '{key}' was used for another request."
    cure = "Use a new key for each new request."
    key: str


class KeyInUse(AppError):
    """The first call with this key has not been answered yet."""

    code = "idempotency_key_in_use"
    says = "The first call with the Idempotency-Key '{key}' is still running."
    cure = "Wait a moment, then send the same call again to get its answer."
    key: str


class PreconditionFailed(AppError):
    """If-Match names other bytes than are there."""

    code = "precondition_failed"
    says = "{file_name} is not the file that If-Match names."
    cure = "Ask for it without If-Match, or make a new start from its present ETag."
    file_name: str


class SenderSilent(AppError):
    """An upload that sends nothing for a while would hold its place for ever."""

    code = "sender_silent"
    says = "The upload sent nothing for {silent_s:second}, so it was given up."
    cure = "Send the file again; over a slow line, raise UPLOAD_SILENCE_S."
    silent_s: int


class FileElsewhere(NoFile):
    """A part with a file name that is not the one called 'file'."""

    says = "The file came in a part named '{part}'."
    cure = "Name the part 'file'."
    part: str


class FileNameMissing(NoFile):
    """The part for the file does not say that it is one."""

    says = "The part named 'file' has no file name."
    cure = "Give the file's name as filename=\"…\" in the part's Content-Disposition."


class RangeUnsatisfiable(AppError):
    """The range asked for begins behind the end of the file."""

    code = "range_not_satisfiable"
    says = "The file has {size_bytes} bytes, so there is nothing at {asked}."
    cure = "Ask for a range inside the file, or for all of it."
    size_bytes: int
    asked: str
