"""The model for a file whose sender named one, or left it to us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from core import db
from core.db.tables.models import ModelRow
from core.models import models, readings
from core.predictions import cutting
from core.predictions.check import schema_check
from core.predictions.check.schema_check import SchemaCheck
from core.predictions.errors import BadMapping, FeatureMissing, FeatureRetyped
from core.predictions.matching import mapping as mappings
from core.predictions.matching.mapping import SavedMapping
from core.uploads.report.examination import Examination


@dataclass(frozen=True)
class ModelChoice:
    """What a file is scored with, or why it is not.

    checked: the file against the chosen model; None where there is none. refusal: why the newest model of those whose
    columns are there, or the one that was named, can't score it. offered: where no model has its columns, one that
    would with the mapping that it was last used with.
    """

    model_id: UUID | None = None
    checked: SchemaCheck | None = None
    refusal: FeatureMissing | FeatureRetyped | None = None
    offered: tuple[UUID, SavedMapping] | None = None


def choose(
    user: db.User,
    path: Path,
    found: Examination,
    *,
    model_id: UUID | None,
    mapping: Mapping[str, str],
    choices: Mapping[str, str] | None = None,
    threshold: float | None = None,
) -> ModelChoice:
    """Check the file against the model that is named, else take the newest that it fits under the mapping.

    path: the file. found: what its examination found. choices: as `reading.of` takes them, where a model is named.
    threshold: that the file is to be scored with. Raises NotFound, OwnedByAnother, Conflict for a model that is not
    ready, BadMapping where a model is named, ThresholdUnusable for a model of no two classes.
    """
    columns = [column.name for column in found.columns]
    with db.session_scope(user) as session:
        if model_id is not None:
            candidates = [(models.own(session, model_id=model_id), dict(mapping))]
        else:
            candidates = fitting(session, columns=columns, mapping=mapping)
        schemas = [
            (model.id, readings.schema_of(session, model), given, readings.blank_in_training(session, model))
            for model, given in candidates
        ]
        offered = None if candidates else _offered(session, columns=columns)
    refusal = None
    for candidate_id, schema, given, was_blank in schemas:
        with path.open("rb") as source:
            checked = schema_check.of_file(
                source, found, schema, mapping=given, choices=choices, was_blank=was_blank
            )
        if checked.refusal is None:
            with db.session_scope(user) as session:
                cutting.option(models.get(session, model_id=candidate_id), schema, threshold)
            return ModelChoice(model_id=candidate_id, checked=checked)
        refusal = refusal or checked.refusal
    return ModelChoice(refusal=refusal, offered=offered)


def fitting(
    session: Session, *, columns: Sequence[str], mapping: Mapping[str, str]
) -> list[tuple[ModelRow, dict[str, str]]]:
    """The models whose every feature is among the columns once they are mapped, newest first, each with its mapping.

    A model that the mapping makes no sense for does not fit.
    """
    found = []
    for model in models.ready(session):
        schema = models.schema_of(model)
        try:
            given = mappings.checked(mapping, columns, schema)
        except BadMapping:
            continue
        if mappings.fits(columns, schema, given):
            found.append((model, given))
    return found


def _offered(session: Session, *, columns: Sequence[str]) -> tuple[UUID, SavedMapping] | None:
    """The newest model that a file with these columns fits with a remembered mapping."""
    if not (among := mappings.kept(session)):
        return None
    for model in models.ready(session):
        if one := mappings.remembered(session, among, model=model, columns=columns):
            return model.id, one
    return None
