"""New prediction with a file whose columns have other names, and the receipt of what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.predictions import listing
from core.predictions.check import schema_check
from core.settings import Settings
from core.storage import LocalStorage
from tests.pages import scored
from tests.pages.conftest import settle, texts
from tests.pages.scored import Desk

OpenPage = Callable[..., AppTest]
TakeIn = Callable[..., UploadRow]


@pytest.fixture
def model(
    customers: pa.Table,
    take_in: TakeIn,
    request_training: Callable[..., ModelRow],
    finish: Callable[..., None],
) -> ModelRow:
    """Reads tenure, plan and support; predicts churn."""
    model = request_training(take_in(customers, "customers.csv"))
    finish(model)
    return model


def renamed(customers: pa.Table, names: Mapping[str, str]) -> pa.Table:
    return customers.rename_columns([names.get(name, name) for name in customers.column_names])


def box(app: AppTest, name: str) -> Selectbox:
    (found,) = [one for one in app.selectbox if one.label == name]
    return found


def made(reader: db.User) -> PredictionRow:
    with db.session_scope(reader) as session:
        return listing.page(session).items[0]


def test_renamed_columns_are_chosen_in_boxes_scored_and_offered_again(
    open_page: OpenPage,
    reader: db.User,
    customers: pa.Table,
    take_in: TakeIn,
    model: ModelRow,
    done_by_hand: list[UUID],
) -> None:
    upload = take_in(renamed(customers, {"tenure": "Tenure (months)", "plan": "Tarif"}), "renamed.csv")
    app = open_page("uploads.py", upload=upload.id)
    assert "**2 of 3**" not in texts(app)  # one of them is guessed
    assert box(app, "tenure").value == "Tenure (months)"
    assert ":orange-badge[Guess]" in texts(app)
    assert "Choose a column for **plan**, add it to the file" in texts(app)
    assert app.button(key="queue_it").disabled
    box(app, "plan").set_value("Tarif").run()
    assert "**1 of 3** columns the model needs match by name, **2** are mapped" in texts(app)
    assert not app.button(key="queue_it").disabled
    app.button(key="queue_it").click().run()
    prediction = made(reader)
    assert prediction.options == {"mapping": {"tenure": "Tenure (months)", "plan": "Tarif"}}

    settle(prediction.task_id, result={
        "output_key": "x", "output_bytes": 1, "output_sha256": "0", "columns": {"added": []}, "metrics_json": {},
    })  # fmt: skip
    later = take_in(pa.concat_tables([customers.slice(9)]).rename_columns(
        [{"tenure": "Tenure (months)", "plan": "Tarif"}.get(name, name) for name in customers.column_names]
    ), "later.csv")  # fmt: skip
    again = open_page("uploads.py", upload=later.id)
    assert "Filled in from your prediction" in texts(again)
    assert (box(again, "tenure").value, box(again, "plan").value) == ("Tenure (months)", "Tarif")
    again.button(key="score_now").click().run()
    assert made(reader).options == prediction.options
    assert done_by_hand == [made(reader).task_id]


def test_what_the_page_says_of_cells_is_what_the_check_says(
    open_page: OpenPage,
    reader: db.User,
    settings: Settings,
    customers: pa.Table,
    take_in: TakeIn,
    model: ModelRow,
) -> None:
    plans = ["gold" if row % 4 == 0 else plan for row, plan in enumerate(customers["plan"].to_pylist())]
    odd = customers.set_column(customers.column_names.index("plan"), "plan", pa.array(plans, pa.string()))
    upload = take_in(odd, "odd.csv")
    found = schema_check.check(
        reader, storage=LocalStorage(settings.files_dir), upload_id=upload.id, model_id=model.id
    )
    app = open_page("uploads.py", upload=upload.id)
    assert [one.about for one in found.warnings] == ["unseen"]
    assert found.warnings[0].message in texts(app).replace("\\", "")
    assert not app.button(key="score_now").disabled


def test_a_column_of_text_in_place_of_numbers_can_be_read_from_another(
    open_page: OpenPage, customers: pa.Table, take_in: TakeIn, model: ModelRow
) -> None:
    worded = customers.append_column("tenure_number", customers["tenure"])
    text = pa.array([f"row {cell}" for cell in customers["tenure"].to_pylist()], pa.string())
    upload = take_in(worded.set_column(worded.column_names.index("tenure"), "tenure", text), "worded.csv")
    app = open_page("uploads.py", upload=upload.id)
    assert "This file can't be scored" in texts(app)
    assert app.button(key="score_now").disabled
    box(app, "tenure").set_value("tenure_number").run()
    assert "This file can't be scored" not in texts(app)
    assert not app.button(key="score_now").disabled


def test_two_boxes_with_one_column_are_refused_in_place(
    open_page: OpenPage, customers: pa.Table, take_in: TakeIn, model: ModelRow
) -> None:
    upload = take_in(renamed(customers, {"tenure": "A", "plan": "B"}), "renamed.csv")
    app = open_page("uploads.py", upload=upload.id)
    assert "No model fits the columns of this file yet" in texts(app)
    app.segmented_control(key=f"task_{upload.id}").set_value("Score").run()
    box(app, "tenure").set_value("A")
    box(app, "plan").set_value("A").run()
    assert "reads both 'tenure' and 'plan' from the column 'A'" in app.error[0].value.replace("\\", "")
    assert app.button(key="score_now").disabled
    assert app.button(key="queue_it").disabled
    assert not app.exception


@pytest.mark.parametrize(
    "name", ['quo"te', "$x$ **b** :red[c] [a](b)", "<script>alert(1)</script>", "prediction"]
)
def test_a_column_may_be_called_anything(
    open_page: OpenPage, reader: db.User, customers: pa.Table, take_in: TakeIn, model: ModelRow, name: str
) -> None:
    upload = take_in(renamed(customers, {"tenure": name}), "hostile.csv")
    app = open_page("uploads.py", upload=upload.id)
    box(app, "tenure").set_value(name).run()
    assert not app.exception
    app.button(key="queue_it").click().run()
    assert made(reader).options == {"mapping": {"tenure": name}}


def test_a_file_of_thousands_of_columns_opens_with_the_nearest_to_choose_from(
    open_page: OpenPage, take_in: TakeIn, customers: pa.Table, model: ModelRow
) -> None:
    wide = renamed(customers, {"tenure": "Tenure!"})
    for i in range(3_000):
        wide = wide.append_column(f"c{i}", pa.array(["1"] * len(wide), pa.string()))
    upload = take_in(wide.slice(0, 3), "wide.csv")
    app = open_page("uploads.py", upload=upload.id)
    assert not app.exception
    assert box(app, "tenure").value == "Tenure!"
    assert len(box(app, "tenure").options) < 600
    assert "and 2,995 more" in texts(app)


def test_a_file_that_left_storage_says_so_in_place(
    open_page: OpenPage, settings: Settings, customers: pa.Table, take_in: TakeIn, model: ModelRow
) -> None:
    upload = take_in(customers.slice(1), "gone.csv")
    LocalStorage(settings.files_dir).delete(upload.storage_key)
    app = open_page("uploads.py", upload=upload.id)
    assert "is gone" in app.error[0].value
    assert app.button(key="score_now").disabled
    assert not app.exception


def test_the_receipt_of_a_prediction_names_what_was_mapped(desk: Desk) -> None:
    plain = scored.open_page("prediction.py", id=str(desk.scored_id), tab="receipt")
    assert "Mapped columns" not in scored.texts(plain)
    with db.session_scope(db.WORKER, write=True) as session:
        row = session.get_one(PredictionRow, desk.scored_id)
        row.options = {"mapping": {"tenure_months": "$Lauf*zeit*", **{f"f{i}": f"c{i}" for i in range(20)}}}
    app = scored.open_page("prediction.py", id=str(desk.scored_id), tab="receipt")
    assert "tenure_months] ← $Lauf*zeit*" in scored.texts(app).replace("\\", "")
    assert "f19] ← c19" in scored.texts(app)
