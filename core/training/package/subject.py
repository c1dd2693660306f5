"""What a package is about: which rows, what is to be learnt of them, and by which code."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.training_jobs import TrainingJobRow
from core.db.tables.uploads import UploadRow
from core.models import models, readings, stated, thresholds
from core.models.errors import ThresholdUnusable
from core.models.fitting import targets
from core.models.fitting.questions import MIN_ROWS_A_CLASS, TargetChoices
from core.models.fitting.targets import Target
from core.models.schema import Schema, TargetRange
from core.models.validation import UNSTATED, Validation
from core.storage import Storage
from core.training import template
from core.training.package import division
from core.training.package.division import Division
from core.training.package.errors import NothingToPack
from core.uploads import stored, uploads
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.hashed import blaming_changes

MOST_ROWS: Final = 200_000  # that are learnt from or held out; of a longer file some
TEMPLATE: Final = "template"  # who wrote the code, where the app did
ROWS_OF_A_LABEL: Final = 50  # at least, where there are so many


@dataclass(frozen=True)
class Asked:
    """What somebody wants packed. schema: a model's own, None if it is to be made. code: None for the template.

    choices: of the target. keep: columns that stay. validation: what is known of the rows. threshold: from which
    probability on a row is predicted as the positive one of two classes. is_built_in: the model is one of the app's own
    recipes.
    predict_code: the predict.py that the code finds beside it, where its author wrote one.
    """

    upload: UploadRow
    target: str
    model_name: str
    choices: TargetChoices = field(default_factory=TargetChoices)
    keep: tuple[str, ...] = ()
    validation: Validation = UNSTATED
    threshold: float | None = None
    schema: Schema | None = None
    code: str | None = None
    predict_code: str | None = None
    is_built_in: bool = False


@dataclass(frozen=True)
class Subject:
    """All that a package says. outcome: of each row that has one. division: which are learnt from; of these "row" is
    the file's.
    """

    asked: Asked
    schema: Schema
    outcome: Target
    dialect: Dialect
    division: Division

    @property
    def code(self) -> str:
        return self.asked.code if self.asked.code is not None else template.text()

    @property
    def predict_code(self) -> str | None:
        """The predict.py beside it; None where it writes its own."""
        return self.asked.predict_code if self.asked.code is not None else template.predict_text()

    @property
    def code_sha256(self) -> str:
        return hashlib.sha256(self.code.encode()).hexdigest()

    @property
    def question(self) -> dict[str, Any]:
        """The schema as the code is told of it."""
        schema = self.schema
        return {
            "target": schema.target,
            "task": schema.task,
            "labels": list(schema.labels),
            "positive_label": schema.positive_label,
            "features": schema.told,
        }


def of_upload(
    session: Session,
    *,
    upload_id: int,
    target: str,
    model_name: str = "",
    choices: TargetChoices | None = None,
    keep: Sequence[str] = (),
    validation: Validation = UNSTATED,
    threshold: float | None = None,
) -> Asked:
    """To train the template on one's own file.

    Raises NotFound, ThresholdUnusable, and what `stated.require_columns` raises.
    """
    upload = uploads.own(session, upload_id=upload_id)
    stated.require_columns(upload, target=target, keep=keep, validation=validation)
    name = models.tidied(model_name) or models.default_name(upload, target=target)
    cut = None if threshold is None else thresholds.checked(threshold)
    return Asked(upload, target, name, choices or TargetChoices(), tuple(keep), validation, cut)


def of_model(session: Session, *, model_id: UUID) -> Asked:
    """To train a model's own code, or the template, as the model was trained. Raises NotFound, NothingToPack."""
    model = models.own(session, model_id=model_id)
    if model.schema is None:
        raise NothingToPack(model=model.name, problem="is not trained yet")
    if model.upload_id is None:
        raise NothingToPack(model=model.name, problem="was trained on a file that was deleted")
    upload = uploads.own(session, upload_id=model.upload_id)
    columns = sa.select(TrainingJobRow.code, TrainingJobRow.predict_code, TrainingJobRow.code_source)
    found = session.execute(columns.where(TrainingJobRow.model_id == model_id)).one_or_none()
    is_own = found is not None and found.code_source != TEMPLATE
    schema = models.schema_of(model)
    payload = model.task.payload
    choices = replace(TargetChoices.from_json(payload), positive_label=schema.positive_label)
    return Asked(
        upload, model.target, model.name, choices,
        keep=tuple(payload.get("keep", ())),
        validation=stated.validation_of(payload),
        threshold=thresholds.of_model(model) if schema.positive_label is not None else None,
        schema=schema,
        code=found.code if found is not None and is_own else None,
        predict_code=found.predict_code if found is not None and is_own else None,
        is_built_in=model.origin == "built_in",
    )  # fmt: skip


def look(files: Storage, asked: Asked) -> Subject:
    """Read the outcome, and decide which columns and rows are learnt from. Blocking.

    Raises NothingToPack, ThresholdUnusable, and what reading, `targets.find` and `division.divide` raise.
    """
    dialect = Dialect.from_json(asked.upload.receipt["dialect"])
    names = [one.name for one in uploads.examination_of(asked.upload).columns]
    rules = readings.rules_of(dialect, names)
    with stored.open_bytes(files, asked.upload) as source:
        with blaming_changes(source):
            column = stream.read_table(source, dialect, only=asked.target)
        outcome = targets.find(
            column,
            target=asked.target,
            decimal=dialect.decimal,
            choices=asked.choices,
            rule=rules.get(asked.target),
            fewest=targets.FEWEST_FOLDS if asked.is_built_in else MIN_ROWS_A_CLASS,
        )
        if asked.schema is not None and outcome.labels != asked.schema.labels:
            raise NothingToPack(model=asked.model_name, problem="was trained on a file read differently now")
        if asked.threshold is not None and outcome.positive_label is None:
            raise ThresholdUnusable(problem=f"'{asked.target}' has no two classes")
        source.seek(0)
        drawn = _some(outcome)
        with blaming_changes(source):
            sample = stream.read_rows(source, dialect, drawn)
    settled = replace(asked.choices, task=outcome.task, positive_label=outcome.positive_label)
    divided = division.divide(
        sample,
        target=asked.target,
        decimal=dialect.decimal,
        rules=rules,
        choices=settled.to_json(),
        keep=asked.keep,
        validation=asked.validation,
    )
    places = divided.rows.column("row").to_numpy()
    of_file = divided.rows.set_column(0, "row", pa.array(drawn[places]))
    divided = replace(divided, rows=of_file, warnings=(*outcome.warnings, *divided.warnings))
    schema = asked.schema or Schema(
        divided.features,
        asked.target,
        outcome.task,
        outcome.labels,
        outcome.positive_label,
        None,
        outcome.spellings,
        None if outcome.labels else TargetRange.of(outcome.values),
    )
    return Subject(asked, schema, outcome, dialect, divided)


def _some(outcome: Target) -> npt.NDArray[np.int64]:
    """(m,) ascending rows that have an outcome: all, or of a long file some, and of each label a few."""
    if len(outcome.rows) <= MOST_ROWS:
        return outcome.rows
    shuffled = np.random.default_rng(0).permutation(len(outcome.rows))
    parts = [shuffled[:MOST_ROWS]]
    for label in range(len(outcome.labels)):
        parts.append(np.flatnonzero(outcome.values == label)[:ROWS_OF_A_LABEL])
    return np.sort(outcome.rows[np.unique(np.concatenate(parts))])
