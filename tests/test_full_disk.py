"""A disk that is really full: deleting works, downloads go on, and who can't be served is told which and how much."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx

from core.storage.disk_reserve import NAME
from tests.servers import app as servers
from tests.servers.processes import PROJECT
from tests.servers.small_disk import on_small_disk
from tests.servers.waiting import wait_for

DISK_BYTES, RESERVE_MB = 40_000_000, 4
HALF = 3_000_000


def upload(app: servers.App, name: str, n_bytes: int = HALF) -> httpx.Response:
    line = b"%s,12345678901234567890\n" % name.encode()
    content = b"name,number\n" + line * (n_bytes // len(line))
    return httpx.post(
        f"{app.url}/api/csv", files={"file": (f"{name}.csv", content)}, data={"mode": "none"}, timeout=60
    )


def fill(folder: Path) -> Path:
    """As another program does, to the last byte."""
    path = folder / "of another program"
    with path.open("ab", buffering=0) as stream:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    stream.write(b"x" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC  # it is what ends the loop
    return path


def test_on_a_full_disk_one_can_delete_and_download_and_is_told_what_is_missing(tmp_path: Path) -> None:
    small = on_small_disk(tmp_path / "data", DISK_BYTES)
    with servers.running(tmp_path, within=small, WORKERS="0", RESERVE_MB=str(RESERVE_MB)) as app:
        disk = Path(f"/proc/{app.pid}/root{tmp_path}/data")
        reserve = disk / NAME
        assert reserve.stat().st_size == RESERVE_MB * 1_000_000
        first, second = (upload(app, name).json()["upload_id"] for name in ("first", "second"))
        other = fill(disk)

        refused = upload(app, "third")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "disk_full")
        told = refused.json()["error"]["message"]
        assert f"There is no space left in {tmp_path}/data/" in told
        assert re.search(
            r"its disk has 0\.0 MB free of 40\.0 MB, and 3\.\d MB more are needed$", told.rstrip(".")
        ), told
        assert reserve.exists(), "what can't be stored took the room for deleting"

        download = httpx.get(f"{app.url}/api/uploads/{first}/file")
        assert (download.status_code, len(download.content)) == (200, upload_size(app, first))
        trail = httpx.get(f"{app.url}/api/audit").json()["items"]
        assert "upload.downloaded" in [event["action"] for event in trail]

        assert upload(app, "fourth").status_code == 503
        assert httpx.delete(f"{app.url}/api/uploads/{first}").status_code == 200
        assert [row["id"] for row in httpx.get(f"{app.url}/api/uploads").json()["items"]] == [second]
        assert len(list((disk / "files" / "uploads").rglob("*.csv"))) == 1
        fill(disk)
        assert httpx.delete(f"{app.url}/api/uploads/{second}").status_code == 200
        assert "Traceback" not in app.log()

        other.unlink()
        wait_for(lambda: upload(app, "fifth").status_code == 201, what="an upload to be taken again")
        fifth = httpx.get(f"{app.url}/api/uploads").json()["items"][0]["id"]
        assert httpx.delete(f"{app.url}/api/uploads/{fifth}").status_code == 200
        assert reserve.stat().st_size == RESERVE_MB * 1_000_000, "it is not kept again"


def upload_size(app: servers.App, upload_id: str) -> int:
    found: int = httpx.get(f"{app.url}/api/uploads/{upload_id}").json()["size_bytes"]
    return found


STARTS = """
import sys
from pathlib import Path
from core import start, settings
from core.storage import disk_reserve
config = settings.read(_env_file=None)
reserve = disk_reserve.of(config)
assert reserve.make()
with (config.data_dir / "other").open("ab", buffering=0) as stream:
    try:
        while True:
            stream.write(b"x" * 4096)
    except OSError:
        pass
try:
    start.require_writable(config.data_dir)
except start.NoRoom:
    print("full")
start.require_room(config)
print(reserve.is_there)
with (config.data_dir / "other").open("ab", buffering=0) as stream:
    try:
        while True:
            stream.write(b"x" * 4096)
    except OSError:
        pass
start.require_room(config)
"""


def test_a_start_on_a_full_disk_gives_the_room_for_deleting_up_and_without_it_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    ended = subprocess.run(
        [*on_small_disk(folder, 8_000_000), sys.executable, "-c", STARTS],
        cwd=PROJECT, env={**os.environ, "DATA_DIR": str(folder), "RESERVE_MB": "2"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.stdout == "full\nFalse\n", ended.stderr
    assert f"The disk of the data folder {folder} is full" in ended.stderr


WRITES = """
import os, sys
from pathlib import Path
from core import db
from core.db import migrate
from core.db.tables.users import UserRow
folder = Path(sys.argv[1])
database = db.connect(f"sqlite:///{folder / 'desk.sqlite3'}")
migrate.upgrade(database)
with (folder / "other").open("ab", buffering=0) as stream:
    try:
        while True:
            stream.write(b"x" * 4096)
    except OSError:
        pass
for _ in range(2):
    try:
        with db.session_scope(db.WORKER, write=True) as session:
            session.add_all(UserRow(name="x" * 1_000) for _ in range(2_000))
    except db.DatabaseUnavailable as error:
        print(error.code, error)
    database.dispose()  # its files are made anew, for which there is no room either
"""


def test_a_database_on_a_full_disk_says_which_and_how_much_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    ended = subprocess.run(
        [*on_small_disk(folder, 4_000_000), sys.executable, "-c", WRITES, str(folder)],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = (
        f"database_full Nothing was saved, because the disk of the database {folder}/desk.sqlite3 has 0.0 MB free. "
        "Delete what is no longer needed, or free some space there, then try again."
    )
    assert ended.stdout.splitlines() == [told] * 2, ended.stdout + ended.stderr
