"""An admin among other people: whose work a list shows, and what is somebody else's to be looked at alone."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from core import db
from core.access import work_transfer
from core.access.errors import OwnedByAnother
from core.db.tables.users import UserRow
from core.models import models
from core.predictions import predictions
from core.uploads import uploads
from tests.pages.scored import Desk, open_page, texts

NOTE = "You are viewing the work of **Mallory**"


@pytest.fixture
def mallory(desk: Desk) -> UUID:
    """Somebody else, who has all that the reader of the pages had."""
    with db.session_scope(db.WORKER, write=True) as session:
        row = UserRow(id=uuid4(), name="Mallory", issuer="https://id.example", subject="m", email="m@x.org")
        session.add(row)
    work_transfer.adopt("m@x.org")
    return row.id


def test_alone_there_is_no_choice_of_whose_work(desk: Desk) -> None:
    for page in ("predictions.py", "models.py", "uploads.py"):
        app = open_page(page)
        assert not [box for box in app.selectbox if box.label == "Whose work"], page


def test_people_of_one_name_are_told_apart_by_their_address(desk: Desk, mallory: UUID) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        session.add(UserRow(id=uuid4(), name="Mallory", issuer="https://id.example", subject="n"))

    app = open_page("models.py")

    assert set(app.selectbox(key="whose_me").options[2:]) == {"Mallory (m@x.org)", "Mallory (no address)"}


@pytest.mark.parametrize("page", ["predictions.py", "models.py"])
def test_the_choice_of_whose_work_stands_in_the_address(desk: Desk, mallory: UUID, page: str) -> None:
    app = open_page(page)
    box = app.selectbox(key="whose_me")
    assert box.options == ["My work", "Everyone's work", "Mallory"]
    assert "No prediction" in texts(app) or "No model" in texts(app)

    box.select(str(mallory)).run()

    assert app.query_params["whose"] == str(mallory)
    assert not app.exception
    assert "Mallory" in texts(app)
    app.selectbox(key=f"whose_{mallory}").select("me").run()
    assert "whose" not in app.query_params


def test_in_everybodys_list_others_rows_can_be_opened_and_no_more(desk: Desk, mallory: UUID) -> None:
    app = open_page("predictions.py", whose="all")

    assert not app.exception
    assert app.menu_button(key=f"menu_{desk.scored_id}").options == [":material/open_in_full: Open"]
    assert " Yes · Mallory" in texts(app)


def test_an_admin_finds_everybodys_uploads(desk: Desk, mallory: UUID) -> None:
    app = open_page("uploads.py")
    assert "Files you upload appear here" in texts(app)

    app.selectbox(key="whose_me").select("all").run()
    app.button(key=f"upload_{desk.upload.id}").click().run()

    assert not app.exception
    assert app.query_params["upload"] == str(desk.upload.id)
    assert app.query_params["whose"] == "all"
    assert NOTE in app.info[0].value


def test_what_a_file_is_chosen_for_stays_while_somebody_elses_is_looked_for(
    desk: Desk, mallory: UUID
) -> None:
    asked = {"train": "1", "version_of": str(desk.model.id), "model": str(desk.model.id)}
    app = open_page("uploads.py", **asked)

    app.selectbox(key="whose_me").select("all").run()
    assert app.query_params == {"whose": "all", **asked}
    app.selectbox(key="whose_all").select("me").run()
    assert app.query_params == asked


def test_models_of_one_name_are_told_apart_by_their_owner(desk: Desk, mallory: UUID) -> None:
    name = f"{desk.model.name} · v{desk.model.version} · Mallory"
    app = open_page("predictions.py", whose="all", model=name)

    assert app.selectbox(key="predictions_model").value == name
    assert app.menu_button(key=f"menu_{desk.scored_id}").label == ""


def test_the_hand_over_is_told_as_it_was_done(desk: Desk, mallory: UUID) -> None:
    app = open_page("admin.py")

    told = texts(app).replace("\\", "")
    assert "**Someone at the shell** transferred the local user's work to **m@x.org**" in told


def test_a_list_of_somebody_who_has_nothing_says_so(desk: Desk, mallory: UUID) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        nobody = UserRow(id=uuid4(), name="Newcomer")
        session.add(nobody)
    sentences = {
        "predictions.py": "Nothing has been scored yet.",
        "models.py": "No model has been trained yet.",
        "uploads.py": "Nothing has been uploaded yet.",
    }
    for page, sentence in sentences.items():
        app = open_page(page, whose=str(nobody.id))
        assert not app.exception
        assert sentence in texts(app)


@pytest.mark.parametrize("page", ["predictions.py", "models.py", "uploads.py"])
@pytest.mark.parametrize("named", ["mallory", "0b5a4c1e-7d2f-4c3a-9e1b-5f6a7b8c9d0e"])
def test_an_address_that_names_nobody_is_a_sentence(desk: Desk, page: str, named: str) -> None:
    app = open_page(page, whose=named)

    assert not app.exception
    assert "There is no person with the id" in app.error[0].value


def test_an_address_that_names_oneself_shows_ones_own(desk: Desk, mallory: UUID) -> None:
    app = open_page("predictions.py", whose=str(desk.user.id))

    assert not app.exception
    assert app.selectbox(key="whose_me").value == "me"


def test_somebody_elses_prediction_is_looked_at_and_downloaded(desk: Desk, mallory: UUID) -> None:
    app = open_page("prediction.py", id=str(desk.scored_id))

    assert not app.exception
    assert NOTE in app.info[0].value
    assert app.metric[0].label == "Accuracy"
    shown = {button.key for button in app.button}
    assert not shown & {"delete", "retry", "cancel", "again"}
    with db.session_scope(desk.user, write=True) as session, pytest.raises(OwnedByAnother):
        predictions.delete(session, prediction_id=desk.scored_id)


def test_somebody_elses_queued_prediction_can_not_be_done_by_hand(desk: Desk, mallory: UUID) -> None:
    owner = db.User(mallory, "Mallory")
    with db.session_scope(owner, write=True) as session:
        queued = predictions.create(session, upload_id=desk.upload.id, model_id=desk.model.id)

    app = open_page("prediction.py", id=str(queued.id))

    assert not app.exception
    assert "Waiting for a worker" in texts(app)
    assert "by_hand" not in {button.key for button in app.button}
    in_list = open_page("predictions.py", whose="all")
    assert "next_by_hand" not in {button.key for button in in_list.button}


def test_somebody_elses_training_can_not_be_done_by_hand(desk: Desk, mallory: UUID) -> None:
    with db.session_scope(db.User(mallory, "Mallory"), write=True) as session:
        upload = uploads.get(session, upload_id=desk.upload.id)
        training = models.request_training(session, upload=upload, target="churned", name="Hers")

    app = open_page("model.py", id=str(training.id))

    assert not app.exception
    assert "No worker is running." in texts(app)
    assert "by_hand" not in {button.key for button in app.button}


def test_somebody_elses_model_and_upload_have_no_buttons(desk: Desk, mallory: UUID) -> None:
    model = open_page("model.py", id=str(desk.model.id))
    upload = open_page("uploads.py", upload=str(desk.upload.id))

    for app in (model, upload):
        assert not app.exception
        assert NOTE in app.info[0].value
        assert not {button.key for button in app.button} & {
            "use",
            "retrain",
            "delete",
            "read_again",
            "score_now",
        }
