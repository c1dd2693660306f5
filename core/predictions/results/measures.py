"""What a finished prediction tells: metrics where outcomes are known, distributions, data quality."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from core.db.tables.predictions import PredictionRow
from core.errors import Conflict
from core.metrics import binary, distributions, findings, multiclass, regression
from core.metrics.distributions import LabelCounts, RiskBands, ScoreDistribution, ValueDistribution
from core.metrics.ranking import Confusion
from core.metrics.stored import Metrics
from core.models import models
from core.models.schema import Schema, TargetRange
from core.predictions import cutting
from core.predictions.results.csv_injection import FormulaCount
from core.predictions.results.histograms import ClassCounts, NumberSums
from core.predictions.results.run_statistics import RunStatistics


@dataclass(frozen=True)
class FeatureQuality:
    """Cells of one column that are blank, no number or date where one is due, a category that training never saw, or a
    number or date beyond the range that it saw, from `minimum` to `maximum`. of: what the column holds.

    n_about, n_guessed: those that name a number only nearly, or were read by a guess, whatever else they are.
    """

    column: str
    n_missing: int = 0
    n_bad: int = 0
    n_unseen: int = 0
    n_outside: int = 0
    minimum: float | None = None
    maximum: float | None = None
    of: Literal["numbers", "dates", "times"] = "numbers"
    n_about: int = 0
    n_guessed: int = 0

    @property
    def n_cells(self) -> int:
        """Each cell counts once at most."""
        return self.n_missing + self.n_bad + self.n_unseen + self.n_outside

    @property
    def n_rows_touched(self) -> int:
        """At least so many rows have a cell that any of the counts tells of, as one cell may be in two of them."""
        odd = self.n_bad + self.n_unseen + self.n_outside
        return self.n_missing + max(odd, self.n_about, self.n_guessed)

    def n_blank_as_never(self, was_blank: Collection[str] | None, *, n_rows: int) -> int:
        """Its blank cells where training had none, or nobody knows, or where nothing but blanks is left of the column.

        was_blank: the columns that were blank in some row of training; None where that is unknown. n_rows: the file's.
        """
        known = was_blank is not None and self.column in was_blank
        return 0 if known and not 1 < n_rows <= self.n_missing else self.n_missing

    def n_differing(self, was_blank: Collection[str] | None, *, n_rows: int) -> int:
        """Its cells that are unlike the training data: what the check before scoring says and the result after it."""
        return self.n_cells - self.n_missing + self.n_blank_as_never(was_blank, n_rows=n_rows)


@dataclass(frozen=True)
class PredictionMetrics:
    """Everything that the pages draw and programs read about a finished prediction.

    metrics: None where no row has a known outcome. n_blank, n_unknown: rows left out of the metrics because
    their outcome is missing, or one that the model does not know; unknown_outcomes: the first few of the latter,
    as examples; none for a scoring of before they were kept. n_cautioned: rows with a caution in the result; None
    for a scoring of before there were any. formulas: columns of the file with cells that a spreadsheet would run.
    scores, bands: binary only, of the
    probability of the positive label. labels: predicted labels. values: regression only.
    threshold: the probability from which on a row counted as the positive outcome; None but of two classes.
    on_training_data: the model learned from these very bytes, so its metrics flatter it.
    n_outcomes_outside: measured rows whose outcome is beyond target_range, those of training; 0 and None where that is
    unknown. outcome_guess: why outcomes can be read in two ways, where nobody chose; "" for nothing.
    """

    n_rows: int
    n_measured: int
    n_blank: int
    n_unknown: int
    seconds: float
    target: str
    positive_label: str | None
    threshold: float | None
    on_training_data: bool
    headline: str
    metrics: Metrics | None
    scores: ScoreDistribution | None
    bands: RiskBands | None
    labels: LabelCounts | None
    values: ValueDistribution | None
    quality: tuple[FeatureQuality, ...]
    unknown_outcomes: tuple[str, ...] = ()
    n_cautioned: int | None = None
    n_outcomes_outside: int = 0
    target_range: TargetRange | None = None
    outcome_guess: str = ""
    formulas: Mapping[str, FormulaCount] = field(default_factory=dict)

    @property
    def n_formulas(self) -> int:
        """How many cells of the file a spreadsheet would run."""
        return sum(column.n for column in self.formulas.values())

    @property
    def rows_per_s(self) -> float | None:
        """None for a run too short to be timed."""
        return self.n_rows / self.seconds if self.seconds > 0 else None

    def to_json(self) -> dict[str, Any]:
        """Plain values, for programs."""
        parts = {
            name: part.to_json() if (part := getattr(self, name)) is not None else None
            for name in ("metrics", "scores", "bands", "labels", "values")
        }
        plain = (
            "n_rows",
            "n_measured",
            "n_blank",
            "n_unknown",
            "seconds",
            "target",
            "positive_label",
            "threshold",
            "on_training_data",
            "headline",
            "n_cautioned",
            "n_outcomes_outside",
            "outcome_guess",
        )
        return {
            **{name: getattr(self, name) for name in plain},
            "rows_per_s": self.rows_per_s,
            **parts,
            "quality": [asdict(column) for column in self.quality],
            "formulas": [{"column": name, **asdict(column)} for name, column in self.formulas.items()],
            "unknown_outcomes": list(self.unknown_outcomes),
        }


def of(prediction: PredictionRow) -> PredictionMetrics:
    """From what the scoring counted; `predictions.get` loads it. Raises Conflict until COMPLETED."""
    if prediction.metrics_json is None:
        raise Conflict(
            resource="prediction", state=prediction.status, asked="measured before it is COMPLETED"
        )
    statistics = RunStatistics.from_json(prediction.metrics_json["tally"])
    schema = models.schema_of(prediction.model)
    threshold = cutting.of(prediction)
    metrics = _metrics(statistics, schema, threshold)
    return PredictionMetrics(
        n_rows=statistics.n_rows,
        n_measured=statistics.n_measured,
        n_blank=statistics.n_blank,
        n_unknown=statistics.n_unknown,
        seconds=prediction.metrics_json["seconds"],
        target=schema.target,
        positive_label=schema.positive_label,
        threshold=None if schema.positive_label is None else threshold,
        on_training_data=prediction.upload.sha256 == prediction.model.data_sha256,
        headline=findings.headline(metrics) if metrics else "",
        metrics=metrics,
        scores=_scores(statistics, schema),
        bands=_bands(statistics, schema),
        labels=_labels(statistics),
        values=_values(statistics, schema),
        quality=quality(statistics, schema),
        unknown_outcomes=statistics.unknown_outcomes,
        n_cautioned=statistics.n_cautioned,
        n_outcomes_outside=statistics.n_outcomes_outside,
        target_range=schema.target_range,
        outcome_guess=prediction.metrics_json.get("outcome_guess", ""),
        formulas=statistics.formulas,
    )


def _metrics(statistics: RunStatistics, schema: Schema, threshold: float) -> Metrics | None:
    if statistics.n_measured == 0:
        return None
    if statistics.numbers is not None:
        return _of_numbers(statistics.numbers, schema)
    assert statistics.classes is not None
    if schema.positive_label is not None:
        return _of_two(statistics.classes, schema.positive_label, threshold)
    counts = statistics.classes
    return multiclass.from_histograms(
        counts.confusion, counts.positives, counts.negatives, labels=counts.labels
    )


def _of_two(counts: ClassCounts, positive_label: str, threshold: float) -> Metrics:
    yes = counts.labels.index(positive_label)
    no = 1 - yes
    confusion = Confusion(
        true_positives=int(counts.confusion[yes, yes]),
        false_negatives=int(counts.confusion[yes, no]),
        false_positives=int(counts.confusion[no, yes]),
        true_negatives=int(counts.confusion[no, no]),
    )
    return binary.from_histograms(
        counts.positives[0],
        counts.negatives[0],
        positive_label=positive_label,
        negative_label=counts.labels[no],
        threshold=threshold,
        confusion=confusion,
    )


def _of_numbers(sums: NumberSums, schema: Schema) -> Metrics:
    known = sums.sample[sums.sample[:, 0] == sums.sample[:, 0]]  # an unknown outcome is NaN
    return regression.from_sums(
        n_rows=sums.n,
        total_absolute=sums.total_absolute,
        total_squared=sums.total_squared,
        total_signed=sums.total_signed,
        total_spread=sums.total_spread,
        actual=known[:, 0],
        predicted=known[:, 1],
        target=schema.target,
    )


def _scores(statistics: RunStatistics, schema: Schema) -> ScoreDistribution | None:
    if statistics.classes is None or schema.positive_label is None:
        return None
    counts = statistics.classes
    if statistics.n_measured == 0:
        return distributions.scores(counts.scores[0], positive_label=schema.positive_label)
    return distributions.scores_by_class(
        counts.positives[0], counts.negatives[0], positive_label=schema.positive_label
    )


def _bands(statistics: RunStatistics, schema: Schema) -> RiskBands | None:
    if statistics.classes is None or schema.positive_label is None:
        return None
    return distributions.risk_bands(statistics.classes.scores[0], positive_label=schema.positive_label)


def _labels(statistics: RunStatistics) -> LabelCounts | None:
    if statistics.classes is None:
        return None
    return LabelCounts(statistics.classes.labels, tuple(statistics.classes.predicted.tolist()))


def _values(statistics: RunStatistics, schema: Schema) -> ValueDistribution | None:
    if statistics.numbers is None:
        return None
    return distributions.values(
        statistics.numbers.sample[:, 1], target=schema.target, n_rows=statistics.n_rows
    )


def quality(statistics: RunStatistics, schema: Schema) -> tuple[FeatureQuality, ...]:
    """The columns with any such cell, those with most first."""
    found = [
        FeatureQuality(
            feature.name,
            n_missing=statistics.missing.get(feature.name, 0),
            n_bad=statistics.bad.get(feature.name, 0),
            n_unseen=statistics.unseen.get(feature.name, 0),
            n_outside=statistics.outside.get(feature.name, 0),
            minimum=feature.minimum,
            maximum=feature.maximum,
            of="times" if feature.is_time_of_day else "dates" if feature.kind == "date" else "numbers",
            n_about=statistics.about.get(feature.name, 0),
            n_guessed=statistics.guessed.get(feature.name, 0),
        )
        for feature in schema.features
    ]
    odd = (column for column in found if column.n_cells or column.n_about or column.n_guessed)
    return tuple(sorted(odd, key=lambda column: -column.n_cells))
