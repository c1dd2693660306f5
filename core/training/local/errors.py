"""Why the app does not take what a training on somebody's own machine tells it. Codes are what `train.py` goes by."""

from __future__ import annotations

from core.errors import Clash, Forbidden


class ForAnother(Forbidden):
    """What is told names another user than the one who tells it, or one that nobody knows."""

    code = "another_user"
    message = "This training is told in the name of another user than the one who tells it."
    hint = "Leave out user_id, or use the one that the answer to POST /api/training/local/jobs names."


class JobIdTaken(Clash):
    """Some training has this id already. Whose it is, nobody is told."""

    code = "job_id_taken"
    message = "This job_id can't be used."
    hint = "Make another one: remove state.json, or leave job_id out."


class OtherToken(Clash):
    """One's own training, by another token than the one that it was begun with."""

    code = "other_token"
    message = "This training was begun with another token."
    hint = "Use that one. If you no longer have it, revoke it on the account page and try again."


class Cancelled(Clash):
    """Somebody has cancelled it in the app."""

    code = "cancelled"
    message = "This training was cancelled in the app."
    hint = "Run train.py again to begin another one."


class Ended(Clash):
    """It has ended: nothing more is taken."""

    code = "ended"
    message = "This training has {status} already, and takes nothing more."
    hint = "Run train.py again to begin another one."
    status: str


class Superseded(Clash):
    """Its folder was started again since, perhaps as a copy elsewhere."""

    code = "superseded"
    message = "This training was started again elsewhere since: this is attempt {attempt}, and the newest is {newest}."
    hint = "Let the newest one finish. For a training of its own, remove state.json and run train.py again."
    attempt: int
    newest: int


class BatchConflict(Clash):
    """The same number as before, with other rows."""

    code = "batch_conflict"
    message = "Batch {number} of the {kind} was sent before with other rows."
    hint = "Number batches from 1, and send the same rows under the same number again."
    number: int
    kind: str


class TooManyPredictions(Clash):
    """More rows than one training keeps."""

    code = "too_many_predictions"
    message = "A training keeps {most:prediction}, and these would be more."
    hint = "Hold out fewer rows."
    most: int
