"""What the API says of a prompt template and of a preview: typed, so that OpenAPI is exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from core.api.http.error_responses import Refusal
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.quality import rows
from core.generation.templates import templates
from core.generation.templates.usage import Usage


class TemplateVariable(BaseModel):
    """What is filled in."""

    name: str
    kind: Literal["text", "number", "choice"]
    required: bool
    default: str | float | None = Field(description="What it is where no value is given; null is empty.")
    options: list[str] = Field(description="What a choice may be.")
    description: str


class TemplateThresholds(BaseModel):
    """What is asked of its conversations."""

    least_messages: int
    most_messages: int
    least_words: int = Field(description="Of each answer.")
    most_words: int = Field(description="Of each turn.")
    language: str = Field(
        description="An ISO 639-1 code, `any`, or empty: what its values or most turns say."
    )
    similarity: float = Field(
        description="From which share of common word triples on two are near-duplicates."
    )
    passing_score: int
    ignored: list[str] = Field(description="Codes of findings that are meant to be there.")


class TemplateUsage(BaseModel):
    """What became of it, as far as you may see it."""

    n_jobs: int
    n_approved: int
    n_rejected: int
    approved_share: float | None = Field(
        description="From 0 to 1, of the conversations that were decided on; null where none was."
    )

    @classmethod
    def of(cls, usage: Usage) -> Self:
        return cls(
            n_jobs=usage.n_jobs,
            n_approved=usage.n_approved,
            n_rejected=usage.n_rejected,
            approved_share=usage.approved_share,
        )


class TemplateVersion(BaseModel):
    """One version of a template. It never changes."""

    id: str
    family_id: str = Field(description="The same for all versions of a template.")
    version: int
    name: str
    description: str
    author_id: str | None = Field(description="Null for those that come with the app.")
    created_at: datetime
    usage: TemplateUsage

    @classmethod
    def of_version(cls, row: PromptTemplateRow, usage: Usage) -> TemplateVersion:
        return TemplateVersion.model_validate(_of_version(row, usage))


class Template(TemplateVersion):
    """A template in its newest version; its usage is that of all versions."""

    variables: list[TemplateVariable]

    @classmethod
    def of(cls, listed: templates.Listed) -> Template:
        row = listed.template
        return Template.model_validate({**_of_version(row, listed.usage), "variables": row.variables})


class TemplateDetail(Template):
    """One version of a template with its text, and all its versions; its usage is that of this version alone."""

    system: str = Field(description="What the model is told for every item alike.")
    prompt: str
    thresholds: TemplateThresholds
    versions: list[TemplateVersion] = Field(description="Newest first.")

    @classmethod
    def detailed(
        cls,
        row: PromptTemplateRow,
        *,
        versions: Sequence[PromptTemplateRow],
        usage: Mapping[UUID, Usage],
    ) -> TemplateDetail:
        told = [TemplateVersion.of_version(one, usage.get(one.id, Usage())) for one in versions]
        return TemplateDetail.model_validate(
            {
                **_of_version(row, usage.get(row.id, Usage())),
                "variables": row.variables,
                "system": row.system,
                "prompt": row.prompt,
                "thresholds": rows.of_template(row).to_json(),
                "versions": told,
            }
        )


class RenderedPrompt(BaseModel):
    """What a model would be sent."""

    system: str
    user: str


class TemplatePreview(BaseModel):
    """The prompt with the given values, or what keeps it from being made."""

    prompt: RenderedPrompt | None
    missing: list[str] = Field(description="Required variables that have no value.")
    problem: Refusal | None = Field(description="All that is wrong with the values; null where nothing is.")

    @classmethod
    def of(cls, found: templates.Preview) -> Self:
        problem = found.problem
        return cls(
            prompt=RenderedPrompt(system=found.prompt.system, user=found.prompt.user)
            if found.prompt
            else None,
            missing=list(found.missing),
            problem=Refusal(code=problem.code, message=problem.message, hint=problem.hint)
            if problem
            else None,
        )


def _of_version(row: PromptTemplateRow, usage: Usage) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "family_id": str(row.family_id),
        "version": row.version,
        "name": row.name,
        "description": row.description,
        "author_id": None if row.author_id is None else str(row.author_id),
        "created_at": row.created_at,
        "usage": TemplateUsage.of(usage),
    }
