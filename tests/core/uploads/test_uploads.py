"""Taking files in, and what becomes of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from core import db
from core.errors import Conflict, NotFound
from core.predictions import predictions
from core.settings import Settings
from core.storage import LocalStorage, StorageUnavailable, stage
from core.uploads import stored, uploads
from core.uploads.report.examination import Examination
from tests import journeys, made


@pytest.fixture
def files(database: db.Database, storage: LocalStorage) -> LocalStorage:
    return storage


def test_an_upload_is_stored_under_its_user_with_its_profile(
    files: LocalStorage, settings: Settings, user: db.User
) -> None:
    upload = journeys.upload_bytes(
        user, made.CSV, settings=settings, files=files, file_name="../Q3 churn.csv"
    )
    assert upload.file_name == "Q3 churn.csv"
    assert upload.storage_key.startswith(f"uploads/user_{user.id}/")
    assert upload.storage_key.endswith("-Q3_churn.csv")
    assert (upload.n_rows, upload.n_columns, upload.size_bytes) == (2, 3, len(made.CSV))
    assert upload.sha256 == hashlib.sha256(made.CSV).hexdigest()
    with files.open(upload.storage_key) as stored:
        assert stored.read() == made.CSV
    with db.session_scope(user) as session:
        found = uploads.examination_of(uploads.get(session, upload_id=upload.id))
    assert [column.name for column in found.columns] == ["age", "plan", "churned"]


def test_the_same_bytes_again_are_recognised_and_stored_once(
    files: LocalStorage, settings: Settings, user: db.User, stranger: db.User
) -> None:
    first = journeys.upload_bytes(user, made.CSV, settings=settings, files=files)
    again = journeys.upload_bytes(user, made.CSV, settings=settings, files=files, file_name="copy.csv")
    assert again.id == first.id
    assert journeys.upload_bytes(stranger, made.CSV, settings=settings, files=files).id != first.id
    assert len(list(files.keys(f"uploads/user_{user.id}/"))) == 1


def test_the_same_bytes_at_the_same_moment_become_one_upload(
    files: LocalStorage, settings: Settings, user: db.User
) -> None:
    first: list[int] = []

    def another_is_faster(_: Examination) -> None:
        first.append(journeys.upload_bytes(user, made.CSV, settings=settings, files=files).id)

    with stage(settings.staging_dir) as staged:
        staged.write(made.CSV)
        staged.close()
        received = uploads.receive(
            user, storage=files, staged=staged, file_name="copy.csv", require=another_is_faster
        )
    assert received.is_duplicate
    assert [received.upload.id] == first
    assert len(list(files.keys(""))) == 1


@pytest.mark.parametrize("harm", ["removed", "emptied", "cut", "changed"])
def test_the_same_bytes_again_mend_a_stored_copy_that_was_harmed(
    files: LocalStorage, settings: Settings, user: db.User, harm: str
) -> None:
    first = journeys.upload_bytes(user, made.CSV, settings=settings, files=files)
    path = files.root / first.storage_key
    if harm == "removed":
        path.unlink()
    else:
        path.write_bytes({"emptied": b"", "cut": made.CSV[:-9], "changed": made.CSV[::-1]}[harm])
    again = journeys.upload_bytes(user, made.CSV, settings=settings, files=files)
    assert again.id == first.id
    assert path.read_bytes() == made.CSV
    assert list(files.keys("")) == [first.storage_key]


def test_the_same_bytes_again_leave_a_whole_copy_as_it_is(
    files: LocalStorage, settings: Settings, user: db.User
) -> None:
    path = files.root / journeys.upload_bytes(user, made.CSV, settings=settings, files=files).storage_key
    before = path.stat()
    journeys.upload_bytes(user, made.CSV, settings=settings, files=files)
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_refused_file_leaves_nothing_behind(files: LocalStorage, settings: Settings, user: db.User) -> None:
    with pytest.raises(Exception, match=r"customers\.csv"):
        journeys.upload_bytes(user, b"a,b\n1,2,3\n", settings=settings, files=files)
    assert list(files.keys("")) == []
    assert list(settings.staging_dir.iterdir()) == []
    with db.session_scope(user) as session:
        assert uploads.count(session) == 0


def test_storage_that_fails_leaves_no_row(
    files: LocalStorage, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    blocked = LocalStorage(tmp_path / "blocked")
    blocked.root.write_bytes(b"a file where the folder should be")
    with pytest.raises(StorageUnavailable):
        journeys.upload_bytes(user, made.CSV, settings=settings, files=blocked)
    with db.session_scope(user) as session:
        assert uploads.count(session) == 0


def test_an_upload_goes_with_its_predictions_once_their_number_is_confirmed(
    files: LocalStorage, settings: Settings, user: db.User
) -> None:
    upload = journeys.upload_bytes(user, made.CSV, settings=settings, files=files)
    prediction_id = made.completed(user, upload, made.ready_model(user, upload))
    depends = pytest.raises(uploads.PredictionsDependOnIt, match="1 prediction")
    with depends, db.session_scope(user, write=True) as session:
        uploads.delete(session, upload_id=upload.id)
    with db.session_scope(user, write=True) as session:
        prefixes = uploads.delete(session, upload_id=upload.id, n_confirmed=1)
    stored.remove_files(files, prefixes=prefixes)
    assert prefixes == [upload.storage_key, f"results/{prediction_id}/"]
    assert list(files.keys("uploads/")) == []
    for verb, arguments in (
        (uploads.get, {"upload_id": upload.id}),
        (predictions.get, {"prediction_id": prediction_id}),
    ):
        with pytest.raises(NotFound), db.session_scope(user) as session:
            verb(session, **arguments)  # type: ignore[operator]


def test_an_upload_with_pending_work_stays(files: LocalStorage, settings: Settings, user: db.User) -> None:
    upload = journeys.upload_bytes(user, made.CSV, settings=settings, files=files)
    made.queued(user, upload, made.ready_model(user, upload))
    with pytest.raises(Conflict, match="being scored"), db.session_scope(user, write=True) as session:
        uploads.delete(session, upload_id=upload.id, n_confirmed=1)


def test_a_strangers_upload_does_not_exist(
    files: LocalStorage, settings: Settings, user: db.User, stranger: db.User
) -> None:
    upload = journeys.upload_bytes(user, made.CSV, settings=settings, files=files)
    for upload_id in (upload.id, 10**30, -1):
        with pytest.raises(NotFound), db.session_scope(stranger, write=True) as session:
            uploads.delete(session, upload_id=upload_id)
    with db.session_scope(stranger) as session:
        assert uploads.page(session).items == []


def test_lists_run_newest_first_in_pages(files: LocalStorage, settings: Settings, user: db.User) -> None:
    made_ids = [
        journeys.upload_bytes(
            user, made.CSV + b"1,a,No\n" * n, settings=settings, files=files, file_name=f"{n}.csv"
        ).id
        for n in range(3)
    ]
    with db.session_scope(user) as session:
        first = uploads.page(session, limit=2)
        rest = uploads.page(session, limit=2, cursor=first.next_cursor)
        assert [row.id for row in (*first.items, *rest.items)] == made_ids[::-1]
        assert [row.id for row in uploads.page(session, search="1.CSV").items] == [made_ids[1]]
