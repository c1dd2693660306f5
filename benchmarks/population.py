"""A database as it stands after years of use: thousands of uploads, many predictions, the tasks behind them.

Rows are written in bulk. What does not differ, such as the JSON of metrics and receipts, is copied inside the database
from one upload, model and prediction that the app itself has made, so that a row weighs what a real one weighs. No file
stands behind them.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from core import db, storage
from core import settings as settings_module
from core.access import settle_local_user
from core.db import migrate, postgres
from core.db.tables import Base
from core.predictions.states import PENDING, Status
from core.queue import TaskState
from tests import journeys

DAYS = 730
CHUNK = 2_000
SUBJECTS = ("customers", "churn", "orders", "claims", "Kunden", "leads", "invoices", "telco", "returns")
PLACES = ("north", "south", "Berlin", "export", "q1", "q2", "q3", "q4", "weekly", "final", "50% off", "2025")
SETTLED = {Status.COMPLETED: 950, Status.FAILED: 35, Status.CANCELLED: 15}  # of a thousand
TASK_STATES = {
    Status.COMPLETED: TaskState.SUCCEEDED,
    Status.FAILED: TaskState.FAILED,
    Status.CANCELLED: TaskState.CANCELLED,
    Status.QUEUED: TaskState.QUEUED,
    Status.PROCESSING: TaskState.RUNNING,
}
NO_RESULT = dict.fromkeys(("output_key", "output_bytes", "output_sha256", "columns", "metrics_json"))
N_QUEUED, N_PROCESSING = 400, 2
FAILED_EACH = 20  # one model of so many

Row = dict[str, Any]
Table = str


@dataclass(frozen=True)
class Size:
    """How much there is."""

    n_predictions: int = 100_000
    n_uploads: int = 10_000
    n_models: int = 1_000


def write(url: str, size: Size, *, seed: int = 0) -> None:
    """Migrate the database at `url`, fill it for its local user, and stay connected to it."""
    patterns = _patterns()
    database = db.connect(url)
    migrate.upgrade(database)
    people = _People(size, settle_local_user().id, patterns, random.Random(seed))
    with database.writing.begin() as connection:
        for table in ("uploads", "tasks", "ai_models", "predictions"):
            connection.execute(sa.insert(Base.metadata.tables[table]), people.first(table))
    for made in (people.uploads(), people.models(), people.predictions()):
        for chunk in _chunks(made):
            with database.writing.begin() as connection:
                for table in ("uploads", "tasks", "ai_models", "predictions"):
                    _copy(connection, table, [row for name, row in chunk if name == table])
    if not database.is_sqlite:  # as autovacuum does of itself: else no index alone answers
        with postgres.connect(url) as connection:  # outside any transaction
            connection.execute("VACUUM (ANALYZE)")


def _patterns() -> dict[Table, list[Row]]:
    """The rows behind one prediction that was made with a model, as the app writes them."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_module.read(_env_file=None, data_dir=Path(folder), sample=False)
        database = db.connect(settings.database)
        migrate.upgrade(database)
        me, files = settle_local_user(), storage.from_settings(settings)
        with journeys.running(settings):
            content = journeys.sample_bytes(Path(folder))
            upload = journeys.upload_bytes(me, content, settings=settings, files=files)
            model = journeys.train(me, upload)
            journeys.settled(me, journeys.queue_prediction(me, upload, model))
        with database.engine.connect() as connection:
            found = {
                table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for table in Base.metadata.sorted_tables
            }
        database.engine.dispose()
    return found


def _copy(connection: sa.Connection, name: Table, rows: list[Row]) -> None:
    """Insert rows that say what is theirs; the rest is that of the row whose id they give as `like`."""
    table = Base.metadata.tables[name]
    while rows:
        alike = [row for row in rows if row.keys() == rows[0].keys()]
        rows = [row for row in rows if row.keys() != alike[0].keys()]
        own = [key for key in alike[0] if key != "like"]
        rest = [column for column in table.c if column.name not in own]
        copied = sa.select(*(sa.bindparam(key, type_=table.c[key].type) for key in own), *rest)
        copied = copied.where(table.c.id == sa.bindparam("like", type_=table.c.id.type))
        connection.execute(sa.insert(table).from_select([*own, *(one.name for one in rest)], copied), alike)


def _chunks(rows: Iterable[tuple[Table, Row]]) -> Iterator[list[tuple[Table, Row]]]:
    chunk: list[tuple[Table, Row]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) >= CHUNK and row[0] != "tasks":  # a task goes with its resource
            yield chunk
            chunk = []
    if chunk:
        yield chunk


@dataclass
class _People:
    """What they did in these years, from the oldest on."""

    size: Size
    user_id: UUID
    patterns: dict[Table, list[Row]]
    chance: random.Random
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    upload_ids: list[int] = field(default_factory=list)
    by_upload: dict[int, Row] = field(default_factory=dict)  # what a prediction keeps of its upload
    model_ids: list[UUID] = field(default_factory=list)

    def first(self, table: Table) -> list[Row]:
        """The pattern itself, as theirs, at the very beginning."""
        began = self.now - timedelta(days=DAYS + 1)
        moments = ("created_at", "updated_at", "run_at", "started_at", "finished_at")
        return [
            row | {"user_id": self.user_id} | {name: began for name in moments if row.get(name)}
            for row in self.patterns[table]
        ]

    def uploads(self) -> Iterator[tuple[Table, Row]]:
        (pattern,) = self.patterns["uploads"]
        for n, at in enumerate(self._moments(self.size.n_uploads), start=pattern["id"] + 1):
            self.upload_ids.append(n)
            name = f"{self.chance.choice(SUBJECTS)} {self.chance.choice(PLACES)} {at:%Y-%m-%d}-{n % 17}.csv"
            n_rows = int(10 ** self.chance.uniform(2, 6))
            self.by_upload[n] = {"file_order": name.casefold(), "n_rows": n_rows}
            yield "uploads", {
                "id": n, "like": pattern["id"], "file_name": name, "storage_key": f"uploads/{n}",
                "sha256": f"{n:064x}", "n_rows": n_rows, "created_at": at,
            }  # fmt: skip

    def models(self) -> Iterator[tuple[Table, Row]]:
        """Some names with several versions each."""
        (pattern,) = self.patterns["ai_models"]
        versions: dict[str, int] = {}
        for n, at in enumerate(self._moments(self.size.n_models)):
            name = f"{self.chance.choice(SUBJECTS)} {self.chance.choice(PLACES)} {n % 3}"
            versions[name] = versions.get(name, 0) + 1
            task_id, model_id = uuid4(), uuid4()
            task = self._task(task_id, pattern["task_id"], at, TaskState.SUCCEEDED)
            model = {
                "id": model_id, "like": pattern["id"], "task_id": task_id, "name": name, "created_at": at,
                "version": versions[name], "upload_id": self._often(self.upload_ids), "updated_at": at,
            }  # fmt: skip
            if n % FAILED_EACH == FAILED_EACH - 1:
                error = {"code": "too_few_rows", "message": "There are too few rows.", "hint": "Add some."}
                task |= {"state": TaskState.FAILED, "result": None, "error": error}
                model |= {"status": "failed", "schema": None, "report": None, "error": error}
            else:
                self.model_ids.append(model_id)
            yield "tasks", task
            yield "ai_models", model

    def predictions(self) -> Iterator[tuple[Table, Row]]:
        """What is pending was asked for last."""
        (pattern,) = self.patterns["predictions"]
        n_settled = self.size.n_predictions - N_QUEUED - N_PROCESSING
        for n, at in enumerate(self._moments(self.size.n_predictions)):
            (status,) = self.chance.choices(list(SETTLED), list(SETTLED.values()))
            if n >= n_settled:
                status = Status.PROCESSING if n < n_settled + N_PROCESSING else Status.QUEUED
            took_s = 0.0 if status in PENDING else self.chance.uniform(1, 60)
            ended = at + timedelta(seconds=took_s) if took_s else None
            task_id, prediction_id, upload_id = uuid4(), uuid4(), self._often(self.upload_ids)
            task = self._task(task_id, pattern["task_id"], at, TASK_STATES[status], ended=ended)
            prediction = {
                "id": prediction_id, "like": pattern["id"], "task_id": task_id, "status": status,
                "upload_id": upload_id, **self.by_upload[upload_id], "model_id": self._often(self.model_ids),
                "created_at": at, "updated_at": ended or at, "finished_at": ended, "took_s": took_s,
                "started_at": None if status == Status.QUEUED else at,
            }  # fmt: skip
            if status != Status.COMPLETED:
                task |= {"result": None, "done": 0}
                prediction |= NO_RESULT
            if status == Status.FAILED:
                prediction |= {"error_message": "The file has no column 'tenure'.", "error_hint": "Add it."}
            yield "tasks", task
            yield "predictions", prediction

    def _task(
        self, task_id: UUID, like: UUID, at: datetime, state: TaskState, *, ended: datetime | None = None
    ) -> Row:
        return {
            "id": task_id, "like": like, "state": state, "run_at": at, "created_at": at, "started_at": at,
            "finished_at": ended, "dedupe_key": None,
        }  # fmt: skip

    def _moments(self, n: int) -> list[datetime]:
        return sorted(self.now - timedelta(days=DAYS * self.chance.random()) for _ in range(n))

    def _often(self, ids: list[Any]) -> Any:
        """One of them; a few are much liked."""
        return ids[int(len(ids) * self.chance.random() ** 3)]
