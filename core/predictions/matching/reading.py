"""How a file's cells are read for a model: as in its training, unless the cells themselves show another way.

The decimal mark is decided first, a column at a time. A cell such as "1,5" or "1.234,50" can be read with one mark
only; where cells of a column show the other mark than training's, and none shows training's, the file is written
differently and its own rule counts. A cell such as "1.500" shows nothing, so training's mark decides. What then groups
digits, and what stands beside them, need no deciding: every spelling with that mark reads a cell alike or not at all.

The order of day and month in dates is decided likewise: where a day above 12 shows another order than training's, the
file's counts.

Four things can't be told apart by cells: whether "0.905" means 90.5 where training had percent signs, or the other way
round; "1.500" where other columns of the file have changed their mark, or where training had whole numbers alone; and
"03/04/2024" where training's dates had their year in front. These are asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.types import json_member
from core.models.schema import Feature, Schema
from core.predictions.matching import column_reading, date_orders
from core.predictions.matching.column_reading import ReadingQuestion
from core.predictions.matching.file_column import FileColumn
from core.predictions.matching.header import as_read
from core.predictions.states import Status
from core.uploads.csv import number_formats, parsing
from core.uploads.csv.dialect import ColumnRule, Dialect
from core.uploads.detect.columns import missing_words
from core.uploads.report.examination import Examination

OPTION: Final = "reading"
"""Its name in a prediction's options."""


@dataclass(frozen=True)
class ModelReading:
    """dialect: the file's, with the rules by which its cells are read for the model. questions: what was doubtful."""

    dialect: Dialect
    questions: tuple[ReadingQuestion, ...] = ()

    @property
    def unsure(self) -> frozenset[str]:
        """The model's names of features that were read by a guess, as nobody chose."""
        return frozenset(one.name for one in self.questions if not one.chosen and not one.is_outcome)

    @property
    def otherwise(self) -> dict[str, ColumnRule]:
        """How else these could be read."""
        return {one.name: one.options[1].rule for one in self.questions if one.name in self.unsure}

    @property
    def outcome_guess(self) -> str:
        """Why the outcomes can be read in two ways, where nobody chose; "" for nothing."""
        return next((one.why for one in self.questions if one.is_outcome and not one.chosen), "")

    @property
    def choices(self) -> dict[str, str]:
        """What was chosen, as it is kept with a prediction."""
        return {one.name: one.chosen for one in self.questions if one.chosen}


def chosen_in(prediction: PredictionRow) -> dict[str, str]:
    """What was chosen for a prediction: feature → the key of an option."""
    return dict((prediction.options or {}).get(OPTION, {}))


def remembered(session: Session, *, model_name: str) -> dict[str, str]:
    """What the user's newest completed prediction with a choice was made with, of any version of a model."""
    rows = (
        sa.select(PredictionRow.options[OPTION])
        .join(ModelRow, PredictionRow.model_id == ModelRow.id)
        .where(
            PredictionRow.user_id == db.owner(session),
            PredictionRow.status == Status.COMPLETED,
            json_member(PredictionRow.options, OPTION).is_not(None),
            ModelRow.name == model_name,
        )
        .order_by(PredictionRow.created_at.desc())
    )
    return dict(session.execute(rows.limit(1)).scalar_one_or_none() or {})


def of(
    found: Examination,
    schema: Schema,
    *,
    mapping: Mapping[str, str],
    choices: Mapping[str, str] | None = None,
) -> ModelReading:
    """The reading of a file. found: what its examination found. choices: feature → the key of an option.

    A choice for a column of which nothing is asked any more is left out. Raises Invalid for a key that is none.
    """
    names = as_read([column.name for column in found.columns], schema, mapping)
    columns = [
        FileColumn(found, names.index(feature.name), feature, is_outcome=feature.name == schema.target)
        for feature in (*schema.features, *_target(schema))
        if feature.name in names and feature.reading is not None
    ]
    marks = [column.decimal for column in columns if column.is_number]
    switched = {column.decimal for column in columns if column.is_number and column.is_switched}
    is_mixed = any(column.shows_training for column in columns if column.is_number) or len(switched) != 1
    other = None if is_mixed or not marks else next(iter(switched))
    rules = date_orders.of_dates_alone(found.dialect.rules, names, schema)
    for feature in schema.features:  # a word of which nobody knows what it means is told of as no number
        place = names.index(feature.name) if feature.name in names else -1
        if place in rules and feature.kind == "number" and feature.reading is None:
            rules[place] = replace(rules[place], missing=tuple(filter(_is_known, rules[place].missing)))
    questions = []
    for column in columns:
        chosen = (choices or {}).get(column.feature.name, "")
        column.others_mark = other
        rule, question = column_reading.read(column, chosen)
        rules[column.index] = rule
        if question:
            questions.append(question)
    plain = {column.index for column in columns if column.is_plain}
    plain |= {column.index for column in columns if column.is_date}
    needed = [_needed(rule, found.dialect.decimal, is_plain=rule.column in plain) for rule in rules.values()]
    kept = tuple(sorted((rule for rule in needed if rule is not None), key=lambda rule: rule.column))
    not_rows = tuple(text for text in found.dialect.not_rows if not _is_row(text, found, columns))
    return ModelReading(replace(found.dialect, rules=kept, not_rows=not_rows), tuple(questions))


def _is_row(text: str, found: Examination, columns: Sequence[FileColumn]) -> bool:
    """Whether a line that was taken for a total or a note is whole, and begins with a value that the model knows."""
    first = next((column.feature for column in columns if column.index == 0), None)
    if first is None or not first.categories or not text:
        return False
    cells = parsing.cells_of(text.encode(found.dialect.encoding, "replace"), found.dialect)
    return len(cells) == len(found.columns) and cells[0].strip() in first.categories


def _target(schema: Schema) -> list[Feature]:
    """The column of outcomes, as if it were one that is learnt from."""
    known = schema.target_range
    found = Feature(
        schema.target,
        "number" if schema.task == "regression" else "category",
        categories=schema.labels,
        reading=schema.target_reading,
    )
    if known is None:
        return [found]
    return [replace(found, minimum=known.minimum, maximum=known.maximum, median=known.median)]


def _needed(rule: ColumnRule, decimal: str, *, is_plain: bool) -> ColumnRule | None:
    """The rule, or None where a column is read like that anyway. is_plain: its cells are plain as they stand."""
    is_plain = is_plain or not rule.is_number
    is_plain = (
        is_plain
        and rule.decimal in ("", decimal)
        and not (rule.thousands or rule.mark or rule.scale or rule.is_loose)
    )
    if is_plain and not rule.kind and not rule.missing and not rule.values and not rule.date:
        return None
    return replace(rule, decimal="") if is_plain else rule


def _is_known(word: str) -> bool:
    return missing_words.is_none(word) or number_formats.of(word) is not None
