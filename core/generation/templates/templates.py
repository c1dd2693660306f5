"""Templates: what a user can ask for. Everybody sees them all; a version, once there, never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.access import audit, ownership
from core.db.pagination import Page, newest_first
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.errors import NotFound
from core.generation.quality import thresholds
from core.generation.templates import usage, values, variables
from core.generation.templates.enrichment_text import ENRICHMENT
from core.generation.templates.errors import (
    NothingChanged,
    NotItsAuthor,
    ParamsUnfit,
    PromptTooLong,
    TextUnfit,
)
from core.generation.templates.rendering import CompiledTemplate, Prompt
from core.generation.templates.usage import Usage

LONGEST_NAME = 80
LONGEST_DESCRIPTION = 300


@dataclass(frozen=True)
class Listed:
    """The newest version of a template, and what became of all its versions."""

    template: PromptTemplateRow
    usage: Usage


@dataclass(frozen=True)
class Preview:
    """The prompt with given values, or why there is none. missing: the required variables that have no value."""

    prompt: Prompt | None
    missing: Sequence[str] = ()
    problem: ParamsUnfit | PromptTooLong | None = None


def add(
    session: Session,
    *,
    name: str,
    prompt: str,
    described: object,
    system: str = "",
    description: str = "",
    family_id: UUID | None = None,
    asked: object = None,
) -> PromptTemplateRow:
    """A new template, or with `family_id` the next version of one. described: its variables, as JSON. asked: of its
    conversations, as `quality/thresholds.py` reads it; the defaults where it is None.

    Raises TextUnfit, VariablesUnfit, TemplateRefused, ThresholdsUnfit; of the family NotFound, NotItsAuthor,
    NothingChanged.
    """
    name = " ".join(name.split())
    _require_words(name, part="name", longest=LONGEST_NAME, is_needed=True)
    description = " ".join(description.split())
    _require_words(description, part="description", longest=LONGEST_DESCRIPTION)
    system, prompt = _text(system), _text(prompt)
    known = CompiledTemplate.made(system=system, prompt=prompt, described=described).variables
    row = PromptTemplateRow(
        id=uuid4(),
        family_id=family_id or uuid4(),
        version=1,
        author_id=db.owner(session),
        name=name,
        description=description,
        system=system,
        prompt=prompt,
        variables=[variable.to_json() for variable in known],
        thresholds=thresholds.parse(asked).stored(),
    )
    if family_id is not None:
        of_family = versions(session, family_id=family_id)
        _require_author(session, of_family)
        _require_change(row, newest=of_family[0])
        row.version = of_family[0].version + 1
    session.add(row)
    session.flush()
    audit.note(session, "template.added" if row.version == 1 else "template.changed", subject(row))
    return row


def get(session: Session, *, template_id: UUID) -> PromptTemplateRow:
    """One version. Raises NotFound."""
    row = session.get(PromptTemplateRow, template_id)
    if row is None:
        raise NotFound(resource="template", id=template_id)
    return row


def versions(session: Session, *, family_id: UUID) -> Sequence[PromptTemplateRow]:
    """All versions of a template, newest first. Raises NotFound where there is none."""
    rows = sa.select(PromptTemplateRow).where(PromptTemplateRow.family_id == family_id)
    found = session.execute(rows.order_by(PromptTemplateRow.version.desc())).scalars().all()
    if not found:
        raise NotFound(resource="template", id=family_id)
    return found


def listing(session: Session, *, limit: int = 50, cursor: str | None = None, text: str = "") -> Page[Listed]:
    """The newest version of each template, newest first. text: in its name. Raises BadCursor."""
    rows = newest_versions()
    if text:
        rows = rows.where(PromptTemplateRow.name.icontains(text, autoescape=True))
    page = newest_first(
        session,
        rows,
        created_at=PromptTemplateRow.created_at,
        id=PromptTemplateRow.id,
        limit=limit,
        cursor=cursor,
    )
    used = usage.of_families(session, family_ids=[row.family_id for row in page.items])
    return Page(
        items=[Listed(row, used.get(row.family_id, Usage())) for row in page.items],
        next_cursor=page.next_cursor,
    )


def newest_versions() -> sa.Select[PromptTemplateRow]:
    """Selects the newest version of each template by which conversations are written."""
    later = sa.orm.aliased(PromptTemplateRow)
    is_older = sa.exists().where(
        later.family_id == PromptTemplateRow.family_id, later.version > PromptTemplateRow.version
    )
    writes = PromptTemplateRow.family_id != ENRICHMENT.family_id
    return sa.select(PromptTemplateRow).where(~is_older, writes)


def preview(template: CompiledTemplate, *, params: Mapping[str, object]) -> Preview:
    """The prompt with these values, or what is missing and wrong."""
    try:
        return Preview(template.render(params))
    except (ParamsUnfit, PromptTooLong) as error:
        missing = [
            variable.name
            for variable in template.variables
            if variable.required and variables.is_blank(params.get(variable.name))
        ]
        return Preview(None, missing, error)


def may_add_version(session: Session, of_family: Sequence[PromptTemplateRow]) -> bool:
    """Whether this user may: the author of the first version, or an admin. of_family: `versions`.

    The prompt of enrichments is nobody's to change: what its replies must be is written in code.
    """
    if of_family[-1].family_id == ENRICHMENT.family_id:
        return False
    return ownership.sees_all(session) or of_family[-1].author_id == db.owner(session)


def subject(row: PromptTemplateRow) -> audit.Subject:
    """A template as the audit trail names it."""
    return audit.Subject("template", row.id, f"{row.name} v{row.version}")


def _require_author(session: Session, of_family: Sequence[PromptTemplateRow]) -> None:
    """Raises NotItsAuthor."""
    if may_add_version(session, of_family):
        return
    is_shipped = of_family[-1].author_id is None
    reason = "it comes with the app" if is_shipped else "somebody else has written it"
    raise NotItsAuthor(name=of_family[0].name, reason=reason)


def _require_change(row: PromptTemplateRow, *, newest: PromptTemplateRow) -> None:
    """Raises NothingChanged."""
    told = ("name", "description", "system", "prompt", "variables", "thresholds")
    if all(getattr(row, one) == getattr(newest, one) for one in told):
        raise NothingChanged(name=f"{newest.name} v{newest.version}")


def _require_words(text: str, *, part: str, longest: int, is_needed: bool = False) -> None:
    """Raises TextUnfit for what can't stand in one line."""
    if is_needed and not text:
        raise TextUnfit(part=part, problem="is empty", remedy="Give the template a name.")
    if len(text) > longest:
        raise TextUnfit(part=part, problem=f"is longer than {longest} characters", remedy="Shorten it.")
    if not values.is_storable(text) or not text.isprintable():
        raise TextUnfit(part=part, problem="holds characters that can't be shown", remedy="Remove them.")


def _text(text: str) -> str:
    """As it is kept: the same line ends wherever it was written."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
