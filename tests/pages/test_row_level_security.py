"""The pages with row-level security: they show what they always show, and its refusals in a sentence."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from tests import made
from tests.pages.conftest import texts

pytestmark = pytest.mark.postgres


@pytest.fixture
def sqlite_database(postgres_database: db.Database) -> db.Database:
    """What the pages of these tests stand on: for once a Postgres that looks like Supabase's."""
    return postgres_database


def test_every_page_shows_a_users_work_with_row_level_security(
    reader: db.User,
    open_page: Callable[..., AppTest],
    take_in: Callable[..., UploadRow],
    request_training: Callable[..., ModelRow],
    finish: Callable[..., None],
    customers: pa.Table,
) -> None:
    upload = take_in(customers, "customers.csv")
    model = request_training(upload)
    finish(model)
    request_training(upload, name="Still training")
    prediction_id = made.queued(reader, upload, model)
    shown = {
        ("home.py", None): "",
        ("uploads.py", None): "",
        ("predictions.py", None): "",
        ("prediction.py", prediction_id): "Queued",
        ("models.py", None): "Still training",
        ("model.py", model.id): "Churn",
        ("system.py", None): "Pages have their own login",
    }
    for (page, noun_id), expected in shown.items():
        app = open_page(page, **({} if noun_id is None else {"id": noun_id}))
        assert not app.exception, page
        assert "not yours" not in texts(app), page
        assert expected in texts(app), page
        if page == "model.py":  # in their own order, whatever order the database keeps
            assert [one.label for one in app.metric] == ["ROC-AUC", "PR-AUC", "Log loss", "Accuracy"]


def test_a_refusal_of_the_database_is_a_sentence_on_the_page(
    reader: db.User, open_page: Callable[..., AppTest], postgres_database: db.Database
) -> None:
    with postgres_database.engine.begin() as connection:
        connection.execute(sa.text("revoke select on predictions from authenticated"))
    app = open_page("predictions.py")
    assert not app.exception
    assert "it affects something that isn't yours, so nothing was saved" in texts(app)
    assert "permission denied" not in texts(app)


def test_a_search_for_what_postgres_takes_in_no_text_is_answered(
    reader: db.User,
    open_page: Callable[..., AppTest],
    take_in: Callable[..., UploadRow],
    request_training: Callable[..., ModelRow],
    finish: Callable[..., None],
    customers: pa.Table,
) -> None:
    upload = take_in(customers, "customers.csv")
    model = request_training(upload)
    finish(model)
    made.queued(reader, upload, model)
    app = open_page("predictions.py", file="custom\0ers")
    assert not app.exception
    assert [button.key for button in app.menu_button]
