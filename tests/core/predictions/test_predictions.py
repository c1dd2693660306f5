"""A prediction's life, as its verbs allow it and as its task leads it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from core import db, queue
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.errors import Conflict, NotFound
from core.predictions import listing, predictions, states
from core.predictions.errors import FeatureMissing, MappedColumnUnknown
from core.predictions.matching import mapping
from core.predictions.states import SETTLED, TRANSITIONS, Status
from core.queue import Reason, TaskState
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys, made


@pytest.fixture
def upload(database: db.Database, settings: Settings, storage: LocalStorage, user: db.User) -> UploadRow:
    return journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)


def status(user: db.User, prediction_id: object) -> str:
    with db.session_scope(user) as session:
        return predictions.get(session, prediction_id=prediction_id).status  # type: ignore[arg-type]


def test_a_prediction_follows_its_task_from_queued_to_completed(user: db.User, upload: UploadRow) -> None:
    model = made.ready_model(user, upload)
    prediction_id = made.queued(user, upload, model)
    assert status(user, prediction_id) == "QUEUED"
    with db.session_scope(db.WORKER, write=True) as session:
        task = queue.claim(session, worker_id=uuid4(), lease_s=30)
    assert task is not None
    assert status(user, prediction_id) == "PROCESSING"
    with db.session_scope(db.WORKER, write=True) as session:
        queue.release(session, task_id=task.id, attempt=task.attempt)
    assert status(user, prediction_id) == "QUEUED"
    made.settle(task.id, TaskState.FAILED, reason=Reason(code="x", message="No.", hint="Do this."))
    with db.session_scope(user) as session:
        failed = predictions.get(session, prediction_id=prediction_id)
    assert (failed.status, failed.error_message, failed.error_hint) == ("FAILED", "No.", "Do this.")
    assert failed.finished_at is not None


def test_a_file_without_a_features_column_is_refused_before_anything_is_written(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User, upload: UploadRow
) -> None:
    model = made.ready_model(user, upload)
    lacking = journeys.upload_bytes(user, b"age,plans\n1,a\n", settings=settings, files=storage)
    with pytest.raises(FeatureMissing, match=r"'plan' \(nearest: 'plans'\)"):
        made.queued(user, lacking, model)
    with db.session_scope(user) as session:
        assert sum(listing.counts(session).values()) == 0
        assert queue.backlog(session).n_queued == 0


def test_a_mapping_is_kept_with_its_prediction_and_through_a_retry(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User, upload: UploadRow
) -> None:
    model = made.ready_model(user, upload)
    renamed = journeys.upload_bytes(user, b"Alter,plan\n31,a\n", settings=settings, files=storage)
    prediction_id = made.queued(user, renamed, model, mapping={"age": "Alter", "plan": "plan"})
    for _ in range(2):
        with db.session_scope(user) as session:
            kept = predictions.get(session, prediction_id=prediction_id)
        assert (kept.options, mapping.of(kept)) == ({"mapping": {"age": "Alter"}}, {"age": "Alter"})
        with db.session_scope(user, write=True) as session:
            predictions.cancel(session, prediction_id=prediction_id)
        with db.session_scope(user, write=True) as session:
            predictions.retry(session, prediction_id=prediction_id)


def test_a_mapping_that_makes_no_sense_or_leaves_a_column_missing_writes_nothing(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User, upload: UploadRow
) -> None:
    model = made.ready_model(user, upload)
    renamed = journeys.upload_bytes(user, b"Alter,tarif\n31,a\n", settings=settings, files=storage)
    with pytest.raises(MappedColumnUnknown):
        made.queued(user, renamed, model, mapping={"age": "Jahre"})
    with pytest.raises(FeatureMissing, match="'plan'"):
        made.queued(user, renamed, model, mapping={"age": "Alter"})
    with db.session_scope(user) as session:
        assert sum(listing.counts(session).values()) == 0


def test_a_strangers_predictions_can_be_neither_seen_nor_touched(
    user: db.User, stranger: db.User, upload: UploadRow
) -> None:
    prediction_id = made.queued(user, upload, made.ready_model(user, upload))
    verbs = [
        predictions.get,
        predictions.prioritize,
        predictions.cancel,
        predictions.retry,
        predictions.delete,
    ]
    for verb in verbs:
        with pytest.raises(NotFound), db.session_scope(stranger, write=True) as session:
            verb(session, prediction_id=prediction_id)
    with db.session_scope(stranger) as session:
        assert listing.page(session).items == []
        assert listing.table(session, offset=0, limit=10) == []
        assert sum(listing.counts(session).values()) == 0
    with pytest.raises(NotFound), db.session_scope(stranger, write=True) as session:
        predictions.create(session, upload_id=upload.id, model_id=uuid4())
    assert status(user, prediction_id) == "QUEUED"


def test_cancelling_a_waiting_prediction_settles_both_at_once(user: db.User, upload: UploadRow) -> None:
    prediction_id = made.queued(user, upload, made.ready_model(user, upload))
    with db.session_scope(user, write=True) as session:
        predictions.cancel(session, prediction_id=prediction_id)
    assert status(user, prediction_id) == "CANCELLED"
    with pytest.raises(Conflict, match="CANCELLED"), db.session_scope(user, write=True) as session:
        predictions.cancel(session, prediction_id=prediction_id)


def test_a_retry_is_a_new_task_and_leaves_the_old_one_without_power(user: db.User, upload: UploadRow) -> None:
    prediction_id = made.queued(user, upload, made.ready_model(user, upload))
    with db.session_scope(user, write=True) as session:
        old = predictions.get(session, prediction_id=prediction_id).task_id
        predictions.cancel(session, prediction_id=prediction_id)
    with db.session_scope(user, write=True) as session:
        again = predictions.retry(session, prediction_id=prediction_id)
        assert (again.status, again.task_id != old) == ("QUEUED", True)
        with pytest.raises(Conflict, match="QUEUED"), session.begin_nested():
            predictions.retry(session, prediction_id=prediction_id)


def test_a_prediction_that_is_being_scored_is_not_tried_again(user: db.User, upload: UploadRow) -> None:
    prediction_id = made.queued(user, upload, made.ready_model(user, upload))
    with db.session_scope(db.WORKER, write=True) as session:
        task = queue.claim(session, worker_id=uuid4(), lease_s=30)
    with pytest.raises(Conflict, match="PROCESSING"), db.session_scope(user, write=True) as session:
        predictions.retry(session, prediction_id=prediction_id)
    assert task is not None
    with db.session_scope(user) as session:
        found = predictions.get(session, prediction_id=prediction_id)
        assert (found.status, found.task_id) == ("PROCESSING", task.id)
        assert queue.backlog(session).n_queued == 0


def test_a_result_is_not_thrown_away_by_a_retry(user: db.User, upload: UploadRow) -> None:
    prediction_id = made.completed(user, upload, made.ready_model(user, upload))
    with pytest.raises(Conflict, match="COMPLETED"), db.session_scope(user, write=True) as session:
        predictions.retry(session, prediction_id=prediction_id)


def test_only_settled_predictions_are_deleted(user: db.User, upload: UploadRow) -> None:
    prediction_id = made.queued(user, upload, made.ready_model(user, upload))
    with pytest.raises(Conflict), db.session_scope(user, write=True) as session:
        predictions.delete(session, prediction_id=prediction_id)
    with db.session_scope(user, write=True) as session:
        predictions.cancel(session, prediction_id=prediction_id)
        assert predictions.delete(session, prediction_id=prediction_id) == [f"results/{prediction_id}/"]
    with pytest.raises(NotFound):
        status(user, prediction_id)


def test_by_hand_is_for_waiting_predictions_only_and_puts_them_first(
    user: db.User, upload: UploadRow
) -> None:
    model = made.ready_model(user, upload)
    first, second = made.queued(user, upload, model), made.queued(user, upload, model)
    with db.session_scope(user, write=True) as session:
        task_id = predictions.prioritize(session, prediction_id=second)
    with db.session_scope(db.WORKER, write=True) as session:
        claimed = queue.claim(session, worker_id=uuid4(), lease_s=30)
    assert claimed is not None
    assert claimed.id == task_id
    with pytest.raises(Conflict, match="PROCESSING"), db.session_scope(user, write=True) as session:
        predictions.prioritize(session, prediction_id=second)
    assert status(user, first) == "QUEUED"


def test_by_hand_is_also_for_one_whose_worker_is_gone(user: db.User, upload: UploadRow) -> None:
    prediction_id = made.queued(user, upload, made.ready_model(user, upload))
    with db.session_scope(db.WORKER, write=True) as session:
        claimed = queue.claim(session, worker_id=uuid4(), lease_s=-1)
    assert claimed is not None
    assert status(user, prediction_id) == "PROCESSING"
    with db.session_scope(user, write=True) as session:
        task_id = predictions.prioritize(session, prediction_id=prediction_id)
    with db.session_scope(db.WORKER, write=True) as session:
        again = queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=30)
    assert again is not None
    assert (again.id, again.attempt) == (claimed.id, 2)


def test_lists_filter_sort_count_and_page(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User, upload: UploadRow
) -> None:
    model = made.ready_model(user, upload)
    larger = journeys.upload_bytes(
        user, made.CSV + b"5,a,No\n", settings=settings, files=storage, file_name="Beta_100.csv"
    )
    ids = [
        made.queued(user, upload, model),
        made.queued(user, larger, model),
        made.completed(user, upload, model),
    ]
    with db.session_scope(user) as session:
        counts = listing.counts(session)
        assert (counts[Status.QUEUED], counts[Status.COMPLETED], counts[Status.FAILED]) == (2, 1, 0)
        newest = listing.table(session, offset=0, limit=2)
        assert [row.id for row in newest] == [ids[2], ids[1]]
        assert [row.id for row in listing.table(session, offset=2, limit=2)] == [ids[0]]
        for sort, expected in (("newest", ids[::-1]), ("oldest", ids)):
            for offset in range(5):
                for limit in (1, 2, 5):
                    page = listing.table(session, offset=offset, limit=limit, sort=sort, n_found=3)
                    assert [row.id for row in page] == expected[offset : offset + limit], (
                        sort,
                        offset,
                        limit,
                    )
        assert [row.id for row in listing.table(session, offset=0, limit=9, search="bETA_1")] == [ids[1]]
        assert listing.table(session, offset=0, limit=9, search="b%a") == []
        assert [row.id for row in listing.table(session, offset=0, limit=1, sort="rows")] == [ids[1]]
        first = listing.page(session, limit=2)
        rest = listing.page(session, limit=2, cursor=first.next_cursor)
        assert [row.id for row in (*first.items, *rest.items)] == [ids[2], ids[1], ids[0]]
        assert rest.next_cursor is None
        only = listing.page(session, statuses=["COMPLETED"])
        assert [row.id for row in only.items] == [ids[2]]


@pytest.mark.parametrize("statuses", [(), ("COMPLETED",)])
def test_pages_by_file_or_by_rows_follow_on_each_other_with_the_predictions_of_a_file_together(
    database: db.Database,
    settings: Settings,
    storage: LocalStorage,
    user: db.User,
    stranger: db.User,
    statuses: tuple[str, ...],
) -> None:
    def uploaded(owner: db.User, file_name: str, n_more: int) -> UploadRow:
        more = b"".join(b"%d,a,No\n" % number for number in range(n_more))
        content = made.CSV + more + b"7,b,Yes\n" * len(file_name)
        return journeys.upload_bytes(owner, content, settings=settings, files=storage, file_name=file_name)

    files = [uploaded(user, *named) for named in (("b.csv", 1), ("a.csv", 3), ("B.csv", 0), ("cc.csv", 2))]
    model = made.ready_model(user, files[0])
    rows = []
    for turn in range(3):
        for place, upload in enumerate(files):
            make = made.completed if (turn + place) % 2 else made.queued
            status = "COMPLETED" if (turn + place) % 2 else "QUEUED"
            rows.append((upload, make(user, upload, model), status))
    theirs = uploaded(stranger, "a.csv", 9)
    made.queued(stranger, theirs, made.ready_model(stranger, theirs))
    newest = [row for row in reversed(rows) if row[2] in (statuses or (row[2],))]
    keys = {
        "file": lambda row: (row[0].file_name.lower(), -row[0].id),
        "rows": lambda row: (-row[0].n_rows, -row[0].id),
    }
    with db.session_scope(user) as session:
        for sort, key in keys.items():
            expected = [prediction_id for _, prediction_id, _ in sorted(newest, key=key)]
            for size in (1, 4, 5, 50):
                found = [
                    row.id
                    for offset in range(0, len(rows) + size, size)
                    for row in listing.table(session, offset=offset, limit=size, sort=sort, statuses=statuses)  # type: ignore[arg-type]
                ]
                assert found == expected, (sort, size)


def test_what_took_longest_comes_first_and_what_has_not_ended_last(user: db.User, upload: UploadRow) -> None:
    model = made.ready_model(user, upload)
    waits = made.queued(user, upload, model)
    ids = []
    for seconds in (25.0, 9000.0, 0.0):
        prediction_id = made.queued(user, upload, model)
        with db.session_scope(db.WORKER, write=True) as session:
            row = session.get_one(PredictionRow, prediction_id)
            task = queue.claim_one(session, task_id=row.task_id, worker_id=uuid4(), lease_s=30)
            assert task is not None
            session.refresh(row)
            assert row.started_at is not None
            row.started_at -= timedelta(seconds=seconds)
            session.flush()
            queue.settle(session, task_id=task.id, attempt=task.attempt, state=TaskState.FAILED)
        ids.append(prediction_id)
    with db.session_scope(user) as session:
        found = [row.id for row in listing.table(session, offset=0, limit=9, sort="took")]
        took_s = [row.took_s for row in listing.table(session, offset=0, limit=2, sort="took")]
    assert found == [ids[1], ids[0], ids[2], waits]
    assert took_s == [pytest.approx(9000, abs=20), pytest.approx(25, abs=20)]


def test_what_is_tried_again_has_not_ended(user: db.User, upload: UploadRow) -> None:
    prediction_id = made.queued(user, upload, made.ready_model(user, upload))
    with db.session_scope(user) as session:
        task_id = predictions.get(session, prediction_id=prediction_id).task_id
    made.settle(task_id, TaskState.FAILED)
    with db.session_scope(user, write=True) as session:
        assert predictions.retry(session, prediction_id=prediction_id).took_s == 0.0


def test_what_was_scored_is_counted_by_model_and_over_time(
    user: db.User, stranger: db.User, upload: UploadRow
) -> None:
    first, second = made.ready_model(user, upload), made.ready_model(user, upload, name="Other")
    for model in (first, first, second):
        made.completed(user, upload, model)
    made.queued(user, upload, second)
    with db.session_scope(user) as session:
        assert listing.n_by_model(session) == {first.id: 2, second.id: 2}
        assert listing.n_rows_scored(session) == 6
        scored = listing.scored(session)
    assert [n_rows for _, n_rows in scored] == [2, 2, 2]
    assert [at for at, _ in scored] == sorted(at for at, _ in scored)
    with db.session_scope(stranger) as session:
        assert listing.n_by_model(session) == {}
        assert listing.n_rows_scored(session) == 0
        assert listing.scored(session) == []


def test_the_pace_is_that_of_the_models_newest_run_over_enough_rows(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User, upload: UploadRow
) -> None:
    model = made.ready_model(user, upload)
    content = made.CSV + b"5,a,No\n" * 19_998
    larger = journeys.upload_bytes(user, content, settings=settings, files=storage)
    made.completed(user, upload, model, seconds=9.0)
    with db.session_scope(user) as session:
        assert listing.pace(session, model_id=model.id) is None
    made.completed(user, larger, model, seconds=0.5)
    with db.session_scope(user) as session:
        assert listing.pace(session, model_id=model.id) == 40_000


def test_a_task_whose_prediction_is_gone_holds_nobody_up(user: db.User, upload: UploadRow) -> None:
    model = made.ready_model(user, upload)
    gone, waiting = made.queued(user, upload, model), made.queued(user, upload, model)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.delete(PredictionRow).where(PredictionRow.id == gone))
    claimed = []
    for _ in range(2):
        with db.session_scope(db.WORKER, write=True) as session:
            claimed.append(queue.claim(session, worker_id=uuid4(), lease_s=30))
    assert all(claimed)
    assert status(user, waiting) == "PROCESSING"


def test_every_state_is_in_the_table_and_settled_is_listed() -> None:
    assert set(TRANSITIONS) == set(Status)
    assert {Status.COMPLETED, Status.FAILED, Status.CANCELLED} == SETTLED
    assert set(Status) == states.PENDING | SETTLED
    assert TRANSITIONS[Status.COMPLETED] == frozenset()
    assert set(states.OF_TASK) == set(TaskState)
