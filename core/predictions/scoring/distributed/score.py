"""A run whose ranges are scored by a Dask cluster: cut here, scored there, joined here in the file's order.

The first blocks are scored here, until it is settled whether the model's tables may answer, as in a run of one process.
What the cluster can't do, this process does: a range of its own, or all that is left.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from threadpoolctl import threadpool_limits

from core import logs
from core.models import thresholds
from core.models.schema import Schema
from core.predictions.errors import BlockFailed, InputLost, ScoringStopped
from core.predictions.results.run_summary import ClusterShare, RunSummary
from core.predictions.scoring import blocks
from core.predictions.scoring.distributed import cluster, ranges
from core.predictions.scoring.distributed.cluster import Cluster, SentRange
from core.predictions.scoring.distributed.errors import ClusterUnavailable, RangeKilled
from core.predictions.scoring.distributed.ranges import Range, RangeJob, ScoredRange
from core.predictions.scoring.fast import path
from core.predictions.scoring.fast.path import ScoringPath
from core.predictions.scoring.pipeline.pipeline_scorer import BLOCK_BYTES
from core.predictions.scoring.result_writer import ResultWriter, Sink, fail, reading
from core.settings import Settings
from core.storage import DiskFull, NotStored, Storage, StorageUnavailable
from core.uploads.csv import stream
from core.uploads.csv.dialect import ColumnRule, Dialect

RANGE_BLOCKS = 16  # at most: as much is lost with a process that scores it
RANGES_A_THREAD = 4  # at least, so that nobody waits long for the last one
COPY_BYTES = 1 << 20
TELL_S = 1.0
AHEAD = 2  # ranges on their way for each thread of the cluster
HERE_INSTEAD = (ClusterUnavailable, StorageUnavailable, DiskFull, NotStored, InputLost)

log = logs.get("distributed")


@dataclass(frozen=True)
class LoadedModel:
    """What a run scores with. mapping, with_reasons, unsure, threshold: as for `engine.score`."""

    artifact_key: str
    artifact_sha256: str
    pipeline: Any
    schema: Schema
    mapping: Mapping[str, str]
    with_reasons: bool
    unsure: Mapping[str, ColumnRule] = field(default_factory=dict)
    threshold: float = thresholds.HALF


def score(
    source: BinaryIO,
    sink: Sink,
    *,
    config: Settings,
    files: Storage,
    upload_key: str,
    n_bytes: int,
    dialect: Dialect,
    model: LoadedModel,
    parts: str,
    progress: Callable[[int], None],
    stop: Callable[[], bool],
    range_blocks: int = RANGE_BLOCKS,
) -> RunSummary:
    """What `engine.score` writes and says, by the cluster of the settings.

    source: the n_bytes stored under upload_key, from their first on. parts: how the keys of scored ranges begin; what
    a failed run leaves under them is the caller's to remove.
    Raises ClusterUnavailable before anything is read or written, RangeKilled, and what `engine.score` raises.
    """
    started = time.perf_counter()
    with cluster.connected(config, upload_key) as there, threadpool_limits(limits=1):
        with reading(0):
            file = stream.open_csv(source, dialect, block_bytes=BLOCK_BYTES)
        scorer = blocks.scorer(
            file.header,
            dialect=dialect,
            pipeline=model.pipeline,
            schema=model.schema,
            mapping=model.mapping,
            with_reasons=model.with_reasons,
            unsure=model.unsure,
            threshold=model.threshold,
        )
        run = ResultWriter(sink, scorer, file.header_bytes, started=started)
        way, n_head, n_head_bytes = _head(run, file.blocks)
        work = RangeJob(
            upload_key=upload_key,
            artifact_key=model.artifact_key,
            artifact_sha256=model.artifact_sha256,
            schema=model.schema,
            dialect=dialect,
            header=file.header,
            mapping=tuple(model.mapping.items()),
            with_reasons=model.with_reasons,
            is_fast=way.fast is not None,
            parts=parts,
            unsure=tuple(model.unsure.items()),
            threshold=model.threshold,
        )
        pieces = ranges.cut(
            file.blocks,
            first_block=n_head,
            start=len(file.header_bytes) + n_head_bytes,
            n_blocks=max(1, min(range_blocks, n_bytes // BLOCK_BYTES // (RANGES_A_THREAD * there.n_threads))),
        )
        n_threads = there.n_threads
        rest = _RemainingRanges(run, work, there, config, files, progress, stop)
        rest.score(pieces)
        return run.end(way, n_threads=n_threads, cluster_share=rest.cluster_share)


def _head(run: ResultWriter, file_blocks: Iterator[bytes]) -> tuple[ScoringPath, int, int]:
    """Score blocks until the way to answer is settled; (the way, how many, their bytes)."""
    way, n_bytes, index = path.choose(run.scorer.pipeline_scorer), 0, 0
    with ThreadPoolExecutor(1, "score", initializer=blocks.use_one_native_thread) as pool:
        while index == 0 or (way.fast is not None and way.n_left > 0):
            with reading(run.total.n_rows):
                block = next(file_blocks, None)
            if block is None:
                break
            way = way.checked(block)
            future = pool.submit(run.scorer.score, index, block, way.fast)
            if (failure := future.exception()) is not None:
                fail(run.total.n_rows, failure)
            run.add(future.result())
            index, n_bytes = index + 1, n_bytes + len(block)
    return way, index, n_bytes


@dataclass
class _RemainingRanges:
    """All that follows the head: on its way, and joined as it comes back."""

    run: ResultWriter
    work: RangeJob
    there: Cluster
    config: Settings
    files: Storage
    progress: Callable[[int], None]
    stop: Callable[[], bool]
    cluster_share: ClusterShare = field(default_factory=lambda: ClusterShare(0, 0, None))
    _tell_at: float = 0.0

    def score(self, pieces: Iterator[Range]) -> None:
        """Keep the cluster busy, and join what it has done in the file's order."""
        sent: deque[SentRange] = deque()
        try:
            while True:
                with reading(self.run.total.n_rows):
                    piece = next(pieces, None)
                if piece is not None:
                    sent.append(self.there.send(self.work, piece))
                elif not sent:
                    return
                if piece is None or len(sent) > AHEAD * self.there.n_threads:
                    self._join(self._part(sent[0]))
                    sent.popleft()
        finally:
            self.there.cancel(list(sent))

    def _part(self, sent: SentRange) -> ScoredRange:
        """The next range, by the cluster or else here. Failures name rows of the file."""
        n_rows = self.run.total.n_rows
        try:
            try:
                part = self.there.result(sent, check=self._check)
            except HERE_INSTEAD as failure:
                log.warning(
                    "the Dask cluster failed; this worker scores the range",
                    range=sent.piece.number,
                    problem=str(failure),
                )
                self.cluster_share = replace(
                    self.cluster_share, n_here=self.cluster_share.n_here + 1, why_here=str(failure)
                )
                part = ranges.score(self.config, self.work, sent.piece, check=self._check)
            else:
                self.cluster_share = replace(self.cluster_share, n_ranges=self.cluster_share.n_ranges + 1)
        except BlockFailed as failed:
            raise BlockFailed(row=n_rows + failed.row, reason=failed.reason) from failed
        except InputLost as lost:
            raise InputLost(row=n_rows, reason=lost.reason) from lost
        except RangeKilled as killed:
            raise RangeKilled(n_deaths=killed.n_deaths, row=n_rows) from killed
        return part

    def _join(self, part: ScoredRange) -> None:
        digest = hashlib.sha256()
        with reading(self.run.total.n_rows), self.files.open(part.key) as stored:
            while chunk := stored.read(COPY_BYTES):
                digest.update(chunk)
                self.run.write(chunk)
        if digest.hexdigest() != part.sha256:
            raise StorageUnavailable(problem=f"{part.key} was changed before it was joined")
        for counted in part.statistics:
            self.run.count(counted)
        self.run.n_pipeline_rows += part.n_pipeline_rows
        self.files.delete(part.key)
        self.progress(self.run.total.n_rows)

    def _check(self) -> None:
        """Say that this goes on, and hear of a cancel. Raises ScoringStopped."""
        if time.monotonic() >= self._tell_at:
            self._tell_at = time.monotonic() + TELL_S
            self.progress(self.run.total.n_rows)
        if self.stop():
            raise ScoringStopped(row=self.run.total.n_rows)
