"""Starting and stopping the product, as a stranger would meet it: what it says, where it listens, how it ends."""

from __future__ import annotations

import logging
import os
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from asyncio import CancelledError
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest
import uvicorn

from core import app as process
from core.settings import Settings
from core.start import NoRoom, require_writable
from tests.servers import app as servers
from tests.servers import forks
from tests.servers.waiting import PATIENCE_S, wait_for

PROJECT = Path(__file__).resolve().parents[1]


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to be refused."""
    ours = {name.upper() for name in Settings.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return forks.run(
        [sys.executable, "-m", "core.start"],
        cwd=PROJECT, env={**inherited, **environment}, capture_output=True, text=True,
    )  # fmt: skip


def test_the_last_line_is_the_one_address_to_open(tmp_path: Path) -> None:
    with servers.running(tmp_path, anew=True, SAMPLE="true") as app:
        log = wait_for(lambda: app.log() if "ready" in app.log() else None)
    assert log.splitlines()[-1].endswith(f"Model Desk is ready: {app.url}")
    assert len(re.findall(r"https?://", log)) == 1
    assert "Traceback" not in log


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    with servers.running(tmp_path, anew=True) as app:
        bound = [
            connection.laddr.ip
            for process in (psutil.Process(app.pid), *psutil.Process(app.pid).children(recursive=True))
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        ]
    assert bound == ["127.0.0.1"]


def test_sigterm_ends_the_app_and_its_children_and_hands_work_back(tmp_path: Path) -> None:
    with servers.running(tmp_path, anew=True, SAMPLE="true") as app:
        children = wait_for(lambda: psutil.Process(app.pid).children(recursive=True))
    assert [
        child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE
    ] == []
    assert "Traceback" not in app.log()
    state = subprocess.run(
        [sys.executable, "-c", "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute("
         "'SELECT state, lease_until FROM tasks').fetchone())", str(app.data_dir / "model_desk.sqlite3")],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert state in (["QUEUED", "None"], ["SUCCEEDED", "None"])


def test_an_upload_that_stalls_does_not_hold_the_stop_up(tmp_path: Path) -> None:
    with (
        ExitStack() as closing,
        servers.running(tmp_path, anew=True) as app,
    ):  # raises when the stop takes too long
        stalled = closing.enter_context(socket.create_connection(("127.0.0.1", app.port)))
        stalled.sendall(
            f"POST /api/csv HTTP/1.1\r\nHost: localhost:{app.port}\r\nContent-Length: 5000\r\n"
            "Content-Type: multipart/form-data; boundary=B\r\n\r\n--B\r\n".encode()
        )
        wait_for(lambda: list(app.data_dir.glob("staging/*")))
    said = app.log()
    assert "Cancel 1 running task(s)" in said
    assert "Traceback" not in said, said


def test_the_stop_hides_no_other_traceback() -> None:
    server = uvicorn.Server(uvicorn.Config(app=None))

    def is_news(error: BaseException | None) -> bool:
        exc_info = (type(error), error, None) if error else None
        record = logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "It broke.", None, exc_info)
        return process.is_news(server, record)

    assert is_news(CancelledError())
    server.should_exit = True
    assert not is_news(CancelledError())
    assert is_news(ZeroDivisionError())
    assert is_news(None)


def test_a_busy_port_is_one_sentence_with_a_free_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = start(PORT=str(port), DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(
        rf"Port {port} is in use by another program\. Stop it, or choose another port: make run PORT=\d+\n",
        done.stderr,
    )


def test_a_data_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("a file where the folder should be")
    done = start(PORT=str(servers.spare_port()), DATA_DIR=str(in_the_way))
    assert done.returncode == 1
    assert done.stderr.startswith(f"The app can't write to the data folder {in_the_way} (")
    assert done.stderr.count("\n") == 1


def test_a_full_disk_is_one_sentence_that_asks_for_room(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))  # what a full disk does to whoever writes
    try:
        with pytest.raises(NoRoom) as refused:
            require_writable(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(refused.value).startswith(f"The disk of the data folder {tmp_path} is full (")
    assert "Free some space" in refused.value.hint
    assert list(tmp_path.iterdir()) == []


def test_an_emptied_database_beside_its_files_is_not_taken_for_a_new_installation(tmp_path: Path) -> None:
    upload = tmp_path / "data" / "files" / "uploads" / "user_1" / "a.csv"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(b"of the database that was removed")
    with servers.running(tmp_path, anew=True, SAMPLE="true") as app:
        refused = httpx.get(f"{app.url}/api/uploads")
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "files_of_another_database")
    assert "python -m core.system restore" in refused.json()["error"]["hint"]
    said = app.log()
    assert "The database is new and empty, but storage has 1 file of an earlier one" in said
    assert "Traceback" not in said
    assert [path for path in (tmp_path / "data" / "files").rglob("*") if path.is_file()] == [upload]
    with sqlite3.connect(tmp_path / "data" / "model_desk.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    url = f"postgresql://ada:hunter2@127.0.0.1:{servers.spare_port()}/desk"
    done = start(PORT=str(servers.spare_port()), DATA_DIR=str(tmp_path), DATABASE_URL=url)
    assert done.returncode == 1
    assert done.stderr.startswith("The database can't be used right now: connection failed")
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr


def test_a_damaged_database_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "model_desk.sqlite3").write_text("this file is no database")
    done = start(PORT=str(servers.spare_port()), DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("The database can't be used right now: file is not a database.")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PORT", "eighty", "The setting PORT can't be used: input should be a valid integer"),
        (
            "WORKERS",
            "-1",
            "The setting WORKERS can't be used: input should be greater than or equal to 0, not '-1'",
        ),
        (
            "DATABASE_URL",
            "mysql://x",
            "The setting DATABASE_URL can't be used: it must start with sqlite:///",
        ),
        (
            "STORAGE_URL",
            "ftp://x",
            "The setting STORAGE_URL can't be used: it must start with file://, s3:// or supabase://",
        ),
        ("STORAGE_URL", "s3:///desk", "The setting STORAGE_URL can't be used: it must name a bucket"),
        ("S3_ENDPOINT_URL", "minio:9000", "The setting S3_ENDPOINT_URL can't be used: it must be an address"),
        ("APP_URL", "desk", "The setting APP_URL can't be used: it must be an address such as https://"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    done = start(**{"DATA_DIR": str(tmp_path), name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_a_wrong_database_is_refused_without_its_password(tmp_path: Path) -> None:
    done = start(DATA_DIR=str(tmp_path), DATABASE_URL="mysql://ada:hunter2@host/desk")
    assert done.returncode == 1
    assert "hunter2" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"LISTEN_ADDRESS": "0.0.0.0"},
            "The app would listen on 0.0.0.0, but sign-in is off. Set OIDC_ISSUER",
        ),
        (
            {"APP_URL": "https://desk.example.org"},
            "APP_URL is https://desk.example.org, but sign-in is off.",
        ),
        (
            {
                "APP_URL": "http://desk.example.org",
                "OIDC_ISSUER": "https://id.example",
                "OIDC_CLIENT_ID": "desk",
            },
            "People sign in at http://desk.example.org, which is not encrypted.",
        ),
        ({"LISTEN_ADDRESS": "192.0.2.7", "ALLOW_ANONYMOUS": "1"}, "This machine has no address 192.0.2.7"),
    ],
)
def test_what_others_could_reach_does_not_start_unguarded(
    tmp_path: Path, settings: dict[str, str], message: str
) -> None:
    done = start(**{"DATA_DIR": str(tmp_path), "PORT": str(servers.spare_port()), **settings})
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("python", ["no-such-python", "/bin/false"])
def test_a_missing_python_is_one_sentence(tmp_path: Path, python: str) -> None:
    for name in ("Makefile", "requirements.txt"):
        shutil.copy(PROJECT / name, tmp_path / name)
    done = subprocess.run(
        ["make", "--no-print-directory", "run", f"PYTHON={python}"],
        cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert done.stderr.startswith("Python 3.11 is needed")
    assert not (tmp_path / ".venv").exists()
