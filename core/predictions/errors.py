"""Why a file can't be scored, or a scoring can't go on. Row 1 is the first below the header."""

from __future__ import annotations

from typing import Final

from core.errors import AppError, Clash, Internal, Missing, Unavailable
from core.uploads.errors import ChangedSinceChecked, UploadGone


class FeatureMissing(AppError):
    """The file has no column for features that the model reads."""

    code = "feature_missing"
    message = "The file is missing columns that the model needs: {columns}."
    hint = "Add them, map other columns to them, or choose another model."
    columns: str


class FeatureRetyped(AppError):
    """A column of numbers or dates in training holds mostly other text in this file. what: "numbers" or "dates"."""

    code = "feature_retyped"
    message = (
        "The model expects {what} in the column '{column}', but {percent} % of its first cells in this file are "
        "not {what}, such as '{cell}' in row {row}."
    )
    hint = "Correct the column, map another one to it, or choose another model."
    column: str
    percent: int
    row: int
    cell: str
    what: str


class BadMapping(AppError):
    """The root of what can be wrong with a mapping of the model's columns to those of a file."""

    code = "bad_mapping"


class MappingUnreadable(BadMapping):
    """What was sent as a mapping is not one."""

    code = "mapping_unreadable"
    message = "The mapping is not a JSON object of texts ({reason})."
    hint = 'Write it as {{"the model\'s column": "the file\'s column"}}.'
    reason: str


class ReadingUnreadable(AppError):
    """What was sent as the ways to read columns is none."""

    code = "reading_unreadable"
    message = "The ways to read columns are not a JSON object of texts ({reason})."
    hint = (
        'Write them as {{"the model\'s column": "the key of an option"}}; the check of the upload names both.'
    )
    reason: str


class MappedNameUnknown(BadMapping):
    """The mapping names a column that the model has nothing to do with."""

    code = "mapped_name_unknown"
    message = "The mapping names the column '{name}', which this model does not have."
    hint = "Leave it out, or use one of the model's columns: {columns}."
    name: str
    columns: str


class MappedColumnUnknown(BadMapping):
    """The mapping reads a column that the file does not have."""

    code = "mapped_column_unknown"
    message = "The mapping reads '{name}' from the column '{column}', which the file does not have."
    hint = "Use one of the file's columns: {columns}."
    name: str
    column: str
    columns: str


class MappedTwice(BadMapping):
    """Two of the model's columns are to be read from one of the file's."""

    code = "mapped_twice"
    message = "The mapping reads both '{name}' and '{other}' from the column '{column}'."
    hint = "Map each of them to a different column."
    name: str
    other: str
    column: str


class MappedAway(BadMapping):
    """The mapping takes a column that the model reads under its own name, and puts none in its place."""

    code = "mapped_away"
    message = "The mapping reads '{name}' from the column '{column}', which is a column of the model itself."
    hint = "Read '{name}' from another column, or map one to '{column}' as well."
    name: str
    column: str


class LabelUnwritable(AppError):
    """What the model answers has characters that the file's encoding lacks."""

    code = "label_unwritable"
    message = "The model's label '{label}' can't be written in this file's encoding, {encoding}."
    hint = "Save the file as UTF-8 and upload it again."
    label: str
    encoding: str


class LabelUnquotable(LabelUnwritable):
    """What the model answers holds the delimiter or a line break, and the file is written without quotes."""

    code = "label_unquotable"
    message = (
        "The model's label '{label}' has a delimiter or line break, but the file is written without quotes."
    )
    hint = "Save the file with quotes around its cells and upload it again."


class ReasonsUnknown(AppError):
    """The model does not say what its columns usually hold, with which reasons compare."""

    code = "reasons_unknown"
    message = "The model can't give reasons: it was trained before typical values of columns were stored ({columns})."
    hint = "Train it again from the same upload, or score without reasons."
    columns: str


class BlockFailed(Internal):
    """Something unforeseen happened while a run of rows was scored."""

    code = "block_failed"
    message = "Scoring failed in the rows that start at row {row}: {reason}."
    hint = "Check these rows in the file. If they look fine, train the model again."
    row: int
    reason: str


class InputLost(Unavailable):
    """The upload's bytes could not be read to their end."""

    code = "input_lost"
    message = "The file could not be read after row {row}: {reason}."
    hint = "It may have been deleted. Upload it again, or retry once storage is available."
    row: int
    reason: str


class ScoringStopped(Clash):
    """The run was asked to end and did, between two blocks."""

    code = "stopped"
    message = "Scoring was stopped after row {row}."
    hint = "Retry to score the file from the start."
    row: int


class ModelDamaged(Clash):
    """The file of a model is not what training saved, or is gone. model: its name and version."""

    code = "model_damaged"
    message = "The stored file of the model {model} was {found} outside the app, so nothing was scored."
    hint = "Train the model again from the same upload, then score with the new version."
    model: str
    found: str


class ResultGone(Missing):
    """A result file is no longer where it was stored."""

    code = "result_gone"
    message = "The stored result of {file_name} is gone."
    hint = "It was removed outside the app. Score the upload again to create a new one."
    file_name: str


class ResultDamaged(Clash):
    """The bytes of a result file are not those that scoring wrote."""

    code = "result_damaged"
    message = "The stored result of {file_name} was changed outside the app, so it can't be used."
    hint = "Score the upload again to create a new one."
    file_name: str


class ReceiptMissing(Missing):
    """A prediction was completed before score receipts were kept."""

    code = "receipt_missing"
    message = "{file_name} was scored before receipts were kept, so this prediction has none."
    hint = "Score the file again to create one."
    file_name: str


class ResultUnreadable(Clash):
    """A result file changed between the two readings of a conversion."""

    code = "result_unreadable"
    message = "The result file changed while it was being converted."
    hint = "Download it again."


NEED_ANOTHER_FILE: Final = frozenset(
    error.code for error in (UploadGone, ChangedSinceChecked, FeatureMissing, FeatureRetyped)
)
"""Codes of failures that scoring the same file again brings about again."""
