"""What the API says of what was deleted, and what it takes to delete much at once."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from core.api.dependencies import WHOLE, Text
from core.api.schemas.conversations import FilterRequest
from core.generation.deletions.deletions import MOST_IDS, Deletion, Found, FoundNamed

MOST = 10**9


class DeletedLater(BaseModel):
    """It is hidden, and removed with its files some seconds later."""

    id: str
    deleted: Literal[True] = True
    deletion_id: str = Field(
        description="For `/api/deletions/{deletion_id}/undo`, until it is being removed."
    )
    n_conversations: int = Field(description="How many went, or went along.")

    @classmethod
    def of(cls, resource_id: object, made: Deletion) -> Self:
        return cls(id=str(resource_id), deletion_id=str(made.id), n_conversations=made.n_conversations)


class DeletionRequest(BaseModel):
    """Conversations that are named, or all of your own that a filter lets through."""

    model_config = ConfigDict(extra="forbid")
    ids: list[Annotated[Text, Field(max_length=100)]] | None = Field(
        default=None, min_length=1, max_length=MOST_IDS, description="These, approved or not."
    )
    filter: FilterRequest | None = Field(
        default=None, description="All that fit, without the approved ones unless `include_approved`."
    )
    include_approved: bool = False
    n_confirmed: Annotated[int, Field(ge=0, le=MOST), WHOLE] = Field(
        default=0, description="With a filter: how many you expect to delete. 409 if it is another number."
    )
    dry_run: bool = Field(default=False, description="Count, and delete nothing.")


class DeletionShown(BaseModel):
    """What was hidden, or of a `dry_run` would be."""

    deletion_id: str | None = Field(description="Null of a `dry_run`.")
    n_conversations: int
    n_approved: int | None = Field(description="Of a `dry_run`: how many that fit are approved.")
    missing_ids: list[str] = Field(description="Of `ids`, those that are gone.")

    @classmethod
    def of(cls, made: Deletion) -> Self:
        missing = [str(row_id) for row_id in made.missing]
        return cls(
            deletion_id=str(made.id),
            n_conversations=made.n_conversations,
            n_approved=None,
            missing_ids=missing,
        )

    @classmethod
    def of_dry_run(cls, found: Found, *, include_approved: bool) -> Self:
        n = found.n_deleted(include_approved=include_approved)
        missing = [str(row_id) for row_id in found.missing] if isinstance(found, FoundNamed) else []
        return cls(deletion_id=None, n_conversations=n, n_approved=found.n_approved, missing_ids=missing)


class Undone(BaseModel):
    """It is all there again."""

    deletion_id: str
    undone: Literal[True] = True
