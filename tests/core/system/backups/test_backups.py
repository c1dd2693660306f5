"""Backup, wipe, restore: everything opens and downloads, nothing is written over, and what is missing is named."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from core import access, db, storage
from core.db import migrate
from core.db.tables.uploads import UploadRow
from core.db.tables.users import UserRow
from core.predictions import listing
from core.settings import Settings
from core.storage import LocalStorage
from core.system import installation
from core.system.backups import backup, manifest, restore
from core.system.backups.manifest import Manifest, NotABackup
from core.system.backups.restore import NotEmpty, Restored
from core.uploads import stored, uploads
from tests import journeys, made
from tests.servers import app as servers
from tests.servers import forks
from tests.servers.postgres import Cluster
from tests.servers.processes import PROJECT
from tests.servers.seaweed import S3Server
from tests.servers.small_disk import on_small_disk


def make(settings: Settings, target: Path) -> Manifest:
    return backup.make(settings, target, tell=lambda _: None)


def bring_back(settings: Settings, source: Path) -> Restored:
    return restore.restore(settings, source, tell=lambda _: None)


def wipe(settings: Settings) -> None:
    db.current().dispose()
    shutil.rmtree(settings.data_dir)
    storage.local._roots.clear()  # as another process


def upload(settings: Settings, user: db.User, content: bytes = made.CSV) -> UploadRow:
    return journeys.upload_bytes(user, content, settings=settings, files=storage.from_settings(settings))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_backed_up_while_others_wrote_opens_and_downloads_after_a_restore(
    scored_model: Path, tmp_path: Path
) -> None:
    data, target = tmp_path / "data", tmp_path / "backup"
    shutil.copytree(scored_model, data)
    config = journeys.embedded(data)
    db.connect_configured(config)
    user = access.local_user()
    over, n_written = threading.Event(), 0

    def write() -> None:
        nonlocal n_written
        files = storage.from_settings(config)
        while not over.is_set():
            added = upload(config, user, b"name,age\nAda,%d\n" % n_written)
            n_written += 1
            if n_written % 2:
                with db.session_scope(user, write=True) as session:
                    prefixes = uploads.delete(session, upload_id=added.id)
                stored.remove_files(files, prefixes=prefixes)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(4):
            backed_up = make(config, target)
            assert backed_up.missing == ()
            if n < 3:
                shutil.rmtree(target)
    finally:
        over.set()
        writer.join()
    assert n_written > 5
    with db.session_scope(user) as session:
        (scored,) = listing.page(session).items
    results = {"csv": data / "files" / str(scored.output_key)}
    result = results["csv"].read_bytes()
    wipe(config)
    restored = bring_back(config, target)
    assert (restored.missing, restored.n_written, restored.n_kept) == ([], backed_up.n_files, 0)
    with servers.running(tmp_path) as app:
        listed = httpx.get(f"{app.url}/api/uploads", params={"limit": 100}).json()
        answer = httpx.get(f"{app.url}/api/predictions/download_predictions/{scored.id}")
        checks = httpx.get(f"{app.url}/api/health")
    assert answer.content == result
    assert len(listed["items"]) == backed_up.n_files - 2  # a model and a result
    assert checks.status_code == 200
    db.connect_configured(config)
    for row in journeys.ask(user, lambda session: uploads.page(session, limit=200).items):
        assert stored.is_whole(storage.from_settings(config), row), row.file_name
    db.current().dispose()


def test_a_backup_is_private_whole_and_of_what_rows_own_alone(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    kept = upload(settings, user)
    lost = settings.files_dir / "uploads" / "nobody's.csv"
    lost.write_bytes(b"without a row")
    others = settings.files_dir / "datasets" / "1.log"
    others.parent.mkdir()
    others.write_bytes(b"of a room that says nothing")
    target = tmp_path / "below" / "backup"
    made_ = make(settings, target)
    assert sorted(path.name for path in target.iterdir()) == [
        "database.sqlite3", "files", "files.jsonl", "manifest.json",
    ]  # fmt: skip
    assert contents(target / "files") == {kept.storage_key: made.CSV, "datasets/1.log": others.read_bytes()}
    assert [path.name for path in target.parent.iterdir()] == ["backup"]
    assert manifest.read(target) == made_
    assert {one.key: one.sha256 for one in manifest.read_list(target)}[kept.storage_key] == kept.sha256


def test_a_backup_writes_over_nothing_and_not_among_the_files(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    upload(settings, user)
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "letter").write_bytes(b"mine")
    with pytest.raises(backup.FolderTaken, match="is not empty"):
        make(settings, taken)
    with pytest.raises(backup.FolderTaken):
        make(settings, taken / "letter")
    with pytest.raises(backup.FolderInside, match="elsewhere"):
        make(settings, settings.files_dir / "uploads" / "backup")
    assert contents(taken) == {"letter": b"mine"}
    (tmp_path / "empty").mkdir()
    assert make(settings, tmp_path / "empty").n_files == 1


def test_a_backup_that_finds_no_room_says_where_and_leaves_nothing(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    upload(settings, user)
    for row in range(20):
        journeys.upload_bytes(
            user,
            f"a,b\n{row},{'x' * 100_000}\n".encode(),
            settings=settings,
            files=LocalStorage(settings.files_dir),
        )
    small = tmp_path / "small"
    for n_bytes in (200_000, 1_000_000):  # for the database, and for it with some of the files
        ended = subprocess.run(
            [*on_small_disk(small, n_bytes), sys.executable, "-m", "core.system", "backup", str(small / "backup")],
            cwd=PROJECT, env={**os.environ, **settings.environment()}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 1
        assert f"There is no space left in {small}" in ended.stderr, ended.stderr
        assert "Traceback" not in ended.stderr


def test_where_there_is_no_database_there_is_no_backup(tmp_path: Path) -> None:
    done = shell("backup", tmp_path / "backup", DATA_DIR=str(tmp_path / "typo"))
    assert (done.returncode, "There is no database at" in done.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_storage_lacks_is_named_by_backup_and_restore(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    gone, kept = upload(settings, user), upload(settings, user, b"name,age\nBob,1\n")
    (settings.files_dir / gone.storage_key).unlink()
    done = shell("backup", tmp_path / "backup", **settings.environment())
    assert (done.returncode, done.stderr) == (1, f"missing: {gone.storage_key}\n")
    assert f"The database and 1 file (0.0 MB) are in {tmp_path / 'backup'}." in done.stdout
    wipe(settings)
    done = shell("restore", tmp_path / "backup", **settings.environment())
    assert (done.returncode, done.stderr) == (1, f"missing: {gone.storage_key}\n")
    assert "The database and 1 file restored, as of 20" in done.stdout
    assert contents(settings.files_dir) == {kept.storage_key: b"name,age\nBob,1\n"}


def test_a_lost_database_comes_back_beside_its_files(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    first = upload(settings, user)
    make(settings, tmp_path / "backup")
    later = upload(settings, user, b"name,age\nBob,1\n")
    db.current().dispose()
    for path in settings.data_dir.glob("model_desk.sqlite3*"):
        path.unlink()
    migrate.upgrade(db.connect_configured(settings))  # as the app does that finds none
    db.current().dispose()
    restored = bring_back(settings, tmp_path / "backup")
    assert (restored.n_written, restored.n_kept, restored.n_others) == (0, 1, 1)
    db.connect_configured(settings)
    found = journeys.ask(user, lambda session: uploads.page(session).items)
    assert [row.id for row in found] == [first.id]
    assert (settings.files_dir / later.storage_key).is_file()


def test_a_restore_writes_over_nothing(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    row = upload(settings, user)
    make(settings, tmp_path / "backup")
    before = contents(settings.data_dir / "files")
    with pytest.raises(NotEmpty, match="There is a database with data"):
        bring_back(settings, tmp_path / "backup")
    db.current().dispose()
    for path in settings.data_dir.glob("model_desk.sqlite3*"):
        path.unlink()
    (settings.files_dir / row.storage_key).write_bytes(b"x" * row.size_bytes)
    with pytest.raises(NotEmpty, match="other files under 1 of the names"):
        bring_back(settings, tmp_path / "backup")
    assert contents(settings.data_dir / "files") == {**before, row.storage_key: b"x" * row.size_bytes}
    assert not (settings.data_dir / "model_desk.sqlite3").exists()


def test_a_running_app_is_not_given_another_database(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    make(settings, tmp_path / "backup")
    wipe(settings)
    migrate.upgrade(db.connect_configured(settings))
    with journeys.running(settings, slots=0) as runner, db.session_scope(db.WORKER, write=True) as session:
        from core.queue import Pool, workers

        workers.beat(session, worker_id=runner.id, pools={Pool.SCORING: 1}, is_embedded=True)
    with pytest.raises(NotEmpty, match="An app is running on the database"):
        bring_back(settings, tmp_path / "backup")


def _no_manifest(folder: Path) -> None:
    (folder / manifest.MANIFEST).unlink()


def _half_a_manifest(folder: Path) -> None:
    (folder / manifest.MANIFEST).write_text('{"format": 1, "ver')


def _another_format(folder: Path) -> None:
    said = json.loads((folder / manifest.MANIFEST).read_text())
    (folder / manifest.MANIFEST).write_text(json.dumps({**said, "format": 99}))


def _changed_list(folder: Path) -> None:
    (folder / manifest.LIST).write_text("")


def _changed_database(folder: Path) -> None:
    with (folder / manifest.SNAPSHOT).open("r+b") as stream:
        stream.seek(5_000)
        stream.write(b"x")


def _file_gone(folder: Path) -> None:
    shutil.rmtree(folder / manifest.FILES / "uploads")


def _file_changed(folder: Path) -> None:
    (path,) = (path for path in (folder / manifest.FILES).rglob("*.csv"))
    path.write_bytes(b"x" * path.stat().st_size)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_no_manifest, "it has no manifest.json"),
        (_half_a_manifest, "its manifest.json can't be read"),
        (_another_format, "its format is 99, not 1"),
        (_changed_list, "its files.jsonl is missing or was changed"),
        (_changed_database, "its database.sqlite3 is missing or was changed"),
        (_file_gone, "1 of its files are missing, such as uploads/"),
        (_file_changed, "was changed"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_and_no_database_is_made(
    sqlite_database: db.Database,
    settings: Settings,
    user: db.User,
    tmp_path: Path,
    harm: Callable[[Path], None],
    said: str,
) -> None:
    upload(settings, user)
    make(settings, tmp_path / "backup")
    harm(tmp_path / "backup")
    wipe(settings)
    with pytest.raises(NotABackup, match=said):
        bring_back(settings, tmp_path / "backup")
    assert not list(settings.data_dir.rglob("*.*")) if settings.data_dir.exists() else True


def test_a_backup_of_a_newer_version_is_refused(
    sqlite_database: db.Database, settings: Settings, tmp_path: Path
) -> None:
    make(settings, tmp_path / "backup")
    path = tmp_path / "backup" / manifest.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "revision": "9999"}))
    wipe(settings)
    with pytest.raises(migrate.NewerSchema):
        bring_back(settings, tmp_path / "backup")


def test_a_restore_that_was_broken_off_goes_on(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    rows = [upload(settings, user, b"name,age\nAda,%d\n" % n) for n in range(3)]
    make(settings, tmp_path / "backup")
    wipe(settings)
    some = settings.files_dir / rows[0].storage_key
    some.parent.mkdir(parents=True)
    shutil.copyfile(tmp_path / "backup" / "files" / rows[0].storage_key, some)
    (settings.data_dir / "model_desk.sqlite3.restoring").write_bytes(b"half")
    restored = bring_back(settings, tmp_path / "backup")
    assert (restored.n_written, restored.n_kept) == (2, 1)
    db.connect_configured(settings)
    assert journeys.ask(user, uploads.count) == 3
    assert not (settings.data_dir / "model_desk.sqlite3.restoring").exists()


def test_the_database_of_a_backup_has_nothing_half(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        session.add(UserRow(id=uuid4(), name="not committed"))
        session.flush()
        made_ = make(settings, tmp_path / "backup")
    snapshot = tmp_path / "backup" / manifest.SNAPSHOT
    assert hashlib.sha256(snapshot.read_bytes()).hexdigest() == made_.database_sha256
    with sqlite3.connect(snapshot) as copy:
        assert copy.execute("SELECT name FROM users").fetchall() == [(user.name,)]
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not list(snapshot.parent.glob("*-wal"))


def test_postgres_is_copied_by_its_own_command_without_a_password_and_files_by_ours(
    postgres: Cluster, postgres_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    row = upload(settings, user)
    url = sa.make_url(settings.database_url).set(password="hunter2")  # of nobody
    settings = settings.model_copy(
        update={"database_url": f"{url.render_as_string(hide_password=False)}?password=hunter3"}
    )
    said: list[str] = []
    made_ = backup.make(settings, tmp_path / "backup", tell=said.append)
    assert (made_.database, made_.database_sha256, made_.n_files) == ("postgres", None, 1)
    assert "hunter" not in "".join(said) + (tmp_path / "backup" / manifest.MANIFEST).read_text()
    (dump,) = (line for line in said if "pg_dump" in line)
    run(dump, postgres)
    db.current().dispose()
    shutil.rmtree(settings.files_dir)
    storage.local._roots.clear()  # as another process
    anew = f"anew_{uuid4().hex}"
    url = sa.make_url(postgres.create(anew)).set(password="hunter2")
    empty = settings.model_copy(update={"database_url": url.render_as_string(hide_password=False)})
    said.clear()
    restored = restore.restore(empty, tmp_path / "backup", tell=said.append)
    assert (restored.n_written, restored.missing) == (1, [])
    assert "hunter" not in "".join(said)
    (back,) = (line for line in said if "pg_restore" in line)
    run(back, postgres)
    db.connect_configured(empty)
    (found,) = journeys.ask(user, lambda session: uploads.page(session).items)
    assert stored.is_whole(storage.from_settings(empty), found)
    assert found.id == row.id
    db.current().dispose()


def run(line: str, postgres: Cluster) -> None:
    command = shlex.split(line)
    command[0] = str(postgres._programs / command[0])
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_a_backup_of_another_kind_of_database_is_refused(
    sqlite_database: db.Database, settings: Settings, tmp_path: Path
) -> None:
    make(settings, tmp_path / "backup")
    other = settings.model_copy(update={"database_url": "postgresql://127.0.0.1:1/desk"})
    with pytest.raises(restore.OtherDatabase, match="of sqlite, but the settings name postgres"):
        bring_back(other, tmp_path / "backup")


def test_files_in_a_bucket_stay_there_and_are_listed_and_verified(
    sqlite_database: db.Database, settings: Settings, user: db.User, s3_server: S3Server, tmp_path: Path
) -> None:
    bucket = s3_server.settings(f"s3://desk/{uuid4().hex}")
    settings = settings.model_copy(update={name: getattr(bucket, name) for name in bucket.model_fields_set})
    files = storage.from_settings(settings)
    files.prepare()
    kept, gone = upload(settings, user), upload(settings, user, b"name,age\nBob,1\n")
    installation.mark(files, uuid4(), staging_dir=settings.staging_dir)
    said: list[str] = []
    made_ = backup.make(settings, tmp_path / "backup", tell=said.append)
    assert (made_.has_files, made_.n_files) == (False, 2)
    assert "turn on versioning or backups there" in said[0]
    assert not (tmp_path / "backup" / manifest.FILES).exists()
    files.delete(gone.storage_key)
    wipe(settings)
    restored = bring_back(settings, tmp_path / "backup")
    assert (restored.n_kept, restored.n_written, restored.missing) == (1, 0, [gone.storage_key])
    db.connect_configured(settings)
    assert {row.id for row in journeys.ask(user, lambda session: uploads.page(session).items)} == {
        kept.id, gone.id,
    }  # fmt: skip


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_the_shell_asks_for_a_folder(verb: str) -> None:
    done = shell(verb)
    assert (done.returncode, f"{verb} needs " in done.stderr) == (2, True)


def test_the_shell_sweeps_at_once_but_only_what_is_the_databases_own(
    sqlite_database: db.Database, settings: Settings, user: db.User
) -> None:
    row = upload(settings, user)
    for n in range(30):
        lost = settings.files_dir / "uploads" / f"{n}.csv"
        lost.write_bytes(b"lost")
        if n:
            os.utime(lost, (1_000, 1_000))
    refused = shell("sweep", **settings.environment())
    assert (refused.returncode, "not certain" in refused.stderr) == (1, True)
    local = access.settle_local_user()
    installation.mark(storage.from_settings(settings), local.id, staging_dir=settings.staging_dir)
    done = shell("sweep", **settings.environment())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "29 files removed that nothing refers to. 1 other is younger than a day.\n"
    assert set(storage.from_settings(settings).keys("uploads/")) == {row.storage_key, "uploads/0.csv"}


def shell(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    ours = {name.upper() for name in Settings.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return forks.run(
        [sys.executable, "-m", "core.system", *map(str, arguments)],
        env={**inherited, **environment}, cwd=PROJECT, check=False, capture_output=True, text=True,
    )  # fmt: skip
