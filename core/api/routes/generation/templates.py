"""Routes of prompt templates. Everybody reads them all; versions are added by a template's author and by admins."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from core import db
from core.api.dependencies import (
    TEXT_KEYS,
    WHOLE,
    Cursor,
    IdempotencyKey,
    Limit,
    Reader,
    Text,
    Writer,
    uuid_of,
)
from core.api.http.error_responses import documented
from core.api.http.idempotency import Call, once
from core.api.schemas import work
from core.api.schemas.templates import Template, TemplateDetail, TemplatePreview
from core.generation.conversations.messages import LONGEST_CONTENT, MOST_MESSAGES
from core.generation.quality.findings import Code
from core.generation.quality.languages import BY_CODE
from core.generation.quality.thresholds import DEFAULT
from core.generation.templates import rendering, templates, usage, variables
from core.generation.templates.rendering import CompiledTemplate

router = APIRouter(prefix="/templates", tags=["templates"])


def _template_in_path(template_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return uuid_of(template_id, resource="template")


TemplateId = Annotated[UUID, Depends(_template_in_path)]
Scalar = Text | float | bool | None


class WantedVariable(BaseModel):
    """A variable of a template to add."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: Text = Field(
        min_length=1,
        max_length=variables.LONGEST_NAME,
        description="Letters, digits and _, a letter first: `{{ name }}` in the prompt stands for its value.",
    )
    kind: Literal["text", "number", "choice"] = "text"
    required: bool | None = Field(
        default=None, description="Every item needs a value. If left out: yes, unless there is a default."
    )
    default: Text | float | None = Field(default=None, description="What it is where no value is given.")
    options: list[Text] = Field(
        default_factory=list, max_length=variables.MOST_OPTIONS, description="What a choice may be."
    )
    description: Text = Field(default="", max_length=variables.LONGEST_DESCRIPTION)


class WantedThresholds(BaseModel):
    """What is asked of its conversations; the default holds for what is left out. Findings say what misses it."""

    model_config = ConfigDict(extra="forbid", strict=True)
    least_messages: Annotated[int, Field(ge=2, le=MOST_MESSAGES), WHOLE] = DEFAULT.least_messages
    most_messages: Annotated[int, Field(ge=2, le=MOST_MESSAGES), WHOLE] = DEFAULT.most_messages
    least_words: Annotated[int, Field(ge=0, le=10_000), WHOLE] = Field(
        default=DEFAULT.least_words, description="Of each answer."
    )
    most_words: Annotated[int, Field(ge=1, le=LONGEST_CONTENT), WHOLE] = Field(
        default=DEFAULT.most_words, description="Of each turn."
    )
    language: Literal["", "any", *BY_CODE] = Field(  # type: ignore[valid-type]
        default=DEFAULT.language,
        description="An ISO 639-1 code, `any`, or empty: what the value of `language` says, else most turns.",
    )
    similarity: float = Field(
        default=DEFAULT.similarity,
        ge=0.3,
        le=1,
        description="From which share of common word triples on two are near-duplicates.",
    )
    passing_score: Annotated[int, Field(ge=0, le=100), WHOLE] = Field(
        default=DEFAULT.passing_score, description="Below it a conversation is shown as weak."
    )
    ignored: list[Annotated[Code, Field(strict=False)]] = Field(
        default_factory=list,
        max_length=len(Code),
        description="Codes of findings that are meant to be there.",
    )


class WantedTemplate(BaseModel):
    """A template to add, or the next version of one."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: Text = Field(max_length=templates.LONGEST_NAME)
    prompt: Text = Field(
        max_length=rendering.LONGEST_TEXT,
        description='`{{ topic }}` stands for a value, and `{% if tone == "warm" %} … {% else %} … {% endif %}` '
        "for a part that depends on one. Nothing else of Jinja is allowed.",
    )
    variables: list[WantedVariable] = Field(default_factory=list, max_length=variables.MOST_VARIABLES)
    system: Text = Field(
        default="",
        max_length=rendering.LONGEST_TEXT,
        description="What the model is told for every item alike; it takes no variables.",
    )
    description: Text = Field(default="", max_length=templates.LONGEST_DESCRIPTION)
    thresholds: WantedThresholds | None = Field(
        default=None, description="What is asked of its conversations; the defaults if left out."
    )
    family_id: Text | None = Field(
        default=None, description="The template that this is the next version of; a new one if left out."
    )


class WantedPreview(BaseModel):
    """Values to fill in."""

    model_config = ConfigDict(extra="forbid", strict=True)
    params: Annotated[dict[Text, Scalar], TEXT_KEYS] = Field(
        default_factory=dict,
        description="Values by variable: texts and numbers.",
        examples=[{"topic": "tea"}],
    )


@router.get("", responses=documented(400, 403, 422, 503))
def list_templates(user: Reader, limit: Limit = 50, cursor: Cursor = None) -> work.Listed[Template]:
    """The newest version of each template, newest first: those that come with the app, yours and other people's."""
    with db.session_scope(user) as session:
        page = templates.listing(session, limit=limit, cursor=cursor)
    return work.Listed[Template].of(page, Template.of)


@router.post(
    "",
    status_code=201,
    response_description="The template, or the version, is there.",
    response_model=TemplateDetail,
    responses=documented(400, 403, 404, 409, 413, 415, 422, 503),
)
async def add_template(
    user: Writer, wanted: WantedTemplate, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Add a template, or with `family_id` a version of one of yours."""
    async with once(user, idempotency_key, {"call": "template", **wanted.model_dump()}) as call:
        if call.replay is not None:
            return call.replay
        detail = await anyio.to_thread.run_sync(_add, user, call, wanted)
        return await call.answer(201, detail)


def _add(user: db.User, call: Call, wanted: WantedTemplate) -> TemplateDetail:
    family_id = None if wanted.family_id is None else uuid_of(wanted.family_id, resource="template")
    with db.session_scope(user, write=True) as session:
        row = templates.add(
            session,
            name=wanted.name,
            prompt=wanted.prompt,
            described=[variable.model_dump() for variable in wanted.variables],
            system=wanted.system,
            description=wanted.description,
            family_id=family_id,
            asked=None if wanted.thresholds is None else wanted.thresholds.model_dump(mode="json"),
        )
        of_family = templates.versions(session, family_id=row.family_id)
        used = usage.of_versions(session, family_ids=[row.family_id])
        detail = TemplateDetail.detailed(row, versions=of_family, usage=used)
        call.made(session, 201, detail)
    return detail


@router.get("/{template_id}", responses=documented(403, 404, 503))
def get_template(user: Reader, template_id: TemplateId) -> TemplateDetail:
    """One version of a template with its text, and the list of its versions."""
    with db.session_scope(user) as session:
        row = templates.get(session, template_id=template_id)
        of_family = templates.versions(session, family_id=row.family_id)
        used = usage.of_versions(session, family_ids=[row.family_id])
    return TemplateDetail.detailed(row, versions=of_family, usage=used)


@router.post("/{template_id}/preview", responses=documented(400, 403, 404, 413, 415, 422, 503))
def preview_template(user: Reader, template_id: TemplateId, wanted: WantedPreview) -> TemplatePreview:
    """The prompt that a model would be sent with these values, or what is missing and wrong."""
    with db.session_scope(user) as session:
        row = templates.get(session, template_id=template_id)
    return TemplatePreview.of(templates.preview(CompiledTemplate.of(row), params=wanted.params))
