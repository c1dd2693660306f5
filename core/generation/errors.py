"""Why a batch job can't be made or can't go on, and why an item has failed."""

from __future__ import annotations

from core.errors import AppError, Clash, TooManyRequests


class NoItems(AppError):
    """The parameters describe not a single item."""

    code = "no_items"
    message = "These parameters make no item."
    hint = "Give each variable at least one value."


class TooManyItems(AppError):
    """More items than one job may have."""

    code = "too_many_items"
    message = "These parameters make {n_items} items; a job has {limit:item} at most."
    hint = "Use fewer values, or several jobs."
    n_items: str
    limit: int


class TooMuchText(AppError):
    """The columns of an upload that a job takes hold more than one job may have in memory."""

    code = "too_much_text"
    message = (
        "The columns of {file_name} that the template uses hold more than {limit_mb} MB; a job takes no more."
    )
    hint = "Split the file, and create a job for each part."
    file_name: str
    limit_mb: int


class BadParameters(AppError):
    """The parameters of a job are not a grid, rows or an upload."""

    code = "bad_parameters"
    message = "The parameters can't be used: {problem}."
    hint = 'Give one of {{"grid": {{…}}}}, {{"rows": […]}} or {{"upload_id": …}}.'
    problem: str


class RowRefused(AppError):
    """One row of values does not fit the template. row: counted from 1."""

    code = "row_refused"
    message = "Row {row}: {problem}"
    hint = "Correct the row, or choose another template."
    row: int
    problem: str


class CapMissing(AppError):
    """Money would flow, and nobody has said how much at most."""

    code = "cap_missing"
    message = "Name the most that this job may cost: {provider} is paid for."
    hint = "Set max_cost_usd; the estimate says what to expect."
    provider: str


class CapTooLow(AppError):
    """Not even one request is certain to stay below the cap."""

    code = "cap_too_low"
    message = "{cap} is not enough for a single item, which may cost {worst}."
    hint = "Raise the limit, or shorten the replies (max_tokens)."
    cap: str
    worst: str


class CapReached(Clash):
    """The next request might pass the cap of the job."""

    code = "cap_reached"
    message = "{spent} of {cap} are spent, and the next item may cost up to {worst}."
    hint = "Resume with a higher limit."
    spent: str
    cap: str
    worst: str


class DailyCapReached(Clash):
    """The next request might pass what all jobs together may spend on a day."""

    code = "daily_cap_reached"
    message = "All jobs together have spent {spent} of {cap} today (UTC)."
    hint = "Resume tomorrow, or have an admin raise MAX_COST_USD_PER_DAY."
    spent: str
    cap: str


class NothingAnswers(TooManyRequests):
    """The provider has not answered for so long that the job stops asking."""

    code = "nothing_answers"
    message = "{provider} has not answered since {since}."
    hint = "Resume once it is back. No item has failed because of it."
    provider: str
    since: str


class AllRefused(AppError):
    """The first requests were all refused in the same way: so would be the others."""

    code = "all_refused"
    message = "The first {n_items:request} were all refused alike: {problem}"
    hint = "Mend the cause and resume; the failed items can be retried once the job has ended."
    n_items: int
    problem: str


class PilotDone(AppError):
    """The items that were to show what the others cost are there."""

    code = "pilot_done"
    message = "The first {n_items:item is|items are} done, and the estimate is known better."
    hint = "Look at the new estimate, then resume."
    n_items: int


class ProviderChanged(Clash):
    """The job was made for another provider than the settings name now."""

    code = "provider_changed"
    message = "This job was made for {made_for}, but the app is now set to {now}."
    hint = "Set it back and resume, or create the job anew."
    made_for: str
    now: str


class BadReply(AppError):
    """A reply that came, and was paid for, but is not what was wanted. place: where the fault is."""

    code = "bad_reply"
    message = "The reply is not {wanted}: {problem}{place}."
    hint = "It was asked three times. Change the template, or retry the item."
    problem: str
    place: str = ""
    wanted: str = "a conversation"


class Refused(AppError):
    """The model refused to write; in the provider's own words."""

    code = "refused"
    message = "The provider refused to write this{said}."
    hint = "Change the values or the template; asking again rarely helps."
    said: str = ""


class ContextFull(AppError):
    """Prompt and reply together are longer than the model can take."""

    code = "context_full"
    message = "Prompt and reply together are too long for the model."
    hint = "Shorten the template or its values."


class NoAnswerForItem(AppError):
    """Others were answered, but this item's request failed every time."""

    code = "no_answer_for_item"
    message = "This item got no answer in {n_tries:try|tries}, while others did: {problem}"
    hint = "Retry it; if it fails again, change its values."
    n_tries: int
    problem: str


class NothingCame(AppError):
    """Every item has failed."""

    code = "nothing_came"
    message = "Not one of {n_items:item} came to a conversation."
    hint = "The items say why. Mend the cause, then retry the failed ones."
    n_items: int


class BatchRefused(AppError):
    """The provider has refused this request of a Message Batch."""

    code = "batch_refused"
    message = "The provider did not take this item ({problem})."
    hint = "Change its values or the template, then retry it."
    problem: str


class NoBatches(AppError):
    """The offline generator takes one request at a time."""

    code = "no_batches"
    message = "The offline generator has no Message Batches."
    hint = "Choose real time, or set ANTHROPIC_API_KEY."
