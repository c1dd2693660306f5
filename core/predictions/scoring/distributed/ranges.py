"""A range of a file: whole blocks, scored by whichever process of the installation has the file in its storage.

The blocks are those of a run in one process, with the same numbers, so that bytes and counts are the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

from core import storage
from core.models import thresholds
from core.models.schema import Schema
from core.predictions.results import run_statistics
from core.predictions.results.run_statistics import RunStatistics
from core.predictions.scoring import blocks, result_writer
from core.predictions.scoring.blocks import Scorer
from core.predictions.scoring.fast import path
from core.predictions.scoring.fast.path import FastScorer
from core.predictions.scoring.pipeline import pipelines
from core.settings import Settings
from core.uploads.csv.dialect import ColumnRule, Dialect
from core.uploads.errors import ChangedSinceChecked


@dataclass(frozen=True)
class RangeJob:
    """What all ranges of a run share: nothing secret, and cheap to send.

    header: the file's columns. mapping: (feature, column) each. unsure: (feature, rule) each.
    parts: how the keys of what is scored begin.
    is_fast: whether the run's first rows have shown that the model's tables may answer.
    """

    upload_key: str
    artifact_key: str
    artifact_sha256: str
    schema: Schema
    dialect: Dialect
    header: tuple[str, ...]
    mapping: tuple[tuple[str, str], ...]
    with_reasons: bool
    is_fast: bool
    parts: str
    unsure: tuple[tuple[str, ColumnRule], ...] = ()
    threshold: float = thresholds.HALF

    def key(self, piece: Range) -> str:
        """Where a range is stored once it is scored."""
        return f"{self.parts}{piece.number:06}"


@dataclass(frozen=True)
class Range:
    """Blocks that follow each other. start: in bytes of the file. sizes: of each block. sha256: of all their bytes."""

    number: int
    first_block: int
    start: int
    sizes: tuple[int, ...]
    sha256: str

    @property
    def n_bytes(self) -> int:
        return sum(self.sizes)


@dataclass(frozen=True)
class ScoredRange:
    """A scored range, stored under `key`.

    tallies: in order, of pieces as small as it takes for their sum to be the same as without ranges.
    """

    key: str
    n_bytes: int
    sha256: str
    n_rows: int
    statistics: tuple[RunStatistics, ...]
    n_pipeline_rows: int


def cut(file_blocks: Iterator[bytes], *, first_block: int, start: int, n_blocks: int) -> Iterator[Range]:
    """The blocks as ranges of n_blocks each, the last of fewer, as they come."""
    number, sizes, digest = 0, list[int](), hashlib.sha256()
    for block in file_blocks:
        sizes.append(len(block))
        digest.update(block)
        if len(sizes) == n_blocks:
            found = Range(number, first_block, start, tuple(sizes), digest.hexdigest())
            yield found
            number, first_block, start = number + 1, first_block + n_blocks, start + found.n_bytes
            sizes, digest = [], hashlib.sha256()
    if sizes:
        yield Range(number, first_block, start, tuple(sizes), digest.hexdigest())


def score(config: Settings, work: RangeJob, piece: Range, *, check: Callable[[], None]) -> ScoredRange:
    """Score a range and store what comes out; a second time finds what is stored already.

    check: called before each block and before anything is stored; ends this by raising.
    Raises ChangedSinceChecked, BlockFailed with a row of the range, and what storage and the model's loading raise.
    """
    files = storage.from_settings(config)
    scorer, fast = _scorer(config, work)
    data = _read(files, work, piece)
    statistics, n_pipeline_rows, n_rows, at = list[RunStatistics](), 0, 0, 0
    with (
        storage.stage(config.staging_dir) as staged,
        ThreadPoolExecutor(1, "score", initializer=blocks.use_one_native_thread) as pool,
    ):
        for index, size in enumerate(piece.sizes, piece.first_block):
            check()
            future = pool.submit(scorer.score, index, data[at : at + size], fast)
            if (failure := future.exception()) is not None:
                result_writer.fail(n_rows, failure)
            block = future.result()
            at += size
            n_rows += block.statistics.n_rows
            n_pipeline_rows += block.n_pipeline_rows
            staged.write(block.output)
            if (
                statistics and block.statistics.numbers is None
            ):  # whole numbers may be added in any order, floats not
                statistics[-1] = run_statistics.merge(statistics[-1], block.statistics)
            else:
                statistics.append(block.statistics)
        staged.close()
        key = work.key(piece)
        check()
        try:
            files.put(key, staged.path)
        except storage.KeyTaken:  # by a process that was lost before it could tell
            if files.stat(key).size_bytes != staged.size_bytes:
                raise
        return ScoredRange(key, staged.size_bytes, staged.sha256, n_rows, tuple(statistics), n_pipeline_rows)


def _read(files: storage.Storage, work: RangeJob, piece: Range) -> bytes:
    with result_writer.reading(0), files.open(work.upload_key, start=piece.start) as source:
        data = source.read(piece.n_bytes)
    if hashlib.sha256(data).hexdigest() != piece.sha256:
        raise ChangedSinceChecked(problem="the stored copy was changed while it was scored")
    return data


@lru_cache(maxsize=2)
def _scorer(config: Settings, work: RangeJob) -> tuple[Scorer, FastScorer | None]:
    """Kept while this process goes on with ranges of the same run."""
    storage.sweep(config.staging_dir)  # what a process that was killed in the middle of a range has staged
    scorer = blocks.scorer(
        work.header,
        dialect=work.dialect,
        pipeline=pipelines.load(config, work.artifact_key, work.artifact_sha256),
        schema=work.schema,
        mapping=dict(work.mapping),
        with_reasons=work.with_reasons,
        unsure=dict(work.unsure),
        threshold=work.threshold,
    )
    return scorer, path.choose(scorer.pipeline_scorer).fast if work.is_fast else None
