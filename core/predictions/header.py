"""The schema check: what the header of a file offers to a model, before anything is scored."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.models.schema import Schema
from core.predictions.errors import FeatureMissing

_ALIKE = 0.6


@dataclass(frozen=True)
class Missing:
    """A feature that the file lacks, and the column that comes nearest to its name, if one does."""

    name: str
    nearest: str | None


@dataclass(frozen=True)
class HeaderCheck:
    """matched: features that the file has. extra: columns that are neither feature nor outcome.

    has_outcome: the file has the target's column, so the predictions can be measured.
    """

    matched: tuple[str, ...]
    missing: tuple[Missing, ...]
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
    columns = as_read(header, mapping)
    present = set(columns)
    features = {feature.name for feature in schema.features}
    free = [name for name, column in zip(header, columns, strict=True) if column not in features]
    return HeaderCheck(
        matched=tuple(feature.name for feature in schema.features if feature.name in present),
        missing=tuple(
            Missing(feature.name, _nearest(feature.name, free))
            for feature in schema.features
            if feature.name not in present
        ),
        extra=tuple(
            name
            for name, column in zip(header, columns, strict=True)
            if column not in features and column != schema.target
        ),
        has_outcome=schema.target in present,
    )


def require_features(
    header: Sequence[str], schema: Schema, *, mapping: Mapping[str, str] | None = None
) -> HeaderCheck:
    """The check of a header that has every feature. Raises FeatureMissing, which names what it lacks."""
    check = check_header(header, schema, mapping=mapping)
    if not check.fits:
        raise FeatureMissing(columns=", ".join(_said(missing) for missing in check.missing))
    return check


def as_read(header: Sequence[str], mapping: Mapping[str, str] | None) -> tuple[str, ...]:
    """The header under the model's names: mapped columns renamed, a column whose name they take set aside."""
    renamed = {column: name for name, column in (mapping or {}).items() if column in header}
    taken = set(renamed.values())
    return tuple(
        renamed.get(column, f"{column} (not read)" if column in taken else column) for column in header
    )


def _said(missing: Missing) -> str:
    return f"'{missing.name}'" + (f" (nearest: '{missing.nearest}')" if missing.nearest else "")


def _nearest(name: str, columns: Sequence[str]) -> str | None:
    folded = {_folded(column): column for column in reversed(columns)}
    alike = difflib.get_close_matches(_folded(name), folded, n=1, cutoff=_ALIKE)
    return folded[alike[0]] if alike else None


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum()) or name
