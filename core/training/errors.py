"""Why a training can't begin, why one has failed, and why a live app does not answer."""

from __future__ import annotations

from core.errors import AppError, Clash, TooManyRequests, Unavailable


class GoalUnusable(AppError):
    """The goal is too long, or holds what no person writes."""

    code = "goal_unusable"
    message = "The goal {problem}."
    hint = "Say in a few sentences what the model is for."
    problem: str


class TooManyTrainings(TooManyRequests):
    """One user's trainings are all that could be done for a while."""

    code = "too_many_waiting"
    message = "You have {n_waiting:training|trainings} in the queue, and no more can wait at a time."
    hint = "Wait until one has begun, or cancel one."
    n_waiting: int


class TooManyResources(AppError):
    """More web pages than one training reads."""

    code = "too_many_resources"
    message = "A training reads {limit:web page} at most; this one names {n_given:web page}."
    hint = "Keep those that say most."
    limit: int
    n_given: int


class ResourceRefused(AppError):
    """A web page that is never fetched."""

    code = "resource_refused"
    message = "The page {address} can't be read: it {problem}."
    hint = "Name a public web page, or choose an upload that holds what the page says."
    address: str
    problem: str


class PageUnread(AppError):
    """A web page could not be read; the training goes on without it."""

    code = "page_unread"
    message = "{problem}."
    hint = "{cure}"
    problem: str
    cure: str = ""


class CodeUnusable(AppError):
    """What Claude answered can't be run. problems: ends of sentences."""

    code = "code_invalid"
    message = "Claude's answer could not be used: {listed}."
    problems: tuple[str, ...]
    listed: str = ""

    def __post_init__(self) -> None:
        self.listed = "; ".join(self.problems)
        super().__post_init__()


class NotAsked(AppError):
    """Claude is not asked, or has not answered, so the built-in template is used."""

    code = "llm_unavailable"
    message = "{problem}"
    problem: str


class TookTooLong(AppError):
    """The code, or the stage around it, did not end within its time."""

    code = "time_limit"
    message = "The {what} did not end within {limit}."
    hint = "Use fewer rows or columns, or have an admin raise TRAINING_LIMIT_S."
    what: str
    limit: str


class CodeTookTooLong(TookTooLong):
    """The code itself did not end within TRAINING_LIMIT_S."""


class RanOutOf(AppError):
    """The sandbox has stopped the code at a bound. Its code is that of the bound."""

    code = "sandbox_limit"
    message = "The sandbox stopped the code: {problem}."
    hint = "Use fewer rows or columns, then retry."
    problem: str


class OutOfMemory(RanOutOf):
    """More memory than the sandbox has."""

    code = "oom"


class OutOfDisk(RanOutOf):
    """More disk than the sandbox has."""

    code = "disk"


class TooMuchOutput(RanOutOf):
    """More lines than anybody reads."""

    code = "output"
    hint = "Print less, then retry."


class TooManyProcesses(RanOutOf):
    """More processes than the sandbox may have."""

    code = "too_many_processes"
    hint = "Work in one process, then retry."


class SandboxGoneAgain(Unavailable):
    """The sandbox went away with all that was in it, and so did the one that took its place. at: times, UTC."""

    code = "sandbox_lost"
    message = "Its sandbox was gone at {before} UTC, and the one that was made anew at {at} UTC."
    hint = "See whether E2B ends sandboxes, or this machine kills their processes, then retry."
    before: str
    at: str


class CodeFailed(AppError):
    """The code ended with an error of its own."""

    code = "exit_nonzero"
    message = "The training code ended with exit code {exit_code}{said}"
    hint = "The log says where. Change the data or the target, then retry."
    exit_code: int
    said: str


class NothingMade(AppError):
    """The code says that it is done and has left no usable model or predictions."""

    code = "no_model"
    message = "The training code ended without a usable result: {problem}."
    hint = "See docs/training.md for the files it has to leave, then retry."
    problem: str


class RowsRefused(AppError):
    """A row to predict does not fit the model's columns."""

    code = "row_refused"
    message = "Row {row}: {problem}"
    hint = "Give each row as an object of the model's columns. Leave out a value that is not known."
    row: int
    problem: str


class TooManyRows(AppError):
    """More rows than one request may have."""

    code = "too_many_rows"
    message = "A request has {limit:row} at most; this one has {n_rows:row}."
    hint = "Send fewer at a time, or upload a file to score many."
    limit: int
    n_rows: int


class AppAddressMissing(AppError):
    """A live app that is closed to the public is reached through the app, which has no address that others reach."""

    code = "app_address_missing"
    message = "Live apps at E2B are private here, and the app has no address by which people reach them."
    hint = "Set APP_URL to the address that people open, or set E2B_PRIVATE=0."


class NotLive(Clash):
    """The live app does not answer in the state it is in."""

    code = "not_live"
    message = "This live app is {state}{why}."
    hint = "{remedy}"
    state: str
    why: str
    remedy: str
