"""New prediction: from an upload to a prediction or to a model."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import models
from core.predictions import listing, predictions
from core.uploads import uploads
from tests.pages.conftest import confirm, keyed, texts

OpenPage = Callable[..., AppTest]
TakeIn = Callable[..., UploadRow]
RequestTraining = Callable[..., ModelRow]
Finish = Callable[..., None]


def test_with_no_upload_chosen_it_says_what_becomes_of_a_file(open_page: OpenPage) -> None:
    app = open_page("uploads.py")
    assert "How it works" in texts(app)
    assert not app.exception


def test_a_file_that_no_model_fits_is_trained_on_with_the_guessed_target(
    open_page: OpenPage, reader: db.User, customers: pa.Table, take_in: TakeIn
) -> None:
    upload = take_in(customers, "customers.csv")
    app = open_page("uploads.py", upload=upload.id)
    assert keyed(app.selectbox, "target_").value == "churn"
    assert keyed(app.selectbox, "positive_").value == "Yes"
    keyed(app.text_input, "model_name_").set_value("Who leaves").run()
    keyed(app.multiselect, "keep_").set_value(["support"]).run()
    app.button(key="train_model").click().run()
    with db.session_scope(reader) as session:
        (listed,) = models.page(session).items
        session.expunge_all()
        model = models.get(session, model_id=listed.id)
    assert (model.name, model.target, model.status) == ("Who leaves", "churn", "training")
    assert model.task.payload["keep"] == ["support"]
    assert "Who leaves" in app.title[0].value


def test_how_rows_belong_together_is_asked_and_filled_in_for_the_next_version(
    open_page: OpenPage, reader: db.User, customers: pa.Table, take_in: TakeIn, finish: Finish
) -> None:
    upload = take_in(customers, "customers.csv")
    app = open_page("uploads.py", upload=upload.id)
    keyed(app.selectbox, "validation_").set_value("groups").run()
    assert app.button(key="train_model").disabled
    keyed(app.selectbox, "group_column_").set_value("support").run()
    app.button(key="train_model").click().run()
    with db.session_scope(reader) as session:
        (listed,) = models.page(session).items
        session.expunge_all()
        model = models.get(session, model_id=listed.id)
    assert model.task.payload["validation"] == {"group_column": "support"}
    finish(model)
    again = open_page("uploads.py", upload=upload.id, train=1, version_of=model.id)
    assert keyed(again.selectbox, "group_column_").value == "support"


def test_a_file_that_fits_is_scored_now_first_in_line(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
    done_by_hand: list[UUID],
) -> None:
    upload = take_in(customers, "customers.csv")
    finish(request_training(upload))
    app = open_page("uploads.py", upload=upload.id)
    assert "columns the model needs are here" in texts(app)
    assert "The file has the outcome **churn**" in texts(app)
    app.button(key="score_now").click().run()
    with db.session_scope(reader) as session:
        (made,) = listing.page(session).items
    assert made.mode == "sync"
    assert done_by_hand == [made.task_id]


def test_what_was_said_of_a_training_on_one_file_is_not_said_of_the_next(
    open_page: OpenPage, customers: pa.Table, take_in: TakeIn
) -> None:
    first = take_in(customers, "first.csv")
    second = take_in(customers.slice(0, 120), "second.csv")
    app = open_page("uploads.py", upload=first.id)
    keyed(app.text_input, "model_name_").set_value("Who leaves").run()
    keyed(app.multiselect, "keep_").set_value(["support"]).run()
    keyed(app.selectbox, "positive_").set_value("No").run()
    keyed(app.selectbox, "target_").set_value("plan").run()

    keyed(app.selectbox, "pick_").select(second.id).run()

    assert keyed(app.selectbox, "target_").value == "churn"
    assert keyed(app.selectbox, "positive_").value == "Yes"
    assert keyed(app.text_input, "model_name_").value == ""
    assert keyed(app.multiselect, "keep_").value == []


def test_what_was_said_of_a_new_version_of_one_model_is_not_said_of_another(
    open_page: OpenPage, customers: pa.Table, take_in: TakeIn, request_training: RequestTraining
) -> None:
    upload = take_in(customers, "customers.csv")
    first = request_training(upload, name="First", keep=("support",))
    second = request_training(upload, name="Second")
    app = open_page("uploads.py", upload=upload.id, train=1, version_of=first.id)
    assert keyed(app.text_input, "model_name_").value == "First"

    app.query_params["version_of"] = str(second.id)
    app.run()

    assert keyed(app.text_input, "model_name_").value == "Second"
    assert keyed(app.multiselect, "keep_").value == []


def test_the_model_and_the_reasons_chosen_for_one_file_are_not_chosen_for_the_next(
    open_page: OpenPage,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    first = take_in(customers, "first.csv")
    second = take_in(customers.slice(0, 120), "second.csv")
    older, newer = request_training(first, name="Older"), request_training(first, name="Newer")
    finish(older)
    finish(newer)
    app = open_page("uploads.py", upload=first.id)
    assert keyed(app.selectbox, "model_").value == str(newer.id)
    keyed(app.selectbox, "model_").select(str(older.id)).run()
    keyed(app.checkbox, "with_reasons_").check().run()

    keyed(app.selectbox, "pick_").select(second.id).run()
    assert keyed(app.selectbox, "model_").value == str(newer.id)
    assert not keyed(app.checkbox, "with_reasons_").value
    app.query_params["model"] = str(older.id)
    app.run()
    assert keyed(app.selectbox, "model_").value == str(older.id)


def test_reasons_are_asked_for_by_a_tick_that_says_what_they_cost(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    upload = take_in(customers, "customers.csv")
    finish(request_training(upload))
    app = open_page("uploads.py", upload=upload.id)
    tick = keyed(app.checkbox, "with_reasons_")
    assert not tick.value
    assert "about 1" in tick.label
    tick.check().run()
    app.button(key="queue_it").click().run()
    with db.session_scope(reader) as session:
        (made,) = listing.page(session).items
    assert made.options == {"reasons": True}


def test_a_file_that_lacks_a_column_names_it_with_the_nearest_and_can_not_be_scored(
    open_page: OpenPage,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    finish(request_training(take_in(customers, "customers.csv")))
    renamed = customers.rename_columns(
        ["tenure_months" if name == "tenure" else name for name in customers.column_names]
    )
    upload = take_in(renamed, "renamed.csv")
    app = open_page("uploads.py", upload=upload.id)
    assert "**1 of 3** columns the model needs is missing" in texts(app)
    assert "Choose a column for **tenure**, add it to the file" in texts(app)
    (box,) = [box for box in app.selectbox if box.label == "tenure"]
    assert box.options[:2] == ["Like tenure_months?", "tenure_months"]
    assert app.button(key="score_now").disabled
    assert app.button(key="queue_it").disabled


def test_a_file_above_the_limit_for_waiting_can_only_be_queued_and_says_why(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SYNC_MAX_MB", "1")
    upload = take_in(pa.concat_tables([customers] * 500), "large.csv")
    assert upload.size_bytes > 1_000_000
    finish(request_training(upload))
    app = open_page("uploads.py", upload=upload.id)
    assert app.button(key="score_now").disabled
    assert "can only be queued" in texts(app)
    app.button(key="queue_it").click().run()
    with db.session_scope(reader) as session:
        (made,) = listing.page(session).items
    assert made.mode == "queued"


def test_an_upload_is_deleted_with_its_predictions_once_their_number_is_confirmed(
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
        made = predictions.create(session, upload_id=upload.id, model_id=model.id)
        predictions.cancel(session, prediction_id=made.id)
    app = open_page("uploads.py", upload=upload.id)
    app.button(key="delete").click().run()
    confirming = keyed(app.button, "confirm_delete_")
    assert confirming.label.replace("\u00a0", " ") == "Delete upload and 1 prediction"
    confirm(app, key="delete")
    with db.session_scope(reader) as session:
        assert uploads.count(session) == 0
        assert list(listing.page(session).items) == []


def test_a_number_of_predictions_that_has_changed_since_it_was_shown_is_asked_about_anew(
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

    def predict() -> None:
        with db.session_scope(reader, write=True) as session:
            made = predictions.create(session, upload_id=upload.id, model_id=model.id)
            predictions.cancel(session, prediction_id=made.id)

    predict()
    app = open_page("uploads.py", upload=upload.id)
    app.button(key="delete").click().run()
    predict()

    confirm(app, key="delete")

    confirming = keyed(app.button, "confirm_delete_")
    assert confirming.label.replace("\u00a0", " ") == "Delete upload and 2 predictions"
    with db.session_scope(reader) as session:
        assert uploads.count(session) == 1


def test_an_upload_whose_prediction_is_pending_is_not_deleted_and_says_why(
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
    app = open_page("uploads.py", upload=upload.id)
    app.button(key="delete").click().run()
    assert "1\u00a0prediction is not finished yet" in texts(app)
    assert not [button for button in app.button if (button.key or "").startswith("confirm_delete")]
    with db.session_scope(reader) as session:
        assert uploads.count(session) == 1


def test_an_upload_of_somebody_else_is_one_that_is_not_there(
    open_page: OpenPage, customers: pa.Table, take_in: TakeIn
) -> None:
    upload = take_in(customers, "customers.csv")
    app = open_page("uploads.py", upload=upload.id + 1)
    assert "There is no upload with the id" in app.error[0].value
    assert app.title[0].value == "New prediction"


@pytest.mark.parametrize("asked", ["9" * 5_000, "-1", "one", "²"])
def test_an_upload_by_what_is_no_id_is_one_that_is_not_there(open_page: OpenPage, asked: str) -> None:
    app = open_page("uploads.py", upload=asked)
    assert not app.exception
    assert f"There is no upload with the id {asked[:80]}" in app.error[0].value.replace("\\", "")


def test_the_same_bytes_again_are_said_to_be_the_earlier_upload(
    open_page: OpenPage, customers: pa.Table, take_in: TakeIn
) -> None:
    upload = take_in(customers, "customers.csv")
    app = open_page("uploads.py", upload=upload.id, again=1)
    assert "You uploaded this file before" in app.info[0].value


def test_another_table_in_the_file_is_made_an_upload_of_its_own(
    open_page: OpenPage, reader: db.User, take_in: TakeIn
) -> None:
    names = ["a", "b", "c", "", "Buoys", "berth", "d", "e"]
    fees = ["1", "2", "3", "", "", "fee", "4", "5"]
    table = pa.table({"kayak": names, "fee": fees})
    upload = take_in(table, "harbour.csv")
    app = open_page("uploads.py", upload=upload.id)
    assert any("2 tables" in one.value for one in app.markdown)
    app.button(key=f"add_table_{upload.id}_1").click().run()
    with db.session_scope(reader) as session:
        newest = uploads.page(session).items[0]
    assert newest.file_name.startswith("harbour (lines ")
    assert newest.n_rows == 2
    assert not app.exception


def test_a_file_with_too_few_outcomes_is_not_offered_for_training_and_says_why(
    open_page: OpenPage, customers: pa.Table, take_in: TakeIn
) -> None:
    upload = take_in(customers.slice(0, 12), "few.csv")
    app = open_page("uploads.py", upload=upload.id)
    assert app.button(key="train_model").disabled
    assert "training needs at least 50" in texts(app).replace("\\", "")


def test_trainings_are_asked_for_once_and_no_more_of_them_than_may_wait(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
) -> None:
    upload = take_in(customers, "customers.csv")
    for n in range(4):
        request_training(upload, name=f"Waiting {n}")
    for _ in range(2):
        app = open_page("uploads.py", upload=upload.id, train=1)
        app.button(key="train_model").click().run()
        assert not app.exception
    with db.session_scope(reader) as session:
        assert len(models.page(session).items) == 5
    app = open_page("uploads.py", upload=upload.id, train=1)
    keyed(app.text_input, "model_name_").set_value("One more").run()
    app.button(key="train_model").click().run()
    assert "You have 5 trainings in the queue" in app.error[0].value


def test_a_new_version_is_said_in_the_title_and_on_the_button(
    open_page: OpenPage,
    customers: pa.Table,
    take_in: TakeIn,
    request_training: RequestTraining,
    finish: Finish,
) -> None:
    upload = take_in(customers, "customers.csv")
    model = request_training(upload, name="Who leaves")
    finish(model)
    app = open_page("uploads.py", upload=upload.id, train=1, version_of=model.id)
    assert app.title[0].value == "New version of Who leaves :gray[v1]"
    assert app.button(key="train_model").label == "Train v2"
    keyed(app.text_input, "model_name_").set_value("Another name").run()
    assert app.button(key="train_model").label == "Train model"


def test_a_column_of_hundreds_of_texts_is_refused_before_the_click(
    open_page: OpenPage, take_in: TakeIn
) -> None:
    remarks = [f"remark number {n} of many" for n in range(600)] * 2
    upload = take_in(pa.table({"n": list(range(1200)), "remark": remarks}), "remarks.csv")
    app = open_page("uploads.py", upload=upload.id, train=1)
    keyed(app.selectbox, "target_").set_value("remark").run()
    assert app.button(key="train_model").disabled
    assert "has 600 different values; a model can learn at most 50" in texts(app).replace("\\", "")


def test_what_a_target_asks_is_proposed_with_its_reason_and_can_be_changed(
    open_page: OpenPage, reader: db.User, take_in: TakeIn
) -> None:
    rows = 120
    grades = ["1", "2", "3"] * 39 + ["4", "4", "5"]
    words = ["Yes", "Y", "No"] * 40
    table = pa.table({"x": list(range(rows)), "same": ["a"] * rows, "won": words, "grade": grades})
    app = open_page("uploads.py", upload=take_in(table, "games.csv").id)
    target = keyed(app.selectbox, "target_")
    assert target.value == "grade"
    assert "different whole numbers" in texts(app)
    assert keyed(app.selectbox, "rare_").label.endswith("4 (2), 5 (1)")
    keyed(app.button_group, "task_").set_value("regression").run()
    keyed(app.selectbox, "target_").set_value("same").run()
    assert app.button(key="train_model").disabled
    assert "Every row has the same value" in texts(app)
    keyed(app.selectbox, "target_").set_value("won").run()
    assert "'Y' was read as 'Yes'" in texts(app).replace("\\", "")
    assert keyed(app.selectbox, "positive_").value == "Yes"
    keyed(app.checkbox, "merge_words_").uncheck().run()
    assert not app.exception
    app.button(key="train_model").click().run()
    with db.session_scope(reader) as session:
        (listed,) = models.page(session).items
        session.expunge_all()
        payload = models.get(session, model_id=listed.id).task.payload
    assert (payload["task"], payload["merge_words"], payload["positive_label"]) == ("multiclass", False, None)
