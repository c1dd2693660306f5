"""Mappings: which of a file's columns is read in place of which of a model's, checked, kept and used again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.types import json_member
from core.models import models
from core.models.schema import Schema, missing_columns
from core.predictions.errors import (
    BadMapping,
    MappedAway,
    MappedColumnUnknown,
    MappedNameUnknown,
    MappedTwice,
)
from core.predictions.matching.header import as_read
from core.predictions.states import Status
from core.uploads import uploads

OPTION = "mapping"
"""Its name in a prediction's options."""
LOOKED_AT = 100
_LISTED = 12


@dataclass(frozen=True)
class SavedMapping:
    """A mapping that a completed prediction was made with. at: when that was asked for."""

    prediction_id: UUID
    upload_id: int
    model_name: str
    mapping: dict[str, str]
    at: datetime


def of(prediction: PredictionRow) -> dict[str, str]:
    """What the prediction reads: feature or target → column of its file; empty where each has its own name."""
    return dict((prediction.options or {}).get(OPTION, {}))


def checked(given: Mapping[str, str], header: Collection[str], schema: Schema) -> dict[str, str]:
    """The mapping in the model's order, without columns that are mapped to themselves.

    given: feature or target → the column of the file to read in its place. It may name a column that the file has
    under that very name: that one is set aside then, and stays in the result like any other.
    Raises MappedNameUnknown, MappedColumnUnknown, MappedTwice, MappedAway.
    """
    known = [*(feature.name for feature in schema.features), schema.target]
    columns, names = set(header), set(known)
    read_as: dict[str, str] = {}
    for name, column in given.items():
        if name not in names:
            raise MappedNameUnknown(name=name, columns=_listed(known))
        if column not in columns:
            raise MappedColumnUnknown(name=name, column=column, columns=_listed(list(header)))
        if column in read_as:
            raise MappedTwice(name=read_as[column], other=name, column=column)
        read_as[column] = name
    for column, name in read_as.items():
        if column in names and column not in given:
            raise MappedAway(name=name, column=column)
    return {name: given[name] for name in known if name in given and given[name] != name}


def fits(columns: Sequence[str], schema: Schema, mapping: Mapping[str, str]) -> bool:
    """Whether a file with these columns has every feature, once they are mapped."""
    return not missing_columns(as_read(columns, schema, mapping), schema)


def kept(session: Session, *, model_name: str | None = None) -> Sequence[SavedMapping]:
    """The user's newest LOOKED_AT completed predictions with a mapping, newest first; model_name: of these models."""
    rows = (
        sa.select(
            PredictionRow.id,
            PredictionRow.upload_id,
            ModelRow.name,
            PredictionRow.options[OPTION],
            PredictionRow.created_at,
        )
        .join(ModelRow, PredictionRow.model_id == ModelRow.id)
        .where(
            PredictionRow.user_id == db.owner(session),
            PredictionRow.status == Status.COMPLETED,
            json_member(PredictionRow.options, OPTION).is_not(None),
        )
        .order_by(PredictionRow.created_at.desc())
        .limit(LOOKED_AT)
    )
    if model_name is not None:
        rows = rows.where(ModelRow.name == model_name)
    return [SavedMapping(*row) for row in session.execute(rows)]


def remembered(
    session: Session, among: Sequence[SavedMapping], *, model: ModelRow, columns: Sequence[str]
) -> SavedMapping | None:
    """The newest mapping that was used with any version of the model and that a file with these columns allows.

    among: what `kept` gave. Columns that this version does not read are left out of it. One that sets a column aside
    which the model would find under its own name is taken up only where the file of that time had it too.
    """
    schema = models.schema_of(model)
    known = {schema.target, *(feature.name for feature in schema.features)}
    header = set(columns)
    for one in among:
        given = {name: column for name, column in one.mapping.items() if name in known}
        if one.model_name != model.name or not given or not header.issuperset(given.values()):
            continue
        if (hidden := header & given.keys()) and not hidden <= _columns_of(session, one.upload_id):
            continue
        try:
            mapping = checked(given, columns, schema)
        except BadMapping:
            continue
        if fits(columns, schema, mapping):
            return SavedMapping(one.prediction_id, one.upload_id, one.model_name, mapping, one.at)
    return None


def _columns_of(session: Session, upload_id: int) -> set[str]:
    upload = uploads.get(session, upload_id=upload_id)
    return {column.name for column in uploads.examination_of(upload).columns}


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(f"'{name}'" for name in names[:_LISTED]) + more
