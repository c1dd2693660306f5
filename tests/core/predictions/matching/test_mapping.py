"""Mappings: what is refused, what is kept, and what is found again for the next file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import models
from core.models.schema import Feature, Schema
from core.predictions import predictions
from core.predictions.errors import MappedAway, MappedColumnUnknown, MappedNameUnknown, MappedTwice
from core.predictions.matching import mapping
from core.predictions.matching.mapping import SavedMapping, checked
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys, made

SCHEMA = Schema(
    (Feature("tenure", "number"), Feature("charges", "number"), Feature("plan", "category")),
    "churned", "binary", ("No", "Yes"), "Yes",
)  # fmt: skip
HEADER = ("plan", "tenure", "Months", "Fee", "left", "churned")
Upload = Callable[..., UploadRow]


def test_a_mapping_is_kept_in_the_models_order_without_what_maps_to_itself() -> None:
    given = {"churned": "left", "plan": "plan", "charges": "Fee", "tenure": "Months"}
    assert list(checked(given, HEADER, SCHEMA).items()) == [
        ("tenure", "Months"),
        ("charges", "Fee"),
        ("churned", "left"),
    ]
    assert checked({}, HEADER, SCHEMA) == {}


def test_two_columns_may_change_places() -> None:
    swapped = {"tenure": "plan", "plan": "tenure"}
    assert checked(swapped, HEADER, SCHEMA) == swapped


@pytest.mark.parametrize(
    ("given", "refusal", "message"),
    [
        ({"Tenure": "Months"}, MappedNameUnknown, "names the column 'Tenure', which this model does not have"),
        ({"charges": "fee"}, MappedColumnUnknown, "'charges' from the column 'fee', which the file does not"),
        ({"charges": "Fee", "tenure": "Fee"}, MappedTwice, "both 'charges' and 'tenure' from the column 'Fee'"),
        ({"charges": "tenure", "tenure": "tenure"}, MappedTwice, "both 'charges' and 'tenure'"),
        ({"charges": "tenure"}, MappedAway, "'charges' from the column 'tenure', which is a column of the model"),
        ({"charges": "churned"}, MappedAway, "'charges' from the column 'churned'"),
    ],
)  # fmt: skip
def test_a_mapping_that_makes_no_sense_names_the_column_and_the_cure(
    given: Mapping[str, str], refusal: type[Exception], message: str
) -> None:
    with pytest.raises(refusal, match=message) as refused:
        checked(given, HEADER, SCHEMA)
    assert refused.value.hint  # type: ignore[attr-defined]  # all are AppErrors


def test_of_thousands_of_columns_a_refusal_names_a_few() -> None:
    header = [f"c{i}" for i in range(4_000)]
    with pytest.raises(MappedColumnUnknown, match="'c11' and 3,988 more"):
        checked({"tenure": "x"}, header, SCHEMA)
    schema = Schema(tuple(Feature(f"f{i}", "number") for i in range(4_000)), "y", "regression")
    given = {f"f{i}": f"c{i}" for i in range(4_000)}
    assert checked(given, header, schema) == given


@pytest.fixture
def take_in(database: db.Database, settings: Settings, storage: LocalStorage, user: db.User) -> Upload:
    """`take_in(header)`: an upload whose two rows stand below this header."""

    def taken(header: str, *, of: db.User = user) -> UploadRow:
        lines = ["31,a,No", "64,b,Yes"]
        width = header.count(",") + 1
        rows = "".join(f"{line}{',x' * (width - 3)}\n" for line in lines)
        return journeys.upload_bytes(of, f"{header}\n{rows}".encode(), settings=settings, files=storage)

    return taken


@pytest.fixture
def model(user: db.User, take_in: Upload) -> ModelRow:
    return made.ready_model(user, take_in("age,plan,churned"))


def found(user: db.User, model: ModelRow, *columns: str) -> SavedMapping | None:
    with db.session_scope(user) as session:
        among = mapping.kept(session, model_name=model.name)
        return mapping.remembered(
            session, among, model=models.get(session, model_id=model.id), columns=columns
        )


def test_the_last_mapping_is_found_again_for_a_file_with_its_columns(
    user: db.User, take_in: Upload, model: ModelRow
) -> None:
    upload = take_in("Alter,plan,churned,left")
    made.completed(user, upload, model, mapping={"age": "Alter"})
    newest = made.completed(user, upload, model, mapping={"age": "Alter", "churned": "left"})
    again = found(user, model, "left", "Alter", "plan", "more")
    assert again is not None
    assert (again.prediction_id, again.mapping) == (newest, {"age": "Alter", "churned": "left"})
    older = found(user, model, "Alter", "plan", "churned")  # without the column that the newest one reads
    assert older is not None
    assert older.mapping == {"age": "Alter"}


def test_a_later_version_of_the_model_is_offered_what_it_still_reads(
    user: db.User, take_in: Upload, model: ModelRow
) -> None:
    upload = take_in("Alter,plan,churned")
    made.completed(user, upload, model, mapping={"age": "Alter"})
    later, other = made.ready_model(user, upload), made.ready_model(user, upload, name="Other")
    assert later.version == 2
    again = found(user, later, "Alter", "plan")
    assert again is not None
    assert again.mapping == {"age": "Alter"}
    assert found(user, other, "Alter", "plan") is None


@pytest.mark.parametrize("columns", [("Alter",), ("alter", "plan"), ("age", "plan"), ()])
def test_a_mapping_is_not_offered_where_the_columns_are_others(
    user: db.User, take_in: Upload, model: ModelRow, columns: tuple[str, ...]
) -> None:
    made.completed(user, take_in("Alter,plan,churned"), model, mapping={"age": "Alter"})
    assert found(user, model, *columns) is None


def test_a_mapping_that_sets_a_column_aside_is_offered_only_where_that_was_so_before(
    user: db.User, take_in: Upload, model: ModelRow
) -> None:
    made.completed(user, take_in("Alter,plan,churned"), model, mapping={"age": "Alter"})
    assert found(user, model, "Alter", "plan", "age") is None
    made.completed(user, take_in("Alter,plan,churned,age"), model, mapping={"age": "Alter"})
    assert found(user, model, "Alter", "plan", "age") is not None


def test_neither_a_failed_nor_a_waiting_nor_a_strangers_prediction_is_remembered(
    user: db.User, stranger: db.User, take_in: Upload, model: ModelRow
) -> None:
    upload = take_in("Alter,plan,churned")
    made.queued(user, upload, model, mapping={"age": "Alter"})
    cancelled = made.queued(user, upload, model, mapping={"age": "Alter"})
    with db.session_scope(user, write=True) as session:
        predictions.cancel(session, prediction_id=cancelled)
    theirs = take_in("Alter,plan,churned", of=stranger)
    made.completed(stranger, theirs, made.ready_model(stranger, theirs), mapping={"age": "Alter"})
    made.completed(user, take_in("age,plan,churned"), model)
    assert found(user, model, "Alter", "plan") is None


def test_the_last_mapping_is_looked_up_in_an_index_of_those_with_one(
    sqlite_database: db.Database, user: db.User
) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []

    @sa.event.listens_for(sqlite_database.engine, "before_cursor_execute")
    def note(
        _connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object
    ) -> None:
        asked.append((statement, values))

    with db.session_scope(user) as session:
        assert mapping.kept(session, model_name="Churn") == []
    statement, values = asked[-1]
    with sqlite_database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert "ix_predictions_mapped" in str(plan)
