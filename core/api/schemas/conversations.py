"""What the API says of conversations, and what it takes to decide on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core.api.dependencies import WHOLE, Text, owner_of, uuid_of
from core.api.http.error_responses import Refusal
from core.api.schemas.provenance import Receipt, WhereFrom
from core.db.tables.generation.conversations import ConversationRevisionRow, ConversationRow
from core.db.tables.generation.review_events import ReviewEventRow
from core.generation.conversations import files
from core.generation.conversations.conversations import LONGEST_SEARCH, Filter
from core.generation.conversations.messages import LONGEST_CONTENT, MOST_MESSAGES
from core.generation.conversations.provenance import Provenance
from core.generation.conversations.review import LONGEST_REASON, MOST_AT_ONCE, Decided, Decisions
from core.generation.conversations.states import Status
from core.generation.quality.findings import Finding, from_json, sentence

RowVersion = Annotated[int, Field(ge=1, le=2**31 - 1), WHOLE]


class Message(BaseModel):
    """One turn."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["user", "assistant"]
    content: Text = Field(min_length=1, max_length=LONGEST_CONTENT)


class FoundInConversation(BaseModel):
    """Something that the checks have found."""

    code: str
    sentence: str = Field(description="What a person reads.")
    message_idx: int | None = Field(
        description="In which message, from 0; null: in the conversation as a whole."
    )
    start: int | None = Field(description="Where in its content, in code points; null: all of it.")
    end: int | None
    detail: str = Field(description="Of a near-duplicate the other's id, where its owner is the same.")

    @classmethod
    def of(cls, found: Finding) -> Self:
        return cls(sentence=sentence(found), **found.to_json())


class Conversation(BaseModel):
    """A generated conversation, without its messages."""

    id: str = Field(description="The primary key: what paths take.")
    conversation_id: str = Field(description="The business key, which names its file.")
    user_id: str
    batch_job_id: str | None = Field(description="Null once the job is deleted.")
    idx: int = Field(description="Which item of the job it came of.")
    template_id: str
    params: dict[str, Any]
    provider: str
    model: str
    is_offline: bool = Field(description="Written by the offline generator, not by a model.")
    source: str = Field(description="The model, or `OFFLINE`.")
    status: Status
    reason: str | None = Field(description="Of the decision.")
    reviewer_id: str | None
    decided_at: datetime | None
    score: int | None = Field(description="0 to 100; null until it was checked.")
    findings: list[FoundInConversation] | None = Field(
        description="What was found; null until it was checked."
    )
    n_messages: int
    first_words: str
    content_sha256: str
    row_version: int = Field(description="Grows with each change; name it in the next.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: ConversationRow) -> Self:
        return cls(**_values(row))


class Revision(BaseModel):
    """What a conversation was before an edit."""

    revision: int
    author_id: str | None = Field(description="Whoever edited it.")
    messages: list[Message]
    content_sha256: str
    created_at: datetime = Field(description="When it was edited.")


class ConversationDetail(Conversation):
    """A conversation with its messages, its revisions, what was done to it, and where it comes from."""

    messages: list[Message]
    enrichment: dict[str, Any] | None
    revisions: list[Revision]
    history: list[Receipt] = Field(description="Decisions and edits, oldest first.")
    provenance: WhereFrom

    @classmethod
    def whole(
        cls,
        row: ConversationRow,
        revisions: Sequence[ConversationRevisionRow],
        events: Sequence[ReviewEventRow],
        found: Provenance,
    ) -> Self:
        return cls(
            **_values(row),
            messages=row.messages,
            enrichment=row.enrichment,
            revisions=[
                Revision(
                    revision=one.revision,
                    author_id=str(one.author_id) if one.author_id else None,
                    messages=one.messages,
                    content_sha256=one.content_sha256,
                    created_at=one.created_at,
                )
                for one in revisions
            ],
            history=[Receipt.of(event) for event in events],
            provenance=WhereFrom.of(row, found),
        )


def _values(row: ConversationRow) -> dict[str, Any]:
    ids = ("id", "conversation_id", "user_id", "batch_job_id", "template_id", "reviewer_id")
    same = (
        *("idx", "params", "provider", "model", "is_offline", "status", "reason", "decided_at", "score"),
        *(
            "n_messages",
            "first_words",
            "content_sha256",
            "row_version",
            "created_at",
            "updated_at",
        ),
    )
    texts = {name: None if (found := getattr(row, name)) is None else str(found) for name in ids}
    found = None if row.findings is None else [FoundInConversation.of(one) for one in from_json(row.findings)]
    return {
        **texts,
        **{name: getattr(row, name) for name in same},
        "findings": found,
        "source": files.source(row),
    }


class EditRequest(BaseModel):
    """Other messages for a conversation."""

    model_config = ConfigDict(extra="forbid")
    row_version: RowVersion = Field(description="As it was read: 409 if it was changed since.")
    messages: list[Message] = Field(
        min_length=2, max_length=MOST_MESSAGES, description="User and assistant in turn, the assistant last."
    )


Score = Annotated[int, Field(ge=0, le=100), WHOLE]
FindingCode = Annotated[Text, Field(max_length=60, description="A code: one of these findings is there.")]
SearchText = Annotated[
    Text, Field(max_length=LONGEST_SEARCH, description="Each word begins one of the conversation's.")
]


class FilterRequest(BaseModel):
    """Which conversations; all that you may review where nothing is named."""

    model_config = ConfigDict(extra="forbid")
    status: list[Status] = Field(default_factory=list, max_length=3)
    batch_job_id: Text | None = None
    template_id: Text | None = None
    is_offline: bool | None = None
    user_id: Text | None = Field(default=None, max_length=36, description="`me`, a person's id, or `all`.")
    score_from: Score | None = None
    score_to: Score | None = None
    finding: FindingCode | None = None
    text: SearchText = ""
    reviewer_id: Text | None = Field(default=None, max_length=36, description="Who decided.")

    def asked(self) -> Filter:
        """Raises NotFound for what can't be an id."""
        return Filter(
            statuses=tuple(dict.fromkeys(self.status)),
            batch_job_id=_id(self.batch_job_id, "batch job"),
            template_id=_id(self.template_id, "template"),
            is_offline=self.is_offline,
            owner=None if self.user_id is None else owner_of(self.user_id),
            score_from=self.score_from,
            score_to=self.score_to,
            finding=self.finding,
            text=self.text,
            reviewer_id=_id(self.reviewer_id, "person"),
        )


def _id(text: str | None, resource: str) -> UUID | None:
    return None if text is None else uuid_of(text, resource=resource)


class ReviewRequest(BaseModel):
    """A decision on conversations that are named, or on all that a filter lets through."""

    model_config = ConfigDict(extra="forbid")
    decision: Status = Field(description="`pending` takes a decision back.")
    ids: list[Annotated[Text, Field(max_length=100)]] | None = Field(
        default=None, min_length=1, max_length=MOST_AT_ONCE
    )
    filter: FilterRequest | None = Field(
        default=None, description=f"Decides on {MOST_AT_ONCE:,} at a time; repeat it while `has_more`."
    )
    reason: Text = Field(default="", max_length=LONGEST_REASON)
    row_versions: dict[Annotated[Text, Field(max_length=100)], RowVersion] = Field(
        default_factory=dict,
        max_length=MOST_AT_ONCE,
        description="By id, as they were read: one that was changed since is left alone.",
    )


class CheckRequested(BaseModel):
    """How many conversations are to be checked by a worker."""

    n_unchecked: int = Field(description="Of those that you may review.")


class ItemRefusal(Refusal):
    """Why one of many was left alone."""

    status: int = Field(description="What it would be answered with if it had been alone.")


class DecidedShown(BaseModel):
    """What has become of one conversation."""

    id: str
    status: Status | None
    row_version: int | None
    error: ItemRefusal | None


class DecisionsShown(BaseModel):
    """What has become of each, in the order in which they were named."""

    results: list[DecidedShown]
    n_decided: int
    n_refused: int
    has_more: bool = Field(description="The filter lets more through.")

    @classmethod
    def of(cls, made: Decisions) -> Self:
        n_refused = sum(one.error is not None for one in made.results)
        return cls(
            results=[_shown(one) for one in made.results],
            n_decided=len(made.results) - n_refused,
            n_refused=n_refused,
            has_more=made.has_more,
        )


def _shown(one: Decided) -> DecidedShown:
    refusal = None
    if (error := one.error) is not None:
        refusal = ItemRefusal(
            code=error.code, message=error.message, hint=error.hint, status=error.http_status
        )
    return DecidedShown(id=str(one.id), status=one.status, row_version=one.row_version, error=refusal)
