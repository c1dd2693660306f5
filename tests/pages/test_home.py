"""Home: what needs somebody, and the way to a first prediction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa
import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import db, queue
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchJobRow
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.generation.jobs import jobs as batch_jobs
from core.models import models
from core.predictions import listing, predictions
from core.settings import Settings
from tests.batches import Bench
from tests.pages.conftest import abandon, attempt, settle, texts

OpenPage = Callable[..., AppTest]
TakeIn = Callable[..., UploadRow]
RequestTraining = Callable[..., ModelRow]
Finish = Callable[..., None]


def test_with_nothing_there_it_offers_the_first_upload(open_page: OpenPage) -> None:
    app = open_page()
    assert "Start with a CSV file" in texts(app)
    app.button(key="first_upload").click().run()
    assert app.title[0].value == "New prediction"


def test_with_nothing_there_one_click_brings_the_sample_and_its_model(
    open_page: OpenPage, reader: db.User
) -> None:
    app = open_page()
    app.button(key="take_sample").click().run()
    assert not app.exception
    assert app.button(key="score_sample").disabled, "its model is in training yet"
    with db.session_scope(reader) as session:
        (model,) = models.page(session).items
    assert (model.is_sample, model.status, model.data_name) == (True, "training", "sample_customers.csv")


def test_while_the_sample_model_trains_its_button_waits_and_the_progress_is_shown(
    open_page: OpenPage, customers: pa.Table, take_in: TakeIn, request_training: RequestTraining
) -> None:
    request_training(take_in(customers, "sample.csv", is_sample=True), name="Sample", is_sample=True)
    app = open_page()
    assert app.button(key="score_sample").disabled
    assert "in the queue" in texts(app)


def test_the_first_prediction_is_one_click_once_the_sample_model_is_ready(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
    done_by_hand: list[UUID],
) -> None:
    model = request_training(take_in(customers, "sample.csv", is_sample=True), is_sample=True)
    finish(model)
    open_page().button(key="score_sample").click().run()
    with db.session_scope(reader) as session:
        (made,) = listing.page(session).items
    assert (made.mode, made.model_id) == ("sync", model.id)
    assert done_by_hand == [made.task_id]


@pytest.fixture
def waiting(
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> PredictionRow:
    """A prediction that nobody has begun."""
    upload = take_in(customers, "march.csv")
    model = request_training(upload)
    finish(model)
    with db.session_scope(reader, write=True) as session:
        return predictions.create(session, upload_id=upload.id, model_id=model.id)


def test_a_waiting_prediction_without_a_worker_is_said_and_can_be_done_by_hand(
    open_page: OpenPage, waiting: PredictionRow, done_by_hand: list[UUID]
) -> None:
    app = open_page()
    assert "**No worker is running.** :gray[· 1\u00a0prediction waiting]" in texts(app)
    app.button(key="by_hand").click().run()
    assert done_by_hand == [waiting.task_id]


def test_a_prediction_that_its_worker_left_half_done_can_be_done_by_hand_on_its_page(
    open_page: OpenPage, waiting: PredictionRow, done_by_hand: list[UUID]
) -> None:
    abandon(waiting.task_id)
    app = open_page("prediction.py", id=waiting.id)
    app.button(key="by_hand").click().run()
    assert not app.exception
    assert done_by_hand == [waiting.task_id]


def test_a_prediction_that_its_worker_left_half_done_waits_on_home_and_can_be_done_by_hand(
    open_page: OpenPage, waiting: PredictionRow, done_by_hand: list[UUID]
) -> None:
    abandon(waiting.task_id)
    app = open_page()
    assert "**No worker is running.** :gray[· 1\u00a0prediction waiting]" in texts(app)
    assert "Scoring **march" not in texts(app)
    app.button(key="by_hand").click().run()
    assert done_by_hand == [waiting.task_id]


def test_a_training_that_its_worker_left_half_done_waits_on_home_and_can_be_done_by_hand(
    open_page: OpenPage,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    done_by_hand: list[UUID],
) -> None:
    model = request_training(take_in(customers, "march.csv"))
    abandon(model.task_id)
    app = open_page()
    assert "**No worker is running.** :gray[· 1\u00a0training waiting]" in texts(app)
    app.button(key="by_hand").click().run()
    assert done_by_hand == [model.task_id]


def test_what_runs_beyond_the_lines_is_not_said_to_be_in_the_queue(
    open_page: OpenPage, reader: db.User, waiting: PredictionRow
) -> None:
    with db.session_scope(reader, write=True) as session:
        for _ in range(6):
            predictions.create(session, upload_id=waiting.upload_id, model_id=waiting.model_id)
    with db.session_scope(db.WORKER, write=True) as session:
        for _ in range(5):
            assert queue.claim(session, worker_id=uuid4(), lease_s=600) is not None
    said = texts(open_page()).replace("\u00a0", " ")
    assert said.count("Scoring **march") == 3
    assert "2 more predictions running, 2 predictions in the queue." in said


def test_work_by_hand_in_a_process_that_can_do_none_is_refused_in_place(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
) -> None:
    request_training(take_in(customers, "march.csv"))
    app = open_page()
    app.button(key="by_hand").click().run()
    assert not app.exception
    assert "This process can't run tasks right now" in app.error[0].value


def test_a_failed_prediction_comes_first_with_its_reason(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    upload = take_in(customers, "march.csv")
    model = request_training(upload)
    finish(model)
    with db.session_scope(reader, write=True) as session:
        made = predictions.create(session, upload_id=upload.id, model_id=model.id)
    settle(made.task_id, reason=queue.Reason(code="gone", message="The file is gone."))
    said = texts(open_page())
    assert "could not be scored" in said
    assert "The file is gone" in said.replace("\\", "")


def test_a_database_that_goes_away_while_home_is_open_is_said_in_place(
    open_page: OpenPage,
    customers: pa.Table,
    take_in: TakeIn,
    sqlite_database: db.Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_in(customers, "march.csv")
    file, real = Path(str(sqlite_database.engine.url.database)), st.fragment

    def fragment(**given: Any) -> Any:
        file.rename(file.with_suffix(".gone"))
        return real(**given)

    monkeypatch.setattr(st, "fragment", fragment)
    app = open_page()
    assert not app.exception
    assert "The database can't be used right now" in app.error[0].value.replace("\\", "")
    assert "Recent work" in texts(app)


def test_with_nothing_failed_and_nothing_waiting_all_is_clear(
    open_page: OpenPage, customers: pa.Table, take_in: TakeIn
) -> None:
    take_in(customers, "march.csv")
    assert "All clear" in texts(open_page())


def test_batch_jobs_that_are_paused_wait_and_failed_stand_on_home(
    open_page: OpenPage, reader: db.User, settings: Settings, done_by_hand: list[UUID]
) -> None:
    bench = Bench(settings, reader)
    waiting = bench.create(3, max_cost_usd=None, name="Waiting")
    for name in ("Stopped by me", "Refused"):
        job_id = bench.create(3, max_cost_usd=None, name=name)
        with db.session_scope(reader, write=True) as session:
            batch_jobs.pause(session, batch_job_id=job_id)
    refused = queue.Reason(code="llm_key_refused", message="The key is refused.")
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(BatchJobRow).where(BatchJobRow.id == job_id).values(reason=refused.to_json())
        )
    app = open_page()
    said = texts(app).replace("\\", "")
    assert "**Stopped by me** is paused :gray[· 0 of 3 items are done.]" in said
    assert "**Refused** is paused :gray[· The key is refused.]" in said
    assert "**No worker is running.** :gray[· 1\u00a0batch job waiting]" in said
    app.button(key="by_hand").click().run()
    assert done_by_hand == [bench.job(waiting).task_id]


def test_spend_stands_among_homes_numbers_once_there_is_any(
    open_page: OpenPage, reader: db.User, settings: Settings
) -> None:
    bench = Bench(settings, reader)
    job_id = bench.create(1, max_cost_usd=None)
    assert "Spent today" not in [metric.label for metric in open_page().metric]
    attempt(bench, job_id)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(BatchCallRow).values(cost=1_240_000_000))
    st.cache_data.clear()
    spent = {metric.label: metric.value for metric in open_page().metric}["Spent today"]
    assert spent.replace("\\", "") == "$1.24"
