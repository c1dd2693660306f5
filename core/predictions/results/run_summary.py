"""What a finished run of scoring says of itself; apart from what scores, so that telling it does not load that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.predictions.results.run_statistics import RunStatistics

AnsweredBy = Literal["trees", "curves", "blend", "pipeline"]


@dataclass(frozen=True)
class ClusterShare:
    """How a run was shared out. n_ranges: pieces of the file that other machines scored; n_here: those that this
    process had to score itself. why_here: what was the matter then, with a hint.
    """

    n_ranges: int
    n_here: int
    why_here: str | None


@dataclass(frozen=True)
class RunSummary:
    """What a finished run wrote.

    sha256: of the output, as hex.  added: the names of the added columns, caution, reasons: those of them
    with that.
    seconds: from call to return.
    last_line: of the rows in the result, where lines of the file follow that were not read; else 0.
    why_plain: why the pipeline itself answered the run, or the rest of it; None where tables did.
    n_plain_rows: rows that the pipeline itself answered. answered_by: what answered the others. n_threads: as asked.
    spread: None for a run that was meant for this process alone.
    """

    n_rows: int
    n_bytes: int
    sha256: str
    added: tuple[str, ...]
    caution: str
    reasons: tuple[str, ...]
    statistics: RunStatistics
    seconds: float
    why_pipeline: str | None
    n_pipeline_rows: int
    answered_by: AnsweredBy
    n_threads: int
    cluster_share: ClusterShare | None = None
    last_line: int = 0
