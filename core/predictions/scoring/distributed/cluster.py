"""The Dask cluster that ranges are scored on: who is there, who may score, and what became of a range."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from core import logs, settings, storage
from core.predictions.scoring.distributed import compatibility, ranges
from core.predictions.scoring.distributed.compatibility import ProcessFingerprint
from core.predictions.scoring.distributed.errors import ClusterUnavailable, RangeKilled
from core.predictions.scoring.distributed.ranges import Range, RangeJob, ScoredRange
from core.settings import Settings

CONNECT_S = 10.0
ANSWER_S = (
    60.0  # who has not answered by then, at first, is away; a process that has just started imports first
)
GONE_S = 60.0  # for so long, later, a cluster may be silent or have nobody who may score
ASK_S = 3.0
LOOK_S = 2.0
NO_ANSWER = (TimeoutError, OSError, CancelledError, RuntimeError)
WAIT_S = 0.2
REMEDY = "Start the cluster, or leave DASK_SCHEDULER_ADDRESS empty."
SAME_VERSION = (
    "Start its workers from this version of the app, with the same settings and on the same kind of machine."
)

log = logs.get("distributed")


@dataclass
class SentRange:
    """A range on its way. workers: those that may score it."""

    work: RangeJob
    piece: Range
    future: Any
    workers: frozenset[str]


class Cluster:
    """A connection for one run. Not for several threads."""

    def __init__(self, client: Any, config: Settings, upload_key: str) -> None:
        """upload_key: of the file to be scored. Raises ClusterUnavailable, StorageUnavailable."""
        self._client, self._address, self._upload_key = client, config.dask_scheduler_address, upload_key
        self._own = ProcessFingerprint.of(config, upload_key)
        self._known: dict[str, str] = {}
        self._threads: dict[str, int] = {}
        self._look_at = 0.0
        self._alone_since: float | None = None
        self._lost: ClusterUnavailable | None = None
        try:
            self._look_at_all()
        except NO_ANSWER as silent:
            raise self._away("it does not answer") from silent
        if not self._compatible():
            found = sorted(set(self._known.values()))
            problem = "its workers do not answer" if self._threads else "it has no workers"
            if found:
                problem = f"its workers differ from this one in {' and '.join(found)}"
            raise ClusterUnavailable(
                address=self._address, problem=problem, remedy=SAME_VERSION if found else REMEDY
            )

    @property
    def n_threads(self) -> int:
        """Of the workers that may score."""
        return sum(self._threads.get(worker, 0) for worker in self._compatible())

    def send(self, work: RangeJob, piece: Range) -> SentRange:
        """Have a range scored by whoever is free first and may."""
        workers = self._compatible()
        if self._lost is not None:
            return SentRange(work, piece, None, workers)
        name = (
            f"{work.key(piece)}-{uuid4().hex}"  # Dask reports a cancelled name to all who use it, also later
        )
        try:
            future = self._client.submit(_score, work, piece, name, key=name, workers=sorted(workers))
        except (RuntimeError, OSError):
            self._away("the connection to its scheduler was lost")
            return SentRange(work, piece, None, workers)
        return SentRange(work, piece, future, workers)

    def result(self, sent: SentRange, *, check: Callable[[], None]) -> ScoredRange:
        """What became of a range; one whose process is lost is scored by another.

        check: called again and again while nothing has; ends this by raising.
        Raises ClusterUnavailable, RangeKilled (without a row), and what scoring it raised.
        """
        from distributed import KilledWorker

        future, answer = None, Future[ScoredRange]()
        try:
            while True:
                if self._lost is not None:
                    raise self._lost
                check()
                if sent.future is not future:  # sent anew
                    future, answer = sent.future, self._answer(sent)
                if wait([answer], WAIT_S).done:
                    return answer.result()
                self._require_there(sent)
        except CancelledError as lost:
            raise self._away("the connection to its scheduler was lost") from lost
        except KilledWorker as killed:
            raise RangeKilled(n_deaths=killed.allowed_failures + 1, row=0) from killed
        finally:
            answer.cancel()

    def cancel(self, sent: list[SentRange]) -> None:
        """Have what is not done left undone, as far as the cluster still hears."""
        if self._lost is None:
            self._client.cancel([one.future for one in sent], force=True)

    def _answer(self, sent: SentRange) -> Future[ScoredRange]:
        """What comes back. Unlike a future's result(timeout), waiting for it in slices does not end its transport."""

        async def answer() -> ScoredRange:
            (part,) = await self._client.gather([sent.future], asynchronous=True)
            return part  # type: ignore[no-any-return]

        return asyncio.run_coroutine_threadsafe(answer(), self._client.loop.asyncio_loop)

    def _compatible(self) -> frozenset[str]:
        return frozenset(worker for worker, difference in self._known.items() if not difference)

    def _require_there(self, sent: SentRange) -> None:
        """Look after whoever may score this range, and send it anew where all of them are gone."""
        now = time.monotonic()
        if now < self._look_at:
            return
        try:
            self._look(ASK_S)
        except NO_ANSWER:
            compatible, problem = frozenset[str](), "it no longer answers"
        else:
            compatible, problem = self._compatible(), "all workers that could score are gone"
        if compatible:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since > GONE_S:
            raise self._away(problem)
        if compatible and not compatible & sent.workers:
            self._client.cancel([sent.future], force=True)
            again = self.send(sent.work, sent.piece)
            sent.future, sent.workers = again.future, again.workers

    def _look_at_all(self) -> None:
        """Until one may score or all have answered, for ANSWER_S: one that is busy may be the only one that may."""
        over_at = time.monotonic() + ANSWER_S
        left_s = ANSWER_S
        while left_s > 0:
            self._look(left_s)
            if self._compatible() or self._threads.keys() <= self._known.keys():
                return
            left_s = over_at - time.monotonic()

    def _look(self, within_s: float) -> None:
        """Ask who is there, and those whom we have not met whether they are like us. Raises what NO_ANSWER lists."""
        self._look_at = time.monotonic() + LOOK_S
        answered = _answers([self._client.nthreads], within_s)
        if not answered:
            raise TimeoutError
        self._threads = answered[0]
        new = sorted(set(self._threads) - set(self._known))
        asked = [
            partial(
                self._client.run,
                compatibility.local_fingerprint,
                self._upload_key,
                workers=[one],
                on_error="return",
            )
            for one in new
        ]
        for found in _answers(asked, within_s):
            self._meet(found)
        self._known = {
            worker: difference for worker, difference in self._known.items() if worker in self._threads
        }

    def _meet(self, found: Mapping[str, ProcessFingerprint | Exception]) -> None:
        for worker, answer in found.items():
            if isinstance(answer, ProcessFingerprint):
                difference = self._own.difference(answer)
            else:
                difference = "storage" if isinstance(answer, storage.StorageUnavailable) else "code"
            self._known[worker] = difference
            if difference:
                log.warning(
                    "a Dask worker can't score: it differs from this one", what=difference, worker=worker
                )

    def _away(self, problem: str) -> ClusterUnavailable:
        """From here on nothing is sent or awaited."""
        self._lost = ClusterUnavailable(address=self._address, problem=problem, remedy=REMEDY)
        return self._lost


def _answers(asked: Sequence[Callable[[], Any]], within_s: float) -> list[Any]:
    """What came back: the first within within_s, the others soon after it or not at all.

    By itself the client would wait as long as it takes. Raises what a question that was answered raised.
    """
    if not asked:
        return []
    pool = ThreadPoolExecutor(len(asked), "ask")
    futures = [pool.submit(ask) for ask in asked]
    wait(futures, within_s, FIRST_COMPLETED)
    done = wait(futures, ASK_S).done
    pool.shutdown(wait=False)
    return [future.result() for future in futures if future in done]


@contextmanager
def connected(config: Settings, upload_key: str) -> Iterator[Cluster]:
    """The cluster of the settings, for one run. Raises ClusterUnavailable."""
    address = config.dask_scheduler_address
    require_dask(address)
    from distributed import Client

    for name in ("distributed", "distributed.client"):  # what matters of it, we say ourselves
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(
            address, timeout=CONNECT_S, security=security(config), set_as_default=False, name="model-desk"
        )
    except (OSError, TimeoutError, ValueError, RuntimeError) as error:
        problem = str(error).partition("\n")[0] or type(error).__name__
        raise ClusterUnavailable(address=address, problem=problem, remedy=REMEDY) from error
    try:
        yield Cluster(client, config, upload_key)
    finally:
        with suppress(TimeoutError, OSError):  # it may be gone, and so are then its futures
            client.close(timeout=LOOK_S)


def require_dask(address: str) -> None:
    """Raises ClusterUnavailable where the packages for the cluster at this address are not installed."""
    if importlib.util.find_spec("distributed") is None:
        problem = "the Python package distributed is not installed"
        remedy = "Install it: pip install -r requirements-dask.txt"
        raise ClusterUnavailable(address=address, problem=problem, remedy=remedy)


def security(config: Settings) -> Any:
    """The certificates of the settings; None where the address asks for none."""
    if not config.dask_scheduler_address.startswith("tls://"):
        return None
    from distributed.security import Security

    mine = {"cert": config.dask_tls_cert, "key": config.dask_tls_key}
    return Security(
        require_encryption=True,
        tls_ca_file=config.dask_tls_ca,
        **{f"tls_{role}_{part}": file for role in ("client", "worker") for part, file in mine.items()},
    )


def _score(work: RangeJob, piece: Range, name: str) -> ScoredRange:
    """On a worker of the cluster. name: of this task there."""
    from distributed import get_worker

    state = get_worker().state

    def check() -> None:
        task = state.tasks.get(name)
        if task is None or task.state == "cancelled":
            raise CancelledError(f"nobody waits for {name} any more")

    return ranges.score(settings.current(), work, piece, check=check)
