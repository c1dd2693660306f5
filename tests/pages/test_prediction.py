"""One prediction's page, opened by its own link."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core import db, queue, storage
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.predictions import listing, predictions
from core.queue import Pool, workers
from core.ui.predictions import home_items, progress
from core.uploads import uploads
from core.uploads.report.overrides import ReadingOverrides
from tests import journeys
from tests.clocks import held_ahead
from tests.pages.conftest import keyed
from tests.pages.scored import Desk, open_page, texts


def test_a_scored_file_shows_its_finding_its_numbers_and_what_they_rest_on(desk: Desk) -> None:
    app = open_page("prediction.py", id=str(desk.scored_id))

    assert not app.exception
    assert app.title[0].value == "customers\\.csv"
    assert "pairs correctly" in app.subheader[0].value
    labels = [metric.label.replace("\\", "") for metric in app.metric]
    assert labels == ["Accuracy", "Precision", "Recall", "F1", "ROC-AUC", "PR-AUC"]
    assert "Compared with the column **churned** in 400\u00a0rows." in texts(app)
    assert "The probability is for 'Yes'" in texts(app).replace("\\", "")


def test_the_rows_of_the_result_begin_with_which_it_is_the_answer_and_what_happened(desk: Desk) -> None:
    app = open_page("prediction.py", id=str(desk.scored_id), tab="rows")

    rows = app.dataframe[0].value
    assert list(rows.columns[:4]) == ["customer_id", "prediction", "churned", "probability"]
    assert "caution" not in rows.columns
    assert len(rows) == 200


def test_the_files_own_numbers_stand_right_as_the_upload_shows_them(desk: Desk) -> None:
    table = open_page("prediction.py", id=str(desk.scored_id), tab="rows").dataframe[0]

    columns = json.loads(table.proto.columns)
    aligned = {name: column.get("alignment") for name, column in columns.items()}
    assert aligned["monthly_charges"] == "right"
    assert aligned.get("contract") is None


def test_the_rows_can_be_those_with_a_caution_alone(desk: Desk) -> None:
    (result,) = (desk.settings.files_dir / "results").rglob("*.csv")
    lines = result.read_bytes().splitlines()
    for place in (7, 390):
        lines[place] += b"unseen: contract"
    result.write_bytes(b"\n".join(lines))
    _recount(desk, n_cautioned=2)
    app = open_page("prediction.py", id=str(desk.scored_id), tab="rows")
    assert keyed(app.toggle, "only_cautions_").label == "Show only the 2\u00a0rows with a caution"

    keyed(app.toggle, "only_cautions_").set_value(True).run()

    assert app.dataframe[0].value["caution"].tolist() == ["unseen: contract"] * 2
    assert "All 2\u00a0rows with a caution, in file order." in texts(app)


def test_cautions_alone_are_not_asked_for_of_the_next_prediction_too(desk: Desk) -> None:
    _recount(desk, n_cautioned=2)
    with db.session_scope(db.WORKER, write=True) as session:
        scored = session.get_one(PredictionRow, desk.scored_id)
        columns = (column.key for column in sa.inspect(PredictionRow).column_attrs)
        other = PredictionRow(**{name: getattr(scored, name) for name in columns} | {"id": uuid4()})
        session.add(other)
    app = open_page("prediction.py", id=str(desk.scored_id), tab="rows")
    keyed(app.toggle, "only_cautions_").set_value(True).run()

    app.query_params["id"] = str(other.id)
    app.run()

    assert not keyed(app.toggle, "only_cautions_").value


def test_rows_without_a_caution_offer_no_choice(desk: Desk) -> None:
    app = open_page("prediction.py", id=str(desk.scored_id), tab="rows")

    assert not app.toggle


def test_a_result_of_before_there_were_cautions_still_shows_its_rows(desk: Desk) -> None:
    (result,) = (desk.settings.files_dir / "results").rglob("*.csv")
    before = (line.rpartition(b",")[0] for line in result.read_bytes().splitlines())
    result.write_bytes(b"\n".join(before))
    with db.session_scope(db.WORKER, write=True) as session:
        session.get_one(PredictionRow, desk.scored_id).columns = {"added": ["prediction", "probability"]}
    _recount(desk, n_cautioned=None)

    app = open_page("prediction.py", id=str(desk.scored_id), tab="rows")

    assert not app.exception
    assert list(app.dataframe[0].value.columns[:4]) == [
        "customer_id",
        "prediction",
        "churned",
        "probability",
    ]


def _recount(desk: Desk, **counts: object) -> None:
    """Make the stored prediction one of another file and of the result that is there, with these counts in place of its
    own; None: it has none.
    """
    (result,) = (desk.settings.files_dir / "results").rglob("*.csv")
    with db.session_scope(db.WORKER, write=True) as session:
        row = session.get_one(PredictionRow, desk.scored_id)
        stored = dict(row.metrics_json or {})
        gone = [name for name, count in counts.items() if count is None]
        stored["tally"] = {name: n for name, n in {**stored["tally"], **counts}.items() if name not in gone}
        row.metrics_json, row.output_bytes = stored, result.stat().st_size
        session.get_one(ModelRow, desk.model.id).data_sha256 = "0" * 64


def test_columns_far_out_of_range_are_told_above_the_tabs_and_counted_on_theirs(
    desk: Desk,
) -> None:
    _recount(desk, missing={}, outside={"monthly_charges": 400, "tenure_months": 3})

    app = open_page("prediction.py", id=str(desk.scored_id), tab="quality")

    told = app.warning[0].value.replace("\\", "")
    assert "**monthly_charges** (100\u00a0% out of range)" in told
    assert "tenure_months" not in told
    assert [tab.label for tab in app.tabs] == ["Metrics", "Rows", "Data quality · 2", "Receipt"]
    assert "are outside the training range of" in texts(app)


def test_a_scoring_of_before_ranges_were_kept_still_opens(desk: Desk) -> None:
    _recount(desk, missing={}, outside=None, unknown_outcomes=None)

    app = open_page("prediction.py", id=str(desk.scored_id))

    assert not app.exception
    assert not app.warning
    assert app.tabs[2].label == "Data quality"


def test_the_receipt_shows_every_hash_and_gives_it_as_a_file(desk: Desk) -> None:
    app = open_page("prediction.py", id=str(desk.scored_id), tab="receipt")

    scored = journeys.ask(desk.user, lambda session: predictions.get(session, prediction_id=desk.scored_id))
    assert app.tabs[3].label == "Receipt"
    assert scored.receipt is not None
    listed = app.code[0].value
    for sha256 in (
        desk.upload.sha256,
        desk.model.artifact_sha256,
        scored.output_sha256,
        scored.receipt["ingredients"]["code"]["sha256"],
        scored.receipt["ingredients_sha256"],
    ):
        assert f"{sha256}  " in listed
    assert [button.label for button in app.get("download_button")] == ["Download receipt"]


def test_a_file_that_is_read_otherwise_by_now_is_told_as_it_was_scored(desk: Desk) -> None:
    uploads.reread(
        desk.user,
        storage=storage.from_settings(desk.settings),
        staging_dir=desk.settings.staging_dir,
        upload_id=desk.upload.id,
        overrides=ReadingOverrides(encoding="cp1252", header_line=0),
    )

    receipt = open_page("prediction.py", id=str(desk.scored_id), tab="receipt")
    said = [element.value for element in receipt.markdown]
    assert said[said.index(":small[:gray[Rows]]") + 1] == ":small[400]"
    assert said[said.index(":small[:gray[Read as]]") + 1].startswith(":small[UTF-8, ")
    assert "400\u00a0rows · " in texts(receipt)
    rows = open_page("prediction.py", id=str(desk.scored_id), tab="rows")
    assert "First 200 of 400\u00a0rows, in file order." in texts(rows)
    assert journeys.ask(desk.user, home_items.summary).recent[0].size == "400\u00a0rows"


def test_the_receipt_names_encoding_and_delimiter_as_the_upload_does(desk: Desk) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        row = session.get_one(PredictionRow, desk.scored_id)
        columns = dict(row.columns or {})
        row.columns = {**columns, "dialect": {**columns["dialect"], "encoding": "cp1252", "delimiter": "|"}}

    app = open_page("prediction.py", id=str(desk.scored_id), tab="receipt")

    assert ":small[Windows-1252, vertical bar-separated]" in [element.value for element in app.markdown]


def test_scored_again_from_the_receipt_a_file_is_told_to_have_the_same_bytes(desk: Desk) -> None:
    app = open_page("prediction.py", id=str(desk.scored_id), tab="receipt")

    app.button(key="again").click().run()

    assert not app.exception
    with db.session_scope(desk.user) as session:
        made = listing.page(session).items[0]
    assert made.id != desk.scored_id
    with journeys.running(desk.settings):
        journeys.settled(desk.user, made.id)
    app = open_page("prediction.py", id=str(made.id), tab="receipt")
    assert app.tabs[3].label == "Receipt · identical"
    assert app.success[0].value.startswith("**Identical** to the last result for this file and model, ")


def test_a_prediction_of_before_receipts_were_kept_still_opens(desk: Desk) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        session.get_one(PredictionRow, desk.scored_id).receipt = None

    app = open_page("prediction.py", id=str(desk.scored_id), tab="receipt")

    assert not app.exception
    assert "This prediction is older than receipts." in texts(app)
    assert desk.upload.sha256 in app.code[0].value


def test_cells_that_a_spreadsheet_would_run_are_told_and_a_safe_copy_is_offered(
    desk: Desk,
) -> None:
    assert not _safe_links(open_page("prediction.py", id=str(desk.scored_id)))
    _recount(desk, formulas={"contract": {"n": 3, "first_row": 12}})

    app = open_page("prediction.py", id=str(desk.scored_id), tab="quality")

    assert "**contract** (3\u00a0cells, first in row 12)" in "\n".join(info.value for info in app.info)
    told = texts(open_page("prediction.py", id=str(desk.scored_id), tab="receipt"))
    assert "3\u00a0cells in 1\u00a0column" in told
    assert _safe_links(app) == [f"/api/predictions/download_predictions/{desk.scored_id}?safe=1"]


def _safe_links(app: AppTest) -> list[str]:
    """Where the links to a safe copy lead."""
    links = [element.proto for element in app.get("link_button")]
    return [link.url for link in links if link.label == "Safe CSV"]


def test_a_result_with_reasons_says_what_they_compare_with(desk: Desk) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        session.get_one(PredictionRow, desk.scored_id).options = {"reasons": True}

    app = open_page("prediction.py", id=str(desk.scored_id), tab="receipt")

    (usual,) = (table.value for table in app.dataframe if "Typical value" in table.value.columns)
    assert "contract" in usual["Column"].tolist()
    assert "raised the probability of *Yes*" in texts(app)


def test_a_result_that_left_storage_spoils_only_its_own_tab(desk: Desk) -> None:
    for path in (desk.settings.files_dir / "results").rglob("*.csv"):
        path.unlink()

    app = open_page("prediction.py", id=str(desk.scored_id), tab="rows")

    told = app.error[0].value.replace("\\", "")
    assert "The stored result of customers.csv is gone." in told
    assert "Score the upload again to create a new one." in told
    assert app.metric[0].label == "Accuracy"


def test_a_result_that_was_cut_short_is_not_shown(desk: Desk) -> None:
    (result,) = (desk.settings.files_dir / "results").rglob("*.csv")
    result.write_bytes(result.read_bytes()[:-20])

    app = open_page("prediction.py", id=str(desk.scored_id), tab="rows")

    told = app.error[0].value.replace("\\", "")
    assert "The stored result of customers.csv was changed outside the app" in told
    assert not app.dataframe


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", "No prediction was named in the address."),
        ("nonsense", "There is no prediction with the id"),
        ("0b5a4c1e-7d2f-4c3a-9e1b-5f6a7b8c9d0e", "There is no prediction with the id"),
    ],
)
def test_an_unknown_id_is_a_sentence_with_a_way_back(desk: Desk, asked: str, said: str) -> None:
    app = open_page("prediction.py", id=asked)

    assert not app.exception
    assert said in app.error[0].value.replace("\\", "")
    assert app.button(key="view_all").label == "View all predictions"


def test_queued_without_a_worker_offers_the_button(desk: Desk) -> None:
    app = open_page("prediction.py", id=str(desk.queue()))

    assert "No worker is running." in texts(app)
    assert app.button(key="by_hand").label == "Score it now"


def test_queued_with_a_worker_says_its_place(desk: Desk) -> None:
    with held_ahead(), db.session_scope(db.WORKER, write=True) as session:
        workers.beat(session, worker_id=uuid4(), pools={Pool.SCORING: 1}, is_embedded=False)
    first, second = desk.queue(), desk.queue()

    said = texts(open_page("prediction.py", id=str(first)))
    assert "**Next in line** :gray[· usually starts within a second]" in said
    assert "1\u00a0task ahead of it" in texts(open_page("prediction.py", id=str(second)))


def test_queued_behind_another_prediction_promises_nothing_and_a_training_is_not_in_its_way(
    desk: Desk,
) -> None:
    with held_ahead(), db.session_scope(db.WORKER, write=True) as session:
        workers.beat(session, worker_id=uuid4(), pools={Pool.SCORING: 0}, is_embedded=False)
    queued_id = desk.queue()
    assert "**Next in line** :gray[· a worker is starting]" in texts(
        open_page("prediction.py", id=str(queued_id))
    )
    _begin(desk, "models.train")
    assert "a worker is starting" in texts(open_page("prediction.py", id=str(queued_id)))
    _begin(desk, "predictions.score")
    said = texts(open_page("prediction.py", id=str(queued_id)))
    assert "workers are busy with 1\u00a0task" in said
    assert "within a second" not in said


def _begin(desk: Desk, kind_name: str) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        other = queue.enqueue(session, kind_name=kind_name, user_id=desk.user.id, payload={}, priority=-100)
        assert queue.claim_one(session, task_id=other, worker_id=uuid4(), lease_s=60)


def test_the_page_looks_again_while_pending_and_stops_when_settled(
    desk: Desk,
    intervals: list[float | None],
) -> None:
    queued_id = desk.queue()
    app = open_page("prediction.py", id=str(queued_id))
    assert intervals == [progress.REFRESH_S]

    with db.session_scope(desk.user, write=True) as session:
        predictions.cancel(session, prediction_id=queued_id)
    app.run()

    assert "**Cancelled**" in texts(app)
    assert intervals == [progress.REFRESH_S]


def test_a_cancelled_prediction_is_queued_again_by_retry(desk: Desk) -> None:
    queued_id = desk.queue()
    with db.session_scope(desk.user, write=True) as session:
        predictions.cancel(session, prediction_id=queued_id)
    app = open_page("prediction.py", id=str(queued_id))

    app.button(key="retry").click().run()

    assert desk.status(queued_id) == "QUEUED"


def test_a_failed_prediction_says_why_and_what_to_do(desk: Desk) -> None:
    queued_id = desk.queue()
    for path in (desk.settings.files_dir / "uploads").rglob("*.csv"):
        path.unlink()
    with journeys.running(desk.settings):
        failed = journeys.settled(desk.user, queued_id)

    app = open_page("prediction.py", id=str(queued_id))

    assert failed.error_message
    assert failed.error_hint
    told = app.error[0].value.replace("\\", "")
    assert told == f"**{failed.error_message}**\n\n{failed.error_hint}"
    assert app.button(key="retry").proto.type == "secondary"  # the same file would fail again
    assert app.button(key="other_file").proto.type == "primary"
    assert "There is no result." in [caption.value for caption in app.caption]

    app.button(key="other_file").click().run()
    assert app.title[0].value == "New prediction"
    assert app.query_params["model"] == str(failed.model_id)


def test_the_open_tab_stands_in_the_address_and_only_it_is_drawn(desk: Desk) -> None:
    app = open_page("prediction.py", id=str(desk.scored_id))
    assert app.get("plotly_chart")
    assert "tab" not in app.query_params

    app = open_page("prediction.py", id=str(desk.scored_id), tab="receipt")
    assert app.query_params["tab"] == "receipt"
    assert app.code
    assert not app.get("plotly_chart")
    assert not open_page("prediction.py", id=str(desk.scored_id), tab="nonsense").exception
