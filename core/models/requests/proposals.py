"""What a target asks before anything is trained on it: the question, its classes, and which of them is looked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from core import db
from core.db.tables.uploads import UploadRow
from core.models import readings, stated
from core.models.errors import OneClassOnly, TooManyClasses
from core.models.fitting import questions, target_values, targets
from core.models.fitting.questions import MAX_CLASSES, MIN_ROWS_A_CLASS, Question, TargetChoices
from core.storage import Storage
from core.uploads import stored, uploads
from core.uploads.csv import stream
from core.uploads.csv.dialect import ColumnRule
from core.uploads.hashed import blaming_changes

MOST_BYTES: Final = 200_000_000  # of a file that is read for this; reading 100 MB takes about a second


@dataclass(frozen=True)
class Proposal:
    """What a training would take the target for.

    sizes: rows by class, none of a number with very many values. positive_label: of two classes. notes: which
    spellings are read as one. merged_words: several words for yes and no that are, as they are spelled.
    """

    question: Question
    sizes: Mapping[str, int]
    positive_label: str | None
    notes: tuple[str, ...]
    merged_words: tuple[str, ...]

    @property
    def rare(self) -> dict[str, int]:
        """The classes of fewer rows than the cross-validation has folds."""
        return {label: size for label, size in self.sizes.items() if size < MIN_ROWS_A_CLASS}


def of_upload(
    user: db.User, *, storage: Storage, upload_id: int, target: str, merge_words: bool = True
) -> Proposal | None:
    """None for a file of more than MOST_BYTES. No session is open while bytes are read.

    Raises NotFound, TargetMissing, TargetEmpty, TooFewRows, OneClassOnly, TooManyClasses, UploadGone,
    ChangedSinceChecked.
    """
    with db.session_scope(user) as session:
        upload = uploads.get(session, upload_id=upload_id)
    if upload.size_bytes > MOST_BYTES:
        return None
    table, decimal, rule = _column(storage, upload, target)
    values = target_values.of(table, target=target, decimal=decimal, rule=rule)
    targets.require_rows(values)
    classes = target_values.classes(values, merge_words=merge_words)
    if len(classes.sizes) == 1:
        raise OneClassOnly(target=target, label=next(iter(classes.sizes)))
    question = questions.propose(values, classes)
    has_classes = len(classes.sizes) <= questions.MOST_SPELLINGS
    if question.possible == ("multiclass",) and not has_classes:
        raise TooManyClasses(target=target, n_classes=len(classes.sizes), maximum=MAX_CLASSES)
    return Proposal(
        question=question,
        sizes=dict(classes.sizes) if has_classes else {},
        positive_label=targets.positive_of(classes.sizes) if question.task == "binary" else None,
        notes=classes.notes if has_classes else (),
        merged_words=tuple(classes.spellings),
    )


def require_positive_label(
    user: db.User,
    *,
    storage: Storage,
    upload_id: int,
    target: str,
    choices: TargetChoices,
    fewest: int = targets.FEWEST_FOLDS,
) -> None:
    """That the positive outcome, where one is stated, is one of the two that a training would find. No session is open
    while bytes are read.

    fewest: as for `targets.find`. A file of more than MOST_BYTES is not looked at.
    Raises NotFound, UploadGone, ChangedSinceChecked, and what `stated.require_columns` and `targets.find` raise.
    """
    if choices.positive_label is None:
        return
    with db.session_scope(user) as session:
        upload = uploads.get(session, upload_id=upload_id)
    stated.require_columns(upload, target=target)
    if upload.size_bytes <= MOST_BYTES:
        table, decimal, rule = _column(storage, upload, target)
        targets.find(table, target=target, decimal=decimal, choices=choices, rule=rule, fewest=fewest)


def _column(storage: Storage, upload: UploadRow, target: str) -> tuple[pa.Table, str, ColumnRule | None]:
    """The target's cells, the mark of its numbers, and its rule. upload: with its receipt."""
    found = uploads.examination_of(upload)
    rules = readings.rules_of(found.dialect, [column.name for column in found.columns])
    with stored.open_bytes(storage, upload) as source, blaming_changes(source):
        table = stream.read_table(source, found.dialect, only=target)
    return table, found.dialect.decimal, rules.get(target)
