"""The scoring engine: blocks of raw bytes in, the same bytes with the model's answers behind each record out.

Blocks are scored by a few threads and written in order by the caller's; at most a block per thread and one
more are alive, so memory stays flat while a file grows. What is written depends on the bytes and the model
alone, not on threads or block size. A block is answered from the model's tables where there are any and the run's
first rows agree with the pipeline (`fast.path`), else by the pipeline itself (`pipeline_scorer`), which is the rule.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, BinaryIO

from threadpoolctl import threadpool_limits

from core.models import thresholds
from core.models.schema import Schema
from core.predictions.errors import ScoringStopped
from core.predictions.results.run_summary import RunSummary
from core.predictions.scoring import blocks
from core.predictions.scoring.blocks import ScoredBlock
from core.predictions.scoring.fast import path
from core.predictions.scoring.pipeline.pipeline_scorer import BLOCK_BYTES
from core.predictions.scoring.result_writer import ResultWriter, Sink, fail, reading
from core.uploads.csv import stream
from core.uploads.csv.dialect import ColumnRule, Dialect

N_THREADS = 2


def score(
    source: BinaryIO,
    sink: Sink,
    *,
    dialect: Dialect,
    pipeline: Any,
    schema: Schema,
    progress: Callable[[int], None],
    stop: Callable[[], bool] | None = None,
    mapping: Mapping[str, str] | None = None,
    with_reasons: bool = False,
    bare: bool = False,
    unsure: Mapping[str, ColumnRule] = MappingProxyType({}),
    threshold: float = thresholds.HALF,
    n_threads: int = N_THREADS,
    block_bytes: int = BLOCK_BYTES,
) -> RunSummary:
    """Write the source to the sink with the pipeline's answers as more columns.

    pipeline: a fitted scikit-learn estimator that reads the schema's frame, with the schema's labels as classes.
    progress: called with the rows written so far.  stop: asked before each block is written.
    mapping: feature or target → the column of the file to read in its place.
    with_reasons: say of each row what moved its answer most.  bare: the answers and nothing about them, no caution,
    hash or count of anything but rows; to measure what these cost.  unsure: how else the model's
    columns that are read by a guess could be, of which each row is told that would be another then.  threshold: the
    probability from which on a row counts as the positive one of two classes.
    Raises FeatureMissing, FeatureRetyped, LabelUnwritable, ReasonsUnknown, InputLost, DiskFull, ScoringStopped,
    BlockFailed, and what `stream` raises for bytes that are no records; what the sink holds then is no result.
    """
    started = time.perf_counter()
    with reading(0):
        file = stream.open_csv(source, dialect, block_bytes=block_bytes, keeps_behind=True)
    scorer = blocks.scorer(
        file.header,
        dialect=dialect,
        pipeline=pipeline,
        schema=schema,
        mapping=mapping,
        with_reasons=with_reasons,
        bare=bare,
        unsure=unsure,
        threshold=threshold,
    )
    run = ResultWriter(sink, scorer, file.header_bytes, started=started)

    pending: deque[Future[ScoredBlock]] = deque()
    # Native thread pools would fight over the cores that the blocks share: .5 s became 8 s.
    with (
        threadpool_limits(limits=1),
        ThreadPoolExecutor(n_threads, "score", initializer=blocks.use_one_native_thread) as pool,
    ):
        way = path.choose(scorer.pipeline_scorer)
        try:
            for index in itertools.count():
                with reading(run.total.n_rows):
                    block = next(file.blocks, None)
                if block is not None:
                    way = way.checked(block)
                    pending.append(pool.submit(scorer.score, index, block, way.fast))
                elif not pending:
                    break
                if block is None or len(pending) > n_threads:
                    if stop is not None and stop():
                        raise ScoringStopped(row=run.total.n_rows)
                    oldest = pending.popleft()
                    if (failure := oldest.exception()) is not None:
                        fail(run.total.n_rows, failure)
                    run.add(oldest.result())
                    progress(run.total.n_rows)
        finally:
            for future in pending:
                future.cancel()
    with reading(run.total.n_rows):
        for lines in file.behind:
            run.add_unread(lines)
    return run.end(way, n_threads=n_threads)
