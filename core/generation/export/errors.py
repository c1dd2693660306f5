"""Why conversations are not exported."""

from __future__ import annotations

from core.errors import AppError, Clash


class FormatUnknown(AppError):
    """There is no such format to export in."""

    code = "format_unknown"
    message = "Conversations can't be exported as {format}."
    hint = "Use one of these formats: {known}."
    format: str
    known: str


class BadShare(AppError):
    """The share of the validation set is none."""

    code = "bad_share"
    message = "{given} can't be the share of conversations to validate with."
    hint = "Use a number from 0 to below 1: validation=0.1 holds a tenth back, 0 none."
    given: str


class NothingToExport(Clash):
    """Not a single conversation is left after all filters. why: a sentence."""

    code = "nothing_to_export"
    message = "There is nothing to export: {why}"
    hint = "Approve some conversations first, or choose others."
    why: str


class CannotSplit(Clash):
    """Near-duplicates stay together, and here that leaves nothing for one of the two sides."""

    code = "cannot_split"
    message = "These can't be split: {n_conversations:conversation is|conversations are} all near-duplicates."
    hint = "Export without `validation`, or export more conversations."
    n_conversations: int
