"""The schema check: what the header of a file offers to a model, before anything is scored."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.models.schema import Schema
from core.predictions.errors import FeatureMissing
from core.predictions.matching import name_similarity


@dataclass(frozen=True)
class MissingFeature:
    """A feature that the file lacks, and the unused column that comes nearest to its name, if one does.

    is_guess: it is near enough, and no other is, to be read in its place unless somebody objects.
    """

    name: str
    nearest: str | None
    is_guess: bool = False


@dataclass(frozen=True)
class HeaderCheck:
    """matched: features that the file has. extra: columns that are neither feature nor outcome.

    has_outcome: the file has the target's column, so the predictions can be measured.
    """

    matched: tuple[str, ...]
    missing: tuple[MissingFeature, ...]
    extra: tuple[str, ...]
    has_outcome: bool

    @property
    def fits(self) -> bool:
        """Whether the file can be scored as it is."""
        return not self.missing


def check_header(
    header: Sequence[str], schema: Schema, *, mapping: Mapping[str, str] | None = None
) -> HeaderCheck:
    """Compare a file's columns with what a model reads.

    mapping: feature or target → the column of the file to read in its place.
    """
    columns = as_read(header, schema, mapping)
    present = set(columns)
    read = {schema.target, *(feature.name for feature in schema.features)}
    extra = tuple(name for name, column in zip(header, columns, strict=True) if column not in read)
    lacking = [feature.name for feature in schema.features if feature.name not in present]
    found = name_similarity.nearest(lacking, extra)
    return HeaderCheck(
        matched=tuple(feature.name for feature in schema.features if feature.name in present),
        missing=tuple(MissingFeature(name, *found.get(name, (None, False))) for name in lacking),
        extra=extra,
        has_outcome=schema.target in present,
    )


def require_features(
    header: Sequence[str], schema: Schema, *, mapping: Mapping[str, str] | None = None
) -> HeaderCheck:
    """The check of a header that has every feature. Raises FeatureMissing, which names what it lacks."""
    check = check_header(header, schema, mapping=mapping)
    if refusal := refusal_of(check):
        raise refusal
    return check


def refusal_of(check: HeaderCheck) -> FeatureMissing | None:
    """Why a file with this header can't be scored; None where it can."""
    if check.fits:
        return None
    return FeatureMissing(columns=", ".join(_said(missing) for missing in check.missing))


def as_read(
    header: Sequence[str], schema: Schema, mapping: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The header under the model's names: mapped columns renamed, a column whose name they take set aside.

    A name that is the model's but for letters and accents that stand apart in one of the two is the model's.
    """
    columns = set(header)
    renamed = {column: name for name, column in (mapping or {}).items() if column in columns}
    renamed |= _composed(header, schema, renamed)
    taken, names = set(renamed.values()), {*columns, *renamed.values()}
    found = []
    for column in header:
        name = renamed.get(column, column)
        if column not in renamed and column in taken:
            while name in names:
                name = f"{name} (not read)"
            names.add(name)
        found.append(name)
    return tuple(found)


def _composed(header: Sequence[str], schema: Schema, renamed: Mapping[str, str]) -> dict[str, str]:
    """By column the model's name that it has in NFC, of names that no column has as they stand."""
    there = {*header, *renamed.values()}
    names = (schema.target, *(feature.name for feature in schema.features))
    lacking = {unicodedata.normalize("NFC", name): name for name in names if name not in there}
    found: dict[str, str] = {}
    for column in header if lacking else ():
        if column not in renamed and (name := lacking.pop(unicodedata.normalize("NFC", column), None)):
            found[column] = name
    return found


def _said(missing: MissingFeature) -> str:
    return f"'{missing.name}'" + (f" (nearest: '{missing.nearest}')" if missing.nearest else "")
