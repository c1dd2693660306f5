"""What is counted while rows stream by: enough for the first metrics, in memory that does not grow with them.

Blocks are counted apart, in threads, and put together in order by `merge`, which is associative.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.models import labels as one_label
from core.models.fitting import targets
from core.models.schema import ModelFrame, Schema
from core.predictions.results import caution
from core.predictions.results.caution import Cautions
from core.predictions.results.csv_injection import FormulaCount
from core.predictions.results.histograms import ClassCounts, Counts, Floats, NumberSums
from core.uploads.csv import cells

BLANK, UNKNOWN = -1, -2


@dataclass(frozen=True)
class RunStatistics:
    """Counts over the rows of one scoring.

    n_measured: rows whose outcome is known. n_blank, n_unknown: rows whose outcome is missing, or none that
    the model knows (a new label; no number for a regression, or one too large to measure by). All three are 0 where
    the file has no outcomes. missing, bad, unseen, outside: cells per feature that are blank, no number where one is
    due, a category that training never saw, or a number beyond the range that it saw; about, guessed: that name a
    number only nearly, or were read by a guess; only features that have any.
    n_cautioned: rows with any cell of the last five kinds, None in statistics of before they were counted.
    formulas: columns of the file, of any kind, with cells that a spreadsheet would run.
    unknown_outcomes: the first few spellings among the n_unknown, as examples. n_outcomes_outside: measured ones beyond
    the range of the outcomes of training.
    classes, numbers: the answers; one of them, by the model's task.
    """

    n_rows: int
    n_measured: int = 0
    n_blank: int = 0
    n_unknown: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    bad: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, int] = field(default_factory=dict)
    outside: dict[str, int] = field(default_factory=dict)
    about: dict[str, int] = field(default_factory=dict)
    guessed: dict[str, int] = field(default_factory=dict)
    n_cautioned: int | None = None
    formulas: dict[str, FormulaCount] = field(default_factory=dict)
    unknown_outcomes: tuple[str, ...] = ()
    n_outcomes_outside: int = 0
    classes: ClassCounts | None = None
    numbers: NumberSums | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain lists and dicts; `from_json` reads them back to equal statistics."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {
            **plain,
            "formulas": {name: asdict(column) for name, column in self.formulas.items()},
            "unknown_outcomes": list(self.unknown_outcomes),
            "classes": self.classes.to_json() if self.classes else None,
            "numbers": self.numbers.to_json() if self.numbers else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunStatistics:
        """The statistics that `to_json` wrote; those of before a count was kept lack that count."""
        classes, numbers = data["classes"], data["numbers"]
        return cls(
            **{name: data[name] for name in _PLAIN if name in data},
            formulas={name: FormulaCount(**column) for name, column in data.get("formulas", {}).items()},
            unknown_outcomes=tuple(data.get("unknown_outcomes", ())),
            classes=ClassCounts.from_json(classes) if classes else None,
            numbers=NumberSums.from_json(numbers) if numbers else None,
        )


_PLAIN = (
    "n_rows",
    "n_measured",
    "n_blank",
    "n_unknown",
    "missing",
    "bad",
    "unseen",
    "outside",
    "about",
    "guessed",
    "n_cautioned",
    "n_outcomes_outside",
)

EXAMPLES, _EXAMPLE_LENGTH = 5, 40


@dataclass(frozen=True)
class BlockRows:
    """What a block's rows hold, apart from the features' values.

    n: how many.  outcome: (n,) their true outcomes as text, plain or as a dictionary; None where the file has
    none.  missing: as in RunStatistics.
    """

    n: int
    outcome: pa.Array | None
    missing: dict[str, int]
    cautions: Cautions

    @classmethod
    def of(
        cls, table: pa.Table, framed: ModelFrame, schema: Schema, unsure: Collection[str] = ()
    ) -> BlockRows:
        """table: (n,) rows of text cells.  framed: what the pipeline was given of them.  unsure: columns that were read
        by a guess.
        """
        target = schema.target
        blanks = framed.frame.isna().sum()
        features = {feature.name for feature in schema.features}  # less the parts of dates
        missing = {
            name: int(n) - len(framed.bad.get(name, ())) for name, n in blanks.items() if name in features
        }
        return cls(
            n=table.num_rows,
            outcome=table.column(target).combine_chunks() if target in table.column_names else None,
            missing={name: n for name, n in missing.items() if n},
            cautions=Cautions(
                unseen=framed.unseen,
                outside=caution.outside_of_training(framed.frame, schema),
                bad=framed.bad,
                about=framed.about,
                guessed=caution.read_by_guess(framed.frame, caution.doubtful(table, schema, unsure)),
                dates=schema.dates,
            ),
        )

    def holds_as(self, other: BlockRows) -> bool:
        """Whether both hold as many rows with the same cells missing or to be cautious about."""
        return (self.n, self.missing) == (other.n, other.missing) and self.cautions.equals(other.cautions)


def of_block(
    rows: BlockRows,
    answers: Floats,
    schema: Schema,
    *,
    decimal: str,
    seed: int,
    formulas: Mapping[str, FormulaCount] = MappingProxyType({}),
    chosen: Counts | None = None,
) -> RunStatistics:
    """The statistics of one block.

    answers: (n, k) probabilities, or (n,) numbers for a regression.  decimal: the file's decimal mark.
    seed: another for each block.  formulas: the columns of the block with cells that a spreadsheet would run.
    chosen: (n,) the place of each row's label, where it is not the most probable one.
    """
    outcome = rows.outcome
    found: dict[str, Any] = {
        "n_rows": rows.n,
        "missing": rows.missing,
        "bad": caution.counted(rows.cautions.bad),
        "unseen": caution.counted(rows.cautions.unseen),
        "outside": caution.counted(rows.cautions.outside),
        "about": caution.counted(rows.cautions.about),
        "guessed": caution.counted(rows.cautions.guessed),
        "n_cautioned": rows.cautions.n_rows,
        "formulas": dict(formulas),
    }
    if schema.task == "regression":
        if outcome is None:
            return RunStatistics(**found, numbers=NumberSums.of(answers, None, seed))
        values, wrong = numbers_of(outcome, decimal)
        n_unknown, n_lacking = int(wrong.sum()), int(np.isnan(values).sum())
        return RunStatistics(
            **found,
            n_measured=len(values) - n_lacking,
            n_blank=n_lacking - n_unknown,
            n_unknown=n_unknown,
            unknown_outcomes=_examples(outcome, wrong) if n_unknown else (),
            n_outcomes_outside=n_outside(values, schema),
            numbers=NumberSums.of(answers, values, seed),
        )
    if outcome is None:
        return RunStatistics(**found, classes=ClassCounts.of(schema, answers, None, chosen))
    codes = outcome_codes(outcome, schema.labels, decimal=decimal, spellings=dict(schema.spellings))
    n_unknown = int((codes == UNKNOWN).sum())
    return RunStatistics(
        **found,
        n_measured=int((codes >= 0).sum()),
        n_blank=int((codes == BLANK).sum()),
        n_unknown=n_unknown,
        unknown_outcomes=_examples(outcome, codes == UNKNOWN) if n_unknown else (),
        classes=ClassCounts.of(schema, answers, codes, chosen),
    )


def unknown_outcomes(column: pa.Array, schema: Schema, *, decimal: str) -> tuple[int, tuple[str, ...]]:
    """How many outcomes are none that the model knows, and the first few. column: of text cells."""
    if schema.task == "regression":
        is_unknown = numbers_of(column, decimal)[1]
    else:
        is_unknown = (
            outcome_codes(column, schema.labels, decimal=decimal, spellings=dict(schema.spellings)) == UNKNOWN
        )
    n_unknown = int(is_unknown.sum())
    return n_unknown, _examples(column, is_unknown) if n_unknown else ()


def numbers_of(outcome: pa.Array, decimal: str) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """(n,) the outcomes as numbers, NaN where missing or unknown; and whether each is unknown: no number, or one too
    large to measure by.
    """
    values, wrong = cells.numbers(outcome, decimal)
    with np.errstate(invalid="ignore"):
        wrong |= np.abs(values) > targets.LARGEST
    values[wrong] = np.nan
    return values, wrong


def n_outside(outcomes: Floats, schema: Schema) -> int:
    """How many lie beyond the range of training, where it is known. outcomes: (n,), NaN where missing."""
    known = schema.target_range
    return 0 if known is None else int(((outcomes < known.minimum) | (outcomes > known.maximum)).sum())


def first_different(before: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """The first few of both."""
    return tuple(dict.fromkeys([*before, *more]))[:EXAMPLES]


def _examples(column: pa.Array, chosen: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    """The first EXAMPLES different spellings among the chosen cells, cut where they are long."""
    spellings = pc.utf8_trim_whitespace(column.filter(pa.array(chosen)).cast(pa.string()))
    return tuple(pc.utf8_slice_codeunits(spellings, 0, _EXAMPLE_LENGTH).unique()[:EXAMPLES].to_pylist())


def outcome_codes(
    column: pa.Array,
    labels: tuple[str, ...],
    *,
    decimal: str = ".",
    spellings: Mapping[str, str] = MappingProxyType({}),
) -> Counts:
    """(n,) the index of each cell's label, BLANK for a missing cell, UNKNOWN for any other text.

    decimal, spellings: as for `core.models.labels.lookup`. A label that reads like a missing cell ("None") is a label.
    """
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    find = one_label.lookup(labels, decimal, spellings=spellings)
    meaning = []
    for cell, is_blank in zip(
        encoded.dictionary.to_pylist(), cells.is_missing(encoded.dictionary), strict=True
    ):
        place = None if cell is None else find(cell)
        meaning.append((BLANK if is_blank else UNKNOWN) if place is None else place)
    codes = pc.fill_null(encoded.indices, len(meaning)).to_numpy()
    found: Counts = np.array([*meaning, BLANK], np.int64)[codes]
    return found


def merge(a: RunStatistics, b: RunStatistics) -> RunStatistics:
    """The statistics of the rows of a followed by those of b. Both come from the same model."""
    return RunStatistics(
        n_rows=a.n_rows + b.n_rows,
        n_measured=a.n_measured + b.n_measured,
        n_blank=a.n_blank + b.n_blank,
        n_unknown=a.n_unknown + b.n_unknown,
        missing=_summed(a.missing, b.missing),
        bad=_summed(a.bad, b.bad),
        unseen=_summed(a.unseen, b.unseen),
        outside=_summed(a.outside, b.outside),
        about=_summed(a.about, b.about),
        guessed=_summed(a.guessed, b.guessed),
        n_cautioned=None if a.n_cautioned is None or b.n_cautioned is None else a.n_cautioned + b.n_cautioned,
        formulas=_formulas(a, b),
        unknown_outcomes=first_different(a.unknown_outcomes, b.unknown_outcomes),
        n_outcomes_outside=a.n_outcomes_outside + b.n_outcomes_outside,
        classes=a.classes.merged(b.classes) if a.classes and b.classes else a.classes or b.classes,
        numbers=a.numbers.merged(b.numbers) if a.numbers and b.numbers else a.numbers or b.numbers,
    )


def empty(schema: Schema) -> RunStatistics:
    """The statistics of no rows."""
    if schema.task == "regression":
        return RunStatistics(n_rows=0, n_cautioned=0, numbers=NumberSums.of(np.empty(0), None, 0))
    return RunStatistics(
        n_rows=0, n_cautioned=0, classes=ClassCounts.of(schema, np.empty((0, len(schema.labels))), None)
    )


def _formulas(a: RunStatistics, b: RunStatistics) -> dict[str, FormulaCount]:
    behind = {name: column.behind(a.n_rows) for name, column in b.formulas.items()}
    return behind | {name: column.with_more(behind.get(name)) for name, column in a.formulas.items()}


def _summed(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter(a) + Counter(b))
