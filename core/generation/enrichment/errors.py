"""Why a conversation is not enriched."""

from __future__ import annotations

from core.errors import Clash, NotFound


class ConversationGone(NotFound):
    """It was deleted, or given to somebody else, since it was to be enriched."""

    code = "conversation_gone"
    message = "The conversation is no longer there."
    hint = "Nothing was written. There is nothing to retry."


class WordsChanged(Clash):
    """It was edited since it was to be enriched."""

    code = "words_changed"
    message = "The conversation was edited since this job was created."
    hint = "Nothing was written. Enrich it again, with its new words."


class AlreadyEnriched(Clash):
    """It is enriched, and nobody wants it anew."""

    code = "already_enriched"
    message = "This conversation is enriched already."
    hint = 'Set "again" to have it enriched anew.'


class BeingEnriched(Clash):
    """A job that has not ended is about to enrich it."""

    code = "being_enriched"
    message = "A job that has not ended enriches this conversation."
    hint = "Wait for that job, or cancel it."


class NothingToEnrich(Clash):
    """None of the named conversations is to be enriched."""

    code = "nothing_to_enrich"
    message = "None of these conversations is left to enrich."
    hint = "Choose conversations of yours that are not enriched yet, or enrich them again."
