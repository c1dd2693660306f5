"""The list of models, and one model."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pyarrow as pa
from streamlit.testing.v1 import AppTest

from core import db, queue
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import models
from core.predictions import cutting, predictions
from core.ui.models import labels
from core.uploads import uploads
from tests.pages.conftest import abandon, confirm, keyed, texts

OpenPage = Callable[..., AppTest]
TakeIn = Callable[..., UploadRow]
RequestTraining = Callable[..., ModelRow]
Finish = Callable[..., None]


def test_with_no_model_it_leads_to_a_file_to_train_on(open_page: OpenPage) -> None:
    app = open_page("models.py")
    assert "No models yet" in texts(app)
    app.button(key="first_model").click().run()
    assert "Choose a file to train on" in app.info[0].value


def test_a_card_has_the_metric_that_the_model_was_chosen_by_with_its_spread(
    open_page: OpenPage,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    finish(request_training(take_in(customers, "customers.csv"), name="Who leaves"))
    app = open_page("models.py")
    assert "Who leaves" in texts(app)
    assert app.metric[0].label == "ROC-AUC"
    assert "±" in app.metric[0].value


def test_a_ready_model_shows_its_figures_and_what_it_reads(
    open_page: OpenPage,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    model = request_training(take_in(customers, "customers.csv"))
    finish(model)
    app = open_page("model.py", id=model.id)
    assert not app.exception
    assert [metric.label for metric in app.metric] == ["ROC-AUC", "PR-AUC", "Log loss", "Accuracy"]
    assert len(app.get("plotly_chart")) == 2
    assert app.dataframe[0].value["Column"].tolist() == ["tenure", "plan", "support"]
    app.button(key="use").click().run()
    assert app.title[0].value == "New prediction"


def test_the_versions_of_a_name_are_found_among_many_newer_models(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    upload = take_in(customers, "customers.csv")
    first, second = request_training(upload), request_training(upload)
    finish(first)
    finish(second)
    with db.session_scope(reader, write=True) as session:
        known = uploads.get(session, upload_id=upload.id)
        for n in range(200):
            models.request_training(session, upload=known, target="churn", name=f"Newer {n}")
    app = open_page("model.py", id=first.id)
    listed = [button.label for button in app.button if (button.key or "").startswith("version_")]
    assert listed == ["v2 · customers\\.csv", "v1 · customers\\.csv \\(this version\\)"]


def test_a_training_can_be_cancelled_and_is_failed_then_with_a_way_on(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
) -> None:
    model = request_training(take_in(customers, "customers.csv"), keep=("support",))
    app = open_page("model.py", id=model.id)
    app.button(key="cancel").click().run()
    with db.session_scope(reader) as session:
        assert models.get(session, model_id=model.id).status == "failed"
    assert "The training was cancelled" in app.error[0].value
    app.button(key="retrain").click().run()
    assert keyed(app.selectbox, "target_").value == "churn"
    assert keyed(app.text_input, "model_name_").value == "Churn"
    assert keyed(app.multiselect, "keep_").value == ["support"]


def test_a_training_that_failed_says_why_and_what_to_do(
    open_page: OpenPage,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    model = request_training(take_in(customers, "customers.csv"))
    finish(model, queue.Reason(code="x", message="Every row is the same.", hint="Add other rows."))
    said = open_page("model.py", id=model.id).error[0].value.replace("\\", "")
    assert "Every row is the same." in said
    assert "Add other rows." in said


def test_a_model_that_has_made_predictions_is_not_deleted_and_says_why(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    upload = take_in(customers, "customers.csv")
    model = request_training(upload)
    finish(model)
    with db.session_scope(reader, write=True) as session:
        predictions.create(session, upload_id=upload.id, model_id=model.id)
    app = open_page("model.py", id=model.id)
    app.button(key="delete").click().run()
    assert "has made **1" in texts(app)
    assert not [button for button in app.button if button.key == "confirm_delete"]
    with db.session_scope(reader) as session:
        assert models.get(session, model_id=model.id).status == "ready"


def test_an_unused_model_is_deleted(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    model = request_training(take_in(customers, "customers.csv"))
    finish(model)
    app = open_page("model.py", id=model.id)
    app.button(key="delete").click().run()
    confirm(app, key="delete")
    assert app.title[0].value == "Models"
    with db.session_scope(reader) as session:
        assert list(models.page(session).items) == []


def test_a_training_that_waits_is_queued_with_an_empty_bar(
    open_page: OpenPage, customers: pa.Table, take_in: TakeIn, request_training: RequestTraining
) -> None:
    model = request_training(take_in(customers, "customers.csv"))
    app = open_page("model.py", id=model.id)
    assert labels.QUEUED.markdown in app.title[0].value
    assert "The training starts when a worker is free." in texts(app)
    assert labels.QUEUED.markdown in texts(open_page("models.py"))


def test_an_interrupted_training_is_queued_again_and_says_that_it_starts_over(
    open_page: OpenPage, customers: pa.Table, take_in: TakeIn, request_training: RequestTraining
) -> None:
    model = request_training(take_in(customers, "customers.csv"))
    with db.session_scope(db.WORKER, write=True) as session:
        task = queue.claim_one(session, task_id=model.task_id, worker_id=uuid4(), lease_s=60)
        assert task is not None
        queue.beat(session, task_id=task.id, attempt=task.attempt, lease_s=60, done=9, total=12)
    app = open_page("model.py", id=model.id)
    assert labels.STATUSES["training"].markdown in app.title[0].value
    assert app.get("progress")[0].proto.value == 75
    with db.session_scope(db.WORKER, write=True) as session:
        queue.release(session, task_id=task.id, attempt=task.attempt)
    app.run()
    assert labels.QUEUED.markdown in app.title[0].value
    assert app.get("progress")[0].proto.value == 0
    assert "The training was interrupted and starts over when a worker is free." in texts(app)


def test_a_training_that_its_worker_left_half_done_can_be_done_by_hand(
    open_page: OpenPage,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    done_by_hand: list[UUID],
) -> None:
    model = request_training(take_in(customers, "customers.csv"))
    abandon(model.task_id)
    app = open_page("model.py", id=model.id)
    assert "The training was interrupted and starts over when a worker is free." in texts(app)
    app.button(key="by_hand").click().run()
    assert not app.exception
    assert done_by_hand == [model.task_id]


def test_after_a_failure_for_which_the_file_is_to_blame_another_file_comes_first(
    open_page: OpenPage,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    model = request_training(take_in(customers, "customers.csv"))
    finish(model, queue.Reason(code="too_few_rows", message="Only 2 rows.", hint="Add rows."))
    app = open_page("model.py", id=model.id)
    assert app.button(key="retrain").proto.type == "secondary"
    app.button(key="other_file").click().run()
    assert app.title[0].value == "New version of Churn :gray[v1]"
    assert "Choose a file to train on" in app.info[0].value


def test_a_cursor_that_the_list_does_not_have_leads_to_its_start(open_page: OpenPage) -> None:
    app = open_page("models.py", after="nonsense")
    assert not app.exception
    assert "This part of the list doesn't exist." in app.error[0].value.replace("\\", "")
    app.button(key="view_all").click().run()
    assert "No models yet" in texts(app)


def test_a_threshold_is_chosen_where_its_precision_and_recall_stand_and_new_predictions_keep_it(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    upload = take_in(customers, "customers.csv")
    model = request_training(upload)
    finish(model)
    app = open_page("model.py", id=model.id)
    assert "Rows at **50\u00a0%** or more are predicted **Yes**" in texts(app)
    assert app.button(key="save_threshold").disabled
    keyed(app.radio, "threshold_rule_").set_value("by_hand").run()
    keyed(app.number_input, "threshold_").set_value(0.3).run()
    assert "Precision" in texts(app)
    app.button(key="save_threshold").click().run()
    assert not app.exception
    assert "Rows at **30\u00a0%** or more are predicted **Yes**" in texts(app)
    with db.session_scope(reader, write=True) as session:
        made = predictions.create(session, upload_id=upload.id, model_id=model.id)
        assert cutting.of(made) == 0.3
    app = open_page("uploads.py", upload=upload.id)
    assert keyed(app.number_input, "threshold_").value == 0.3
