"""What to know of a file's cells before their scores are believed: a sentence for each kind of oddity in a column."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from core.metrics import wording
from core.models import date_parts
from core.models.schema import Feature, Schema
from core.predictions.check.first_rows import FirstRows
from core.predictions.matching.column_reading import ReadingQuestion
from core.predictions.results.measures import FeatureQuality
from core.uploads.report.profile import ColumnProfile, shortened

About = Literal["retyped", "unseen", "outside", "blank", "guessed", "about", "outcome"]
_EXAMPLES, _EXAMPLE_LENGTH = 3, 40
_NAMED = 6  # columns in one sentence
_SHARED: Final[dict[str, str]] = {
    "retyped": "have text instead of a number, which is scored as blank",
    "unseen": "have values not seen in training",
    "outside": "have numbers outside the range seen in training",
    "blank": "have blank cells that training did not have",
    "about": "name numbers only nearly, as '<0.5' does",
}


@dataclass(frozen=True)
class CellWarning:
    """One thing about the cells of a feature.

    about: "retyped", no number or date where the model expects one; "unseen", a value not seen in training; "outside",
    a number or date beyond the range of training; "blank", no value in any row, or in some where training had one each;
    "guessed", it can be read in two ways and nobody has chosen; "about", it names a number only nearly; "outcome", an
    outcome that the model does not know.
    n_cells, n_rows: so many cells in the rows looked at, of which there are n_rows: the file's first, or all of them.
    refuses: scoring would refuse the file. says: a sentence.
    """

    name: str
    about: About
    n_cells: int
    n_rows: int
    refuses: bool
    message: str

    @property
    def share(self) -> float:
        """Of the rows looked at, those that it is true of."""
        return self.n_cells / max(1, self.n_rows)


def of(
    feature: Feature,
    seen: FirstRows,
    profile: ColumnProfile,
    *,
    n_rows: int,
    was_blank: Collection[str] | None,
) -> Iterator[CellWarning]:
    """What there is to say of the column that a feature is read from.

    seen: the rows looked at, one at least. profile: of that column in all of the file's n_rows rows. was_blank: the
    columns that were blank in some row of training, None where that is unknown.
    """
    name = feature.name
    if profile.name != feature.name:
        name += f" (read from {wording.quoted(profile.name)})"
    blank = FeatureQuality(feature.name, n_missing=seen.missing[feature.name])
    if n := blank.n_blank_as_never(was_blank, n_rows=seen.n_rows):
        where, are = _where(n, seen.n_rows, n_rows, "is|are")
        never = "" if n == seen.n_rows or was_blank is None else ", as none was in training"
        message = f"{name}: {where} {are} blank{never}. Blank cells are filled in as in training."
        yield CellWarning(feature.name, "blank", n, seen.n_rows, False, message)
    if feature.is_measured:
        yield from _retyped(feature, name, seen, profile, n_rows)
        yield from _outside(feature, name, seen, profile, n_rows)
        yield from _about(feature, name, seen, profile, n_rows)
    elif n := seen.unseen[feature.name]:
        where, has = _where(n, seen.n_rows, n_rows, "has a value|have values")
        message = f"{name}: {where} {has} not seen in training{_such_as(feature, seen)}."
        yield CellWarning(feature.name, "unseen", n, seen.n_rows, False, message)


def of_question(question: ReadingQuestion, seen: FirstRows, *, n_rows: int, n_outcomes: int) -> CellWarning:
    """What there is to say of a column that is read by a guess; of the rows looked at, where these are all.

    n_outcomes: rows of the file that have an outcome.
    """
    cell, read, other = question.cells[0], question.options[0].values[0], question.options[1].values[0]
    example = (
        f" {wording.quoted(cell)} is read as {read}; it could also mean {other}." if read != other else ""
    )
    if question.is_outcome:
        n, otherwise = n_outcomes, "the metrics may be wrong"
    else:
        n = seen.guessed[question.name] if seen.n_rows >= n_rows else n_rows
        otherwise = "each such row gets a caution"
    message = f"{question.name}: {question.why}{example} Choose one, or {otherwise}."
    return CellWarning(question.name, "guessed", n, n_rows, False, message)


def grouped(warnings: Sequence[CellWarning]) -> list[str]:
    """A sentence for each kind of warning that several columns share, with these columns; else the warning's own."""
    by_kind: dict[str, list[CellWarning]] = {}
    for one in warnings:
        by_kind.setdefault(one.about if one.about in _SHARED and not one.refuses else one.name, []).append(
            one
        )
    return [_together(alike) if len(alike) > 1 else alike[0].message for alike in by_kind.values()]


def _together(alike: Sequence[CellWarning]) -> str:
    named = [f"{one.name} ({_share(one)})" for one in alike[:_NAMED]]
    if len(alike) > _NAMED:
        named.append(f"{wording.count(len(alike) - _NAMED)} more")
    listed = " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
    return f"{wording.count(len(alike))} columns {_SHARED[alike[0].about]}: {listed}."


def _share(one: CellWarning) -> str:
    if not one.n_cells:
        return f"after the first {wording.rows(one.n_rows)}"
    return "every row" if one.n_cells == one.n_rows else wording.percent(one.share)


def of_outcomes(schema: Schema, seen: FirstRows, *, n_rows: int) -> Iterator[CellWarning]:
    """What there is to say of the column of outcomes."""
    target, known = schema.target, schema.target_range
    if known is not None and (n := seen.n_outcomes_outside):
        where, has = _where(n, seen.n_rows, n_rows, "has|have")
        least, most = seen.ends[target]
        trained = f"{wording.number(known.minimum)} to {wording.number(known.maximum)}"
        message = (
            f"{target}: {where} {has} an outcome outside the range seen in training, {trained}: outcomes run from "
            f"{wording.number(least)} to {wording.number(most)}. They are measured all the same."
        )
        yield CellWarning(target, "outside", n, seen.n_rows, False, message)
    if n := seen.n_unknown:
        where, has = _where(n, seen.n_rows, n_rows, "has|have")
        shown = wording.listed(seen.unknown_outcomes[:_EXAMPLES])
        message = (
            f"{target}: {where} {has} an outcome that the model doesn't know, such as {shown}. These rows are scored "
            "and left out of the metrics."
        )
        yield CellWarning(target, "outcome", n, seen.n_rows, False, message)


def _about(
    feature: Feature, name: str, seen: FirstRows, profile: ColumnProfile, n_rows: int
) -> Iterator[CellWarning]:
    if n := seen.about[feature.name]:
        where, names = _where(n, seen.n_rows, n_rows, "names|name")
        # the model's own rules may find some where the file's found none
        such = f", such as {wording.quoted(profile.first_about)}" if profile.first_about else ""
        message = f"{name}: {where} {names} a number only nearly{such}. The number itself is used."
        yield CellWarning(feature.name, "about", n, seen.n_rows, False, message)


def _retyped(
    feature: Feature, name: str, seen: FirstRows, profile: ColumnProfile, n_rows: int
) -> Iterator[CellWarning]:
    n, of_rows = seen.bad[feature.name], seen.n_rows
    if refusal := seen.retyped.get(feature.name):
        message = f"{refusal.message} This file can't be scored."
        yield CellWarning(feature.name, "retyped", n, of_rows, True, message)
        return
    instead = f"text instead of a {feature.kind}"
    blank, such_as = "These cells are scored as blank", _such_as(feature, seen)
    if profile.n_odd and seen.n_rows < n_rows:  # counted over the whole file
        n, of_rows = profile.n_odd, n_rows
        first = wording.quoted(shortened(profile.first_odd or "", _EXAMPLE_LENGTH))
        such_as = f", such as {first}" if profile.first_odd else ""
    if n:
        where, has = _where(n, of_rows, n_rows, "has|have")
        message = f"{name}: {where} {has} {instead}{such_as}. {blank}."
        yield CellWarning(feature.name, "retyped", n, of_rows, False, message)
    elif seen.n_rows < n_rows and not (
        profile.kind in (feature.kind, "empty") or (feature.kind == "date" and profile.kind == "number")
    ):
        message = f"{name}: text instead of {feature.kind}s after the first {wording.rows(of_rows)}. {blank}."
        yield CellWarning(feature.name, "retyped", 0, of_rows, False, message)


def _outside(
    feature: Feature, name: str, seen: FirstRows, profile: ColumnProfile, n_rows: int
) -> Iterator[CellWarning]:
    lowest, highest = feature.minimum, feature.maximum
    if lowest is None or highest is None:
        return
    told = (
        partial(date_parts.text, is_time=feature.is_time_of_day) if feature.kind == "date" else wording.number
    )
    trained = f"the range seen in training, {told(lowest)} to {told(highest)}"
    runs, is_beyond = "", False
    if ends := _ends(feature, seen, profile, n_rows):
        least, most = ends
        is_beyond = least < lowest or most > highest
        runs = f": its values run from {wording.number(least)} to {wording.number(most)}"
    if n := seen.outside[feature.name]:
        where, are = _where(n, seen.n_rows, n_rows, "is|are")
        message = f"{name}: {where} {are} outside {trained}{runs}."
        yield CellWarning(feature.name, "outside", n, seen.n_rows, False, message)
    elif is_beyond and seen.n_rows < n_rows:
        message = f"{name}: outside {trained}, after the first {wording.rows(seen.n_rows)}{runs}."
        yield CellWarning(feature.name, "outside", 0, seen.n_rows, False, message)


def _ends(
    feature: Feature, seen: FirstRows, profile: ColumnProfile, n_rows: int
) -> tuple[float, float] | None:
    """The least and the largest number as the model reads them; where not all rows were looked at, as the file does."""
    if seen.n_rows >= n_rows:
        return seen.ends.get(feature.name)
    if feature.kind != "number" or profile.kind != "number":
        return None
    if profile.minimum is None or profile.maximum is None:
        return None
    return float(profile.minimum), float(profile.maximum)


def _where(n: int, n_seen: int, n_rows: int, verb: str) -> tuple[str, str]:
    """The rows that it is true of, as a part of those looked at, and the verb in their number: "is|are"."""
    one, several = verb.split("|")
    if n_rows == 1:
        return "the only row", one
    if n == n_seen:
        return "every row" if n_seen >= n_rows else f"each of the first {wording.rows(n_seen)}", one
    of_first = f" of the first {wording.rows(n_seen)}" if n_seen < n_rows else ""
    return f"{wording.rows(n)} ({wording.percent(n / n_seen)}){of_first}", one if n == 1 else several


def _such_as(feature: Feature, seen: FirstRows) -> str:
    examples = seen.examples.get(feature.name)
    return f", such as {wording.listed(examples)}" if examples else ""
