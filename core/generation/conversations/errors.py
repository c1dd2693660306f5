"""Why a conversation is not found or not changed."""

from __future__ import annotations

from core.errors import AppError, Clash, NotFound


class BusinessKeyGiven(NotFound):
    """What was given names a conversation's file and not its row."""

    code = "business_key_given"
    message = "There is no conversation with the id {id}."
    hint = "That is the conversation_id of the conversation {row_id}, which names its file. Use {row_id} instead."
    row_id: object


class ConversationChanged(Clash):
    """Somebody else decided on it or edited it since it was read. given: the row version that was named."""

    code = "conversation_changed"
    message = (
        "This conversation was changed since you read it: it is {status}, at row version {now}, not {given}."
    )
    hint = "Read it again, then decide."
    status: str
    given: str
    now: str


class BadMessages(AppError):
    """What was sent as a conversation is none. place: where the fault is."""

    code = "bad_messages"
    message = "These messages are not a conversation: {problem}{place}."
    hint = "User and assistant take turns: the user begins, and the assistant has the last word."
    problem: str
    place: str = ""


class NothingNamed(AppError):
    """A decision or an export of no conversation at all, or of what is named in two ways."""

    code = "nothing_named"
    message = "It is not clear which conversations are meant."
    hint = 'Give either "ids" or "filter".'


class TooManyNamed(AppError):
    """More conversations are named than one call takes."""

    code = "too_many_named"
    message = "{n_ids} conversations are named; one call takes {limit}."
    hint = "Name fewer at a time, or use a filter."
    n_ids: int
    limit: int
