"""How a model's columns were read when it was trained: kept with its schema, so that a cell means the same in any file.

A model that was trained before readings were kept takes them from its upload's receipt, as long as there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from unicodedata import normalize

from sqlalchemy.orm import Session

from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.errors import NotFound
from core.models import models
from core.models.schema import Schema
from core.uploads import uploads
from core.uploads.csv.dialect import ColumnRule, Dialect


def rules_of(dialect: Dialect, names: Sequence[str]) -> dict[str, ColumnRule]:
    """The rules of a file's columns by their names, of those that have one."""
    return {names[rule.column]: rule for rule in dialect.rules if rule.column < len(names)}


def kept(schema: Schema, dialect: Dialect, names: Sequence[str]) -> Schema:
    """The schema with a reading for each column that lacks one. dialect, names: of the file that it was trained on."""
    rules = {name: ColumnRule(column) for column, name in enumerate(names)} | rules_of(dialect, names)
    composed = {normalize("NFC", name): rule for name, rule in rules.items()}

    def reading(name: str, *, is_number: bool) -> ColumnRule | None:
        rule = rules.get(name) or composed.get(normalize("NFC", name))
        if rule is None:
            return None
        rule = replace(rule, date="")  # only a feature that was made of dates is read as dates
        return replace(rule, decimal=rule.decimal or dialect.decimal) if is_number else rule

    features = tuple(
        feature
        if feature.reading
        else replace(feature, reading=reading(feature.name, is_number=feature.kind == "number"))
        for feature in schema.features
    )
    target = schema.target_reading or reading(schema.target, is_number=schema.task == "regression")
    return replace(schema, features=features, target_reading=target)


def schema_of(session: Session, model: ModelRow) -> Schema:
    """What a ready model reads and answers, with how its columns were read as far as that is known still.

    Raises Conflict for a model that is not ready.
    """
    schema = models.schema_of(model)
    if schema.target_reading is not None or model.upload_id is None:
        return schema
    upload = session.get(UploadRow, model.upload_id)
    if upload is None or upload.sha256 != model.data_sha256:
        return schema
    found = uploads.examination_of(upload)
    return kept(schema, found.dialect, [column.name for column in found.columns])


def blank_in_training(session: Session, model: ModelRow) -> frozenset[str] | None:
    """The columns that had blank cells when the model was trained; None where its file is gone."""
    if model.upload_id is None:
        return None
    try:
        trained_on = uploads.get(session, upload_id=model.upload_id)
    except NotFound:
        return None
    return frozenset(column.name for column in uploads.examination_of(trained_on).columns if column.n_missing)
