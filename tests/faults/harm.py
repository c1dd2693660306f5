"""SQS that fails: every message again and out of order, garbage, and then no answer to anybody."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import sqlalchemy as sa

from core import db
from core.db.tables.tasks import TaskRow
from core.queue import SqsQueue
from core.settings import Settings
from tests.faults.worker_process import WorkerProcess
from tests.servers import sqs
from tests.servers.sqs import SqsServer
from tests.servers.waiting import wait_for
from tests.servers.wire import Wire


@dataclass(frozen=True)
class SqsByWire:
    """A queue that workers reach by a wire. settings: for the workers. direct: past the wire."""

    settings: Settings
    direct: Settings
    wire: Wire
    gone_s: float

    def harm(self) -> None:
        """Send copies of everything there ever was; then nobody gets through for `gone_s`."""
        with db.session_scope(db.WORKER) as session:
            task_ids = list(session.execute(sa.select(TaskRow.id)).scalars())
        random.Random(1).shuffle(task_ids)
        sqs.post(self.direct, "garbage", sqs.notice(uuid4()), *(sqs.notice(one) for one in task_ids))
        self.wire.vanish()
        threading.Timer(self.gone_s, self.wire.come_back).start()

    def drain(self, *, deadline_s: float = 60.0) -> int:
        """Let one worker take what is left; how many messages remain nevertheless."""
        worker = WorkerProcess(self.settings)
        try:
            wait_for(lambda: sqs.n_left(self.direct) == 0, deadline_s=deadline_s, every_s=0.2)
        except TimeoutError:
            pass
        finally:
            worker.end()
        return sqs.n_left(self.direct)


@contextmanager
def sqs_by_wire(settings: Settings, *, gone_s: float, server: SqsServer | None = None) -> Iterator[SqsByWire]:
    """These settings with a queue of its own on `server`, or on one that is started for it."""
    own = SqsServer() if server is None else None
    server = server or own
    assert server is not None
    try:
        with Wire(server.endpoint) as wire:
            by_wire = Settings(**{**settings.model_dump(), **server.settings(endpoint=wire.endpoint)})
            direct = by_wire.model_copy(update={"sqs_endpoint_url": server.endpoint})
            SqsQueue(direct).prepare()
            yield SqsByWire(settings=by_wire, direct=direct, wire=wire, gone_s=gone_s)
    finally:
        if own is not None:
            own.stop()
