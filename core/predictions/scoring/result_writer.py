"""What a run of scoring has written so far: its bytes, their hash and what was counted in them, block by block."""

from __future__ import annotations

import errno
import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn, Protocol

from core.errors import AppError
from core.predictions.errors import BlockFailed, InputLost
from core.predictions.results import columns, csv_injection, run_statistics
from core.predictions.results.run_statistics import RunStatistics
from core.predictions.results.run_summary import ClusterShare, RunSummary
from core.predictions.scoring.blocks import ScoredBlock, Scorer
from core.predictions.scoring.fast.path import ScoringPath
from core.storage import DiskFull
from core.uploads.csv.units import narrow

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REASON_LENGTH = 300
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Sink(Protocol):
    """What a result is written to."""

    def write(self, chunk: bytes, /) -> object:
        """Take the next bytes."""

    def flush(self) -> None:
        """Hand on what was taken."""


class ResultWriter:
    """Takes what is scored, in the file's order."""

    def __init__(self, sink: Sink, scorer: Scorer, header_bytes: bytes, *, started: float) -> None:
        """Writes the header. header_bytes: as in the file. started: by `perf_counter`. Raises DiskFull."""
        self.scorer = scorer
        self.total = run_statistics.empty(scorer.pipeline_scorer.schema)
        if not scorer.bare:
            self.total = replace(self.total, formulas=csv_injection.of_header(scorer.header))
        rewriting = scorer.added.dialect.rewriting
        self._has_range = rewriting is not None and rewriting.has_range
        self._sink = sink
        self._started = started
        self._n_bytes = 0
        self._n_lines, self._last_line = 0, 0
        self.n_pipeline_rows = 0
        self._digest = hashlib.sha256()
        self.write(columns.header_line(header_bytes, scorer.added))

    def add(self, block: ScoredBlock) -> None:
        """Write the next block. Raises DiskFull."""
        self.write(block.output)
        self.count(block.statistics)
        self.n_pipeline_rows += block.n_pipeline_rows

    def add_unread(self, lines: bytes) -> None:
        """Write what follows the rows in the file, as it stands there. Raises DiskFull."""
        self._last_line = self._last_line or self._n_lines
        self.write(lines)

    def count(self, counted: RunStatistics) -> None:
        """Take into account what was counted in the next rows."""
        self.total = run_statistics.merge(self.total, counted)

    def write(self, written: bytes) -> None:
        """Raises DiskFull."""
        with _writing():
            self._sink.write(written)
        if not self.scorer.bare:
            self._digest.update(written)
        self._n_bytes += len(written)
        if self._has_range:
            text = narrow(written, self.scorer.added.dialect.encoding)
            self._n_lines += len(_LINE_END.findall(text))

    def end(
        self, way: ScoringPath, *, n_threads: int, cluster_share: ClusterShare | None = None
    ) -> RunSummary:
        """What was written. Raises DiskFull."""
        with _writing():
            self._sink.flush()
        added = self.scorer.added
        return RunSummary(
            n_rows=self.total.n_rows,
            n_bytes=self._n_bytes,
            sha256=self._digest.hexdigest(),
            added=added.names,
            caution=added.caution,
            reasons=added.reasons,
            statistics=self.total,
            last_line=self._last_line,
            seconds=time.perf_counter() - self._started,
            why_pipeline=way.why_pipeline,
            n_pipeline_rows=self.n_pipeline_rows,
            answered_by=way.answered_by,
            n_threads=n_threads,
            cluster_share=cluster_share,
        )


def fail(n_rows: int, failure: BaseException) -> NoReturn:
    """Raise what went wrong in the block behind so many rows: a mistake as BlockFailed."""
    if isinstance(failure, AppError):
        raise failure
    reason = f"{type(failure).__name__}: {failure}"[:_REASON_LENGTH]
    raise BlockFailed(row=n_rows + 1, reason=reason) from failure


@contextmanager
def reading(row: int) -> Iterator[None]:
    """Raises InputLost for what the operating system or the storage refuses behind this row."""
    try:
        yield
    except OSError as lost:
        raise InputLost(row=row, reason=str(lost)) from lost


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as refused:
        if refused.errno in _FULL:
            raise DiskFull(place="the folder of the result") from refused
        raise
