"""Which template a job takes that names none: the one that can be filled in and makes the most of the values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.templates import templates, usage, values, variables
from core.generation.templates.enrichment_text import ENRICHMENT
from core.generation.templates.errors import NoTemplateFits, NoTemplates, NotForWriting
from core.generation.templates.usage import Usage
from core.generation.templates.variables import Variable

NIL = UUID(int=0)


@dataclass(frozen=True)
class Choice:
    """A template, and the sentence that says why it was taken; None where it was named."""

    template: PromptTemplateRow
    reason: str | None


@dataclass(frozen=True)
class _Candidate:
    """approved_share: -1 where nothing was decided, which even a template with nothing approved is better than."""

    id: UUID
    name: str
    created_at: datetime
    variables: Sequence[Variable]
    lacking: Sequence[str]
    n_used: int
    approved_share: float

    @property
    def rank(self) -> tuple[int, float, datetime, UUID]:
        return self.n_used, self.approved_share, self.created_at, self.id


def choose(session: Session, *, template_id: UUID | None, names: Collection[str]) -> Choice:
    """The named template; for None and the nil UUID, the newest version that fits best.

    names: of the variables that have a value in every item. One fits whose required variables all have values; of
    several, the one that uses the most of them, then the one with the largest share approved, then the newest.
    Raises NotFound, NotForWriting, NoTemplates, NoTemplateFits.
    """
    if template_id is not None and template_id != NIL:
        named = templates.get(session, template_id=template_id)
        if named.family_id == ENRICHMENT.family_id:
            raise NotForWriting(name=named.name)
        return Choice(named, None)
    candidates = _candidates(session, frozenset(names))
    if not candidates:
        raise NoTemplates
    fitting = [candidate for candidate in candidates if not candidate.lacking]
    if not fitting:
        nearest = min(candidates, key=lambda one: (len(one.lacking), *(-part for part in one.rank[:2])))
        raise NoTemplateFits(
            given=values.listed(sorted(names)) or "none",
            nearest=nearest.name,
            lacking=values.listed(nearest.lacking),
        )
    best = max(fitting, key=lambda one: one.rank)
    row = templates.get(session, template_id=best.id)
    return Choice(row, _reason(best, [one for one in fitting if one is not best], n_names=len(set(names))))


def _candidates(session: Session, names: frozenset[str]) -> list[_Candidate]:
    row = PromptTemplateRow
    columns = (row.id, row.family_id, row.name, row.created_at, row.variables)
    newest = session.execute(templates.newest_versions().with_only_columns(*columns)).all()
    used = usage.of_families(session, family_ids=[family_id for _, family_id, *_ in newest])
    found = []
    for template_id, family_id, name, created_at, described in newest:
        known = variables.parse(described)
        share = used.get(family_id, Usage()).approved_share
        found.append(
            _Candidate(
                id=template_id,
                name=name,
                created_at=created_at,
                variables=known,
                lacking=variables.lacking(known, names),
                n_used=sum(variable.name in names for variable in known),
                approved_share=-1.0 if share is None else share,
            )
        )
    return found


def _reason(best: _Candidate, others: Sequence[_Candidate], *, n_names: int) -> str:
    """Why it was taken, against those that could have been."""
    if not best.variables:
        reason = "Chosen because it needs no values"
    else:
        used = f"it uses {best.n_used} of the {n_names} given"
        reason = f"Chosen because all its required variables have values and {used}"
    if not others:
        return f"{reason}; no other template fits."
    if all(best.n_used > other.n_used for other in others):
        return f"{reason}, more than any other."
    rivals = [other for other in others if other.n_used == best.n_used]
    if all(best.approved_share > rival.approved_share for rival in rivals):
        return f"{reason}; of {len(rivals) + 1} that do, the largest share of its conversations was approved."
    return f"{reason}; of {len(rivals) + 1} that do, it is the newest."
