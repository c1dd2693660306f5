"""The scoring engine: blocks of raw bytes in, the same bytes with the model's answers behind each record out.

Blocks are scored by a few threads and written in order by the caller's; at most a block per thread and one
more are alive, so memory stays flat while a file grows. What is written depends on the bytes and the model
alone, not on threads or block size. A block is answered from the model's tables where there are any and the run's
first rows agree with the pipeline (`fast.path`), else by the pipeline itself (`plain`), which is the rule.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
from threadpoolctl import threadpool_limits

from core.errors import AppError
from core.models.schema import Schema
from core.predictions import columns, formulas, header, reasons, rounding, tally
from core.predictions.columns import Added
from core.predictions.errors import BlockFailed, InputLost, Stopped
from core.predictions.fast import path
from core.predictions.fast.compiled import AnsweredBy
from core.predictions.fast.path import Fast
from core.predictions.plain import BLOCK_BYTES, Plain
from core.predictions.tally import Tally
from core.storage import DiskFull
from core.uploads import stream
from core.uploads.dialect import Dialect

N_THREADS = 2
_FULL = (errno.ENOSPC, errno.EDQUOT)
_REASON_LENGTH = 300


class Sink(Protocol):
    """What a result is written to."""

    def write(self, chunk: bytes, /) -> object:
        """Take the next bytes."""

    def flush(self) -> None:
        """Hand on what was taken."""


@dataclass(frozen=True)
class Scored:
    """What a finished run wrote.

    sha256: of the output, as hex.  added: the names of the added columns, caution, reasons: those of them
    with that.
    seconds: from call to return.
    why_plain: why the pipeline itself answered the run, or the rest of it; None where tables did.
    n_plain_rows: rows that the pipeline itself answered. answered_by: what answered the others. n_threads: as asked.
    """

    n_rows: int
    n_bytes: int
    sha256: str
    added: tuple[str, ...]
    caution: str
    reasons: tuple[str, ...]
    tally: Tally
    seconds: float
    why_plain: str | None
    n_plain_rows: int
    answered_by: AnsweredBy
    n_threads: int


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
    n_threads: int = N_THREADS,
    block_bytes: int = BLOCK_BYTES,
) -> Scored:
    """Write the source to the sink with the pipeline's answers as more columns.

    pipeline: a fitted scikit-learn estimator that reads the schema's frame, with the schema's labels as classes.
    progress: called with the rows written so far.  stop: asked before each block is written.
    mapping: feature or target → the column of the file to read in its place.
    with_reasons: say of each row what moved its answer most.  bare: the answers and nothing about them, no caution,
    hash or count of anything but rows; to measure what these cost.
    Raises FeatureMissing, FeatureRetyped, LabelUnwritable, ReasonsUnknown, InputLost, DiskFull, Stopped, BlockFailed,
    and what `stream` raises for bytes that are no records; what the sink holds then is no result.
    """
    started = time.perf_counter()
    run = _Run(sink, total=tally.empty(schema), is_hashed=not bare)
    with run.reading():
        file = stream.open_csv(source, dialect, block_bytes=block_bytes)
    header.require_features(file.header, schema, mapping=mapping)
    if with_reasons:
        reasons.require_references(schema)
    added = columns.plan(
        file.header, schema, dialect, with_caution=not bare, n_reasons=reasons.TOP if with_reasons else 0
    )
    plain = Plain(header.as_read(file.header, mapping), dialect, pipeline, schema, with_reasons)
    scorer = _Scorer(plain, added, file.header, bare)
    if not bare:
        run.total = replace(run.total, formulas=formulas.of_header(file.header))
    run.write(columns.header_line(file.header_bytes, added))

    pending: deque[Future[_Block]] = deque()
    # Native thread pools would fight over the cores that the blocks share: .5 s became 8 s.
    with (
        threadpool_limits(limits=1),
        ThreadPoolExecutor(n_threads, "score", initializer=_use_one_native_thread) as pool,
    ):
        way = path.choose(plain)
        try:
            for index in itertools.count():
                with run.reading():
                    block = next(file.blocks, None)
                if block is not None:
                    way = way.checked(block)
                    pending.append(pool.submit(scorer.score, index, block, way.fast))
                elif not pending:
                    break
                if block is None or len(pending) > n_threads:
                    if stop is not None and stop():
                        raise Stopped(row=run.total.n_rows)
                    run.add(pending.popleft())
                    progress(run.total.n_rows)
        finally:
            for future in pending:
                future.cancel()
    run.flush()
    return Scored(
        n_rows=run.total.n_rows,
        n_bytes=run.n_bytes,
        sha256=run.digest.hexdigest(),
        added=added.names,
        caution=added.caution,
        reasons=added.reasons,
        tally=run.total,
        seconds=time.perf_counter() - started,
        why_plain=way.why_plain,
        n_plain_rows=run.n_plain_rows,
        answered_by=way.answered_by,
        n_threads=n_threads,
    )


@dataclass(frozen=True)
class _Block:
    """A scored block: its bytes with the added cells, its tally, and how many rows the pipeline itself answered."""

    written: bytes
    tally: Tally
    n_plain_rows: int


@dataclass(frozen=True)
class _Scorer:
    """What every block needs to be scored; used by several threads at once."""

    plain: Plain
    added: Added
    header: tuple[str, ...]
    bare: bool

    def score(self, index: int, block: bytes, fast: Fast | None) -> _Block:
        """The index-th block. fast: the way to try first."""
        schema, dialect = self.plain.schema, self.plain.dialect
        n_plain_rows = 0
        read, table = fast.read(block) if fast else None, None
        if read is None:
            table = self.plain.read(block)
            if table.num_rows == 0:  # what is no row is filled up all the same, whatever block it is in
                nothing = [pa.array([], pa.binary())] * len(self.added.names)
                return _Block(columns.appended(block, nothing, dialect), tally.empty(schema), 0)
            if index == 0:
                self.plain.require_numbers(table)
            read = fast.read_texts(table) if fast else None
        answered = fast.answer(block, read) if fast and read else None
        if answered is None:
            table = self.plain.read(block) if table is None else table
            answered = self.plain.answer(table)
            n_plain_rows = table.num_rows
        answers = answered.answers
        if schema.task == "regression":
            answers = rounding.rounded(answers)  # what is measured is what is written
            cells = [columns.number_cells(answers, dialect)]
        else:
            cells = columns.class_cells(answers, self.added)
        if self.bare:
            counted = replace(tally.empty(schema), n_rows=answered.rows.n)
        else:
            cells.append(answered.rows.cautions.cells(answered.rows.n, dialect))
            found = formulas.of_block(block, self.header, dialect)
            counted = tally.of_block(
                answered.rows, answers, schema, decimal=dialect.decimal, seed=index, formulas=found
            )
        cells += answered.reasons
        return _Block(columns.appended(block, cells, dialect), counted, n_plain_rows)


class _Run:
    """What has been written so far."""

    def __init__(self, sink: Sink, *, total: Tally, is_hashed: bool) -> None:
        self.sink = sink
        self.is_hashed = is_hashed
        self.total = total
        self.n_bytes = 0
        self.n_plain_rows = 0
        self.digest = hashlib.sha256()

    def add(self, future: Future[_Block]) -> None:
        """Write the next block once it is scored, or raise what went wrong in it."""
        failure = future.exception()
        if failure is None:
            block = future.result()
            self.write(block.written)
            self.total = tally.merge(self.total, block.tally)
            self.n_plain_rows += block.n_plain_rows
        elif isinstance(failure, AppError):
            raise failure
        else:
            reason = f"{type(failure).__name__}: {failure}"[:_REASON_LENGTH]
            raise BlockFailed(row=self.total.n_rows + 1, reason=reason) from failure

    def write(self, written: bytes) -> None:
        """Raises DiskFull."""
        with self._writing():
            self.sink.write(written)
        if self.is_hashed:
            self.digest.update(written)
        self.n_bytes += len(written)

    def flush(self) -> None:
        """Raises DiskFull."""
        with self._writing():
            self.sink.flush()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Raises InputLost for what the operating system or the storage refuses."""
        try:
            yield
        except OSError as lost:
            raise InputLost(row=self.total.n_rows, reason=str(lost)) from lost

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as refused:
            if refused.errno in _FULL:
                raise DiskFull(place="the folder of the result") from refused
            raise


def _use_one_native_thread() -> None:
    """OpenMP's limit belongs to the thread that sets it."""
    threadpool_limits(limits=1, user_api="openmp")
