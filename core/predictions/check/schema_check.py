"""The whole schema check: what a file offers to a model before anything is scored, as pages and programs tell it.

Columns are compared by name over the header, cells over the file as scoring counts them; of a long one over its first
rows, and over what is known of whole columns since it was examined.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import BinaryIO
from uuid import UUID

import pyarrow as pa

from core import db
from core.models import models, readings
from core.models.schema import Kind, Schema
from core.predictions.check import cell_warnings, first_rows
from core.predictions.check.cell_warnings import CellWarning
from core.predictions.errors import FeatureMissing, FeatureRetyped
from core.predictions.matching import mapping as mappings
from core.predictions.matching import name_similarity
from core.predictions.matching import reading as readings_of_files
from core.predictions.matching.column_reading import ReadingQuestion
from core.predictions.matching.header import HeaderCheck, as_read, check_header, refusal_of
from core.predictions.matching.mapping import SavedMapping
from core.storage import Storage
from core.uploads import stored, uploads
from core.uploads.csv import cells
from core.uploads.report import notes
from core.uploads.report.examination import Examination
from core.uploads.report.profile import ColumnProfile


@dataclass(frozen=True)
class FeatureMatch:
    """One of the model's features and where the file has it.

    column: the file's, None where it has none. nearest: then the unused column whose name is the most alike, if one
    is; is_guess: it is near enough, as no other is, and of the kind, to be mapped unless somebody objects.
    """

    name: str
    kind: Kind
    column: str | None
    nearest: str | None = None
    is_guess: bool = False


@dataclass(frozen=True)
class SchemaCheck:
    """What a file offers to a model under a mapping.

    columns: the features in the model's order. extra: the file's columns that are not read; they stay in the result.
    outcome: the file's column that holds the target, so that scores can be measured; None without one, and then
    outcome_nearest is the unused column that is named most alike, if one is. n_outcomes: rows in which it is filled.
    mapping: as it would be kept. n_rows_read: those of the file's n_rows whose cells were looked at.
    warnings: those that refuse the file first, then those of most rows.
    refusal: why it can't be scored so. remembered: the mapping last used with this model for such columns.
    questions: columns that can be read in two ways. reading: what was chosen for them, as it would be kept;
    remembered_reading: what was chosen the last time. result_note: what a result will hold otherwise than the file, ""
    for nothing.
    """

    columns: tuple[FeatureMatch, ...]
    extra: tuple[str, ...]
    target: str
    outcome: str | None
    n_outcomes: int
    outcome_nearest: str | None
    mapping: dict[str, str]
    n_rows: int
    n_rows_read: int
    warnings: tuple[CellWarning, ...]
    refusal: FeatureMissing | FeatureRetyped | None
    remembered: SavedMapping | None = None
    questions: tuple[ReadingQuestion, ...] = ()
    reading: Mapping[str, str] = field(default_factory=dict)
    remembered_reading: Mapping[str, str] = field(default_factory=dict)
    result_note: str = ""

    @property
    def missing(self) -> list[FeatureMatch]:
        """The features that the file lacks."""
        return [column for column in self.columns if column.column is None]

    @property
    def guesses(self) -> dict[str, str]:
        """For features that the file lacks, the columns that may well be them."""
        return {one.name: one.nearest for one in self.missing if one.is_guess and one.nearest is not None}


def check(
    user: db.User,
    *,
    storage: Storage,
    upload_id: int,
    model_id: UUID,
    mapping: Mapping[str, str] | None = None,
    choices: Mapping[str, str] | None = None,
) -> SchemaCheck:
    """Check an upload against a model. No session is open while bytes are read.

    mapping: feature or target → the column of the file to read in its place. choices: as `reading.of` takes them.
    Raises NotFound, Conflict for a model that is not ready, BadMapping, UploadGone, ChangedSinceChecked.
    """
    with db.session_scope(user) as session:
        upload = uploads.get(session, upload_id=upload_id)
        model = models.get(session, model_id=model_id)
        schema = readings.schema_of(session, model)
        found = uploads.examination_of(upload)
        columns = [column.name for column in found.columns]
        kept = mappings.kept(session, model_name=model.name)
        remembered = mappings.remembered(session, kept, model=model, columns=columns)
        chosen_before = readings_of_files.remembered(session, model_name=model.name)
        was_blank = readings.blank_in_training(session, model)
        sha256 = upload.sha256
    with stored.open_bytes(storage, upload) as source:
        try:
            checked = of_file(
                source, found, schema, mapping=mapping, choices=choices, was_blank=was_blank, sha256=sha256
            )
        except (ValueError, IndexError):
            source.require_unchanged()  # else whoever changed the bytes is to blame
            raise
    return replace(checked, remembered=remembered, remembered_reading=chosen_before)


def of_file(
    source: BinaryIO,
    found: Examination,
    schema: Schema,
    *,
    mapping: Mapping[str, str] | None = None,
    choices: Mapping[str, str] | None = None,
    was_blank: Collection[str] | None = None,
    sha256: str | None = None,
    n_blocks: int = first_rows.N_BLOCKS,
) -> SchemaCheck:
    """The check of a file.

    source: at its first byte. found: what its examination found. was_blank: as `readings.blank_in_training` says.
    sha256: of a file that may be asked about again, so that its rows are counted once. n_blocks: as `first_rows.read`.
    Raises BadMapping, Invalid.
    """
    header = [column.name for column in found.columns]
    read_from = mappings.checked(mapping or {}, header, schema)
    by_name = check_header(header, schema, mapping=read_from)
    here = set(by_name.matched)
    present = replace(schema, features=tuple(one for one in schema.features if one.name in here))
    as_trained = readings_of_files.of(found, present, mapping=read_from, choices=choices)
    count = partial(
        first_rows.read,
        source,
        as_trained.dialect,
        present,
        read_from,
        unsure=as_trained.otherwise,
        n_blocks=n_blocks,
    )
    seen = first_rows.once(sha256, source, count) if sha256 else count()
    n_rows = max(found.n_rows, seen.n_rows)  # a last line that looks like a total may be a row to the model
    profiles = dict(zip(as_read(header, schema, read_from), found.columns, strict=True))
    warnings = [
        one
        for feature in present.features
        for one in cell_warnings.of(feature, seen, profiles[feature.name], n_rows=n_rows, was_blank=was_blank)
    ]
    warnings += cell_warnings.of_outcomes(schema, seen, n_rows=n_rows)
    outcomes = profiles[schema.target] if by_name.has_outcome else None
    n_outcomes = found.n_rows - outcomes.n_missing if outcomes else 0
    open_questions = [one for one in as_trained.questions if one.cells and not one.chosen]
    asked = [
        cell_warnings.of_question(one, seen, n_rows=n_rows, n_outcomes=n_outcomes) for one in open_questions
    ]
    warnings += [one for one in asked if one.n_cells]
    return SchemaCheck(
        columns=_columns(by_name, schema, profiles, found.dialect.decimal),
        extra=by_name.extra,
        target=schema.target,
        outcome=outcomes.name if outcomes else None,
        n_outcomes=n_outcomes,
        outcome_nearest=None if outcomes else _nearest(schema.target, by_name),
        mapping=read_from,
        n_rows=n_rows,
        n_rows_read=seen.n_rows,
        warnings=tuple(sorted(warnings, key=lambda one: (not one.refuses, -one.share))),
        refusal=refusal_of(by_name) or next(iter(seen.retyped.values()), None),
        questions=as_trained.questions,
        reading=as_trained.choices,
        result_note=notes.of_result(found.dialect),
    )


def _columns(
    by_name: HeaderCheck, schema: Schema, read_as: Mapping[str, ColumnProfile], decimal: str
) -> tuple[FeatureMatch, ...]:
    """read_as: the file's columns by the model's names."""
    lacking = {one.name: one for one in by_name.missing}
    profiles = {column.name: column for column in read_as.values()}
    columns = []
    for one in schema.features:
        if missing := lacking.get(one.name):
            is_guess = missing.is_guess
            if missing.nearest is not None and one.kind == "date":
                is_guess = is_guess and profiles[missing.nearest].kind == "date"
            elif missing.nearest is not None and one.kind == "number":
                is_guess = is_guess and _holds_numbers(profiles[missing.nearest], decimal)
            columns.append(FeatureMatch(one.name, one.kind, None, missing.nearest, is_guess))
        else:
            columns.append(FeatureMatch(one.name, one.kind, read_as[one.name].name))
    return tuple(columns)


def _nearest(name: str, by_name: HeaderCheck) -> str | None:
    found = name_similarity.nearest([name], by_name.extra)
    return found[name][0] if name in found else None


def _holds_numbers(profile: ColumnProfile, decimal: str) -> bool:
    """Whether a column is of numbers, a few other cells apart, as far as its examples tell."""
    if profile.kind == "number" or not profile.examples:
        return True
    bad = cells.numbers(pa.array(profile.examples, pa.string()), decimal)[1]
    return bool(2 * bad.sum() < len(bad))
