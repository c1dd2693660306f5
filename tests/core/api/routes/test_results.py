from __future__ import annotations

import hashlib
import io
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import httpx
import psutil
import pyarrow.parquet as pq
import pytest

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.predictions import predictions
from core.queue import TaskState
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys, made
from tests.core.api.conftest import stored_keys
from tests.servers.waiting import PATIENCE_S, wait_for
from tests.together import together

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
RESULT = b"name,amount,prediction,probability\n" + b"".join(
    b"row %d,%d,Yes,0.%03d\n" % (number, number, number % 1000) for number in range(20_000)
)
pytestmark = ONE_DATABASE


@pytest.fixture
def prediction_id(
    me: db.User, upload: UploadRow, model: ModelRow, storage: LocalStorage, settings: Settings
) -> UUID:
    """A completed prediction with RESULT as its file; its upload has a name beyond ASCII."""
    with db.session_scope(me, write=True) as session:
        session.get_one(UploadRow, upload.id).file_name = 'Größen "2026".csv'
    queued = journeys.queue_prediction(me, upload, model)
    key = f"results/{queued}/1.csv"
    source = settings.data_dir / "result"
    source.write_bytes(RESULT)
    storage.put(key, source)
    task_id = journeys.ask(me, lambda session: predictions.get(session, prediction_id=queued)).task_id
    made.settle(
        task_id,
        TaskState.SUCCEEDED,
        result={
            "output_key": key,
            "output_bytes": len(RESULT),
            "output_sha256": hashlib.sha256(RESULT).hexdigest(),
            "columns": {"added": ["prediction", "probability"]},
            "metrics_json": None,
        },
    )
    return queued


@pytest.fixture
def path(prediction_id: UUID) -> str:
    return f"/api/predictions/download_predictions/{prediction_id}"


def test_the_whole_file_comes_with_what_a_browser_needs_to_know(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.content) == (200, RESULT)
    given = answer.headers
    assert given["content-type"] == "text/csv; charset=utf-8"
    assert given["content-encoding"] == "identity"
    assert given["content-length"] == str(len(RESULT))
    assert given["accept-ranges"] == "bytes"
    assert given["etag"] == f'"{hashlib.sha256(RESULT).hexdigest()}"'
    assert given["x-content-type-options"] == "nosniff"
    assert given["content-disposition"] == (
        'attachment; filename="Gr__en _2026_ scored.csv"; '
        "filename*=UTF-8''Gr%C3%B6%C3%9Fen%20%222026%22%20scored.csv"
    )


def test_a_slash_behind_it_changes_nothing(client: httpx.Client, path: str) -> None:
    assert client.get(f"{path}/").content == RESULT


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=300000-", 300_000, len(RESULT)),
        ("bytes=-7", len(RESULT) - 7, len(RESULT)),
        ("bytes=10-99999999999", 10, len(RESULT)),
        ("bytes=-99999999999", 0, len(RESULT)),
        (f"bytes={len(RESULT) - 1}-", len(RESULT) - 1, len(RESULT)),
        ("Bytes=5-9", 5, 10),
    ],
)
def test_a_range_is_answered_with_just_that(
    client: httpx.Client, path: str, asked: str, start: int, stop: int
) -> None:
    answer = client.get(path, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, RESULT[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(RESULT)}"
    assert answer.headers["content-length"] == str(stop - start)


@pytest.mark.parametrize(
    "asked",
    [
        f"bytes={len(RESULT)}-",
        f"bytes={len(RESULT) + 5}-{len(RESULT) + 9}",
        "bytes=-0",
        "bytes=" + "9" * 25 + "-",
    ],
)
def test_a_range_behind_the_end_can_not_be_satisfied(client: httpx.Client, path: str, asked: str) -> None:
    answer = client.get(path, headers={"Range": asked})
    assert (answer.status_code, answer.json()["error"]["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(RESULT)}"


@pytest.mark.parametrize(
    "asked",
    ["bytes=9-5", "bytes=-", "bytes=a-b", "rows=0-5", "bytes=0-1,5-6", "", "bytes=" + "9" * 5000 + "-"],
)
def test_what_is_no_single_range_gets_the_whole_file(client: httpx.Client, path: str, asked: str) -> None:
    answer = client.get(path, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, RESULT)


def test_a_download_goes_on_only_while_the_file_is_the_same(client: httpx.Client, path: str) -> None:
    etag = client.head(path).headers["etag"]
    goes_on = client.get(path, headers={"Range": "bytes=10-19", "If-Range": etag})
    begins_again = client.get(path, headers={"Range": "bytes=10-19", "If-Range": '"another"'})
    assert (goes_on.status_code, goes_on.content) == (206, RESULT[10:20])
    assert (begins_again.status_code, begins_again.content) == (200, RESULT)


def test_who_has_the_file_already_gets_it_only_once(client: httpx.Client, path: str) -> None:
    etag = client.head(path).headers["etag"]
    for tags in (etag, f'"another", {etag}', f"W/{etag}", "*"):
        answer = client.get(path, headers={"If-None-Match": tags})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert client.get(path, headers={"If-None-Match": '"another"'}).content == RESULT


def test_who_wants_one_version_of_the_file_gets_no_other(client: httpx.Client, path: str) -> None:
    etag = client.head(path).headers["etag"]
    for tags in (etag, "*"):
        assert client.get(path, headers={"If-Match": tags}).content == RESULT
    answer = client.get(path, headers={"If-Match": '"another"'})
    assert (answer.status_code, answer.json()["error"]["code"]) == (412, "precondition_failed")


def test_one_can_ask_for_the_size_alone(client: httpx.Client, path: str) -> None:
    answer = client.head(path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(RESULT))


def test_parquet_is_made_once_and_then_stored(
    client: httpx.Client, path: str, prediction_id: UUID, storage: LocalStorage
) -> None:
    first = client.get(path, params={"format": "parquet"})
    assert first.status_code == 200
    assert "scored.parquet" in first.headers["content-disposition"]
    table = pq.read_table(io.BytesIO(first.content))
    assert table.column_names == ["name", "amount", "prediction", "probability"]
    assert table.column("amount").to_pylist() == list(range(20_000))
    kept = f"results/{prediction_id}/1.csv.parquet"
    assert kept in stored_keys(storage)
    with storage.open(kept) as stream:
        assert stream.read() == first.content
    part = client.get(path, params={"format": "parquet"}, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"PAR1")
    assert first.headers["etag"] != client.head(path).headers["etag"]


def test_a_format_nobody_knows_is_refused(client: httpx.Client, path: str) -> None:
    assert client.get(path, params={"format": "xlsx"}).status_code == 422


def test_nothing_is_downloaded_before_it_is_completed(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    queued = journeys.queue_prediction(me, upload, model)
    for form in ("csv", "parquet"):
        answer = client.get(f"/api/predictions/download_predictions/{queued}", params={"format": form})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
        assert "QUEUED" in answer.json()["error"]["message"]


def test_a_result_that_was_removed_from_storage_is_said_to_be_gone(
    client: httpx.Client, path: str, prediction_id: UUID, storage: LocalStorage
) -> None:
    assert storage.delete(f"results/{prediction_id}/1.csv")
    for form in ("csv", "parquet"):
        answer = client.get(path, params={"format": form})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "result_gone")
        assert 'Größen "2026".csv' in answer.json()["error"]["message"]
        assert "Score the upload again" in answer.json()["error"]["hint"]


@pytest.mark.parametrize("harm", ["cut", "emptied", "longer"])
def test_a_result_of_another_size_is_not_given_out(
    client: httpx.Client, path: str, prediction_id: UUID, storage: LocalStorage, harm: str
) -> None:
    harmed = {"cut": RESULT[:-9], "emptied": b"", "longer": RESULT + b"x"}[harm]
    (storage.root / f"results/{prediction_id}/1.csv").write_bytes(harmed)
    for form in ("csv", "parquet"):
        answer = client.get(path, params={"format": form})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "result_damaged")
    assert not [key for key in stored_keys(storage) if key.endswith(".parquet")]


@pytest.mark.parametrize("harm", ["one cell", "zeros", "a row too wide"])
def test_no_parquet_is_made_of_other_bytes_than_scoring_wrote(
    client: httpx.Client, path: str, prediction_id: UUID, storage: LocalStorage, harm: str
) -> None:
    harmed = {
        "one cell": RESULT.replace(b",7,Yes", b",8,Yes", 1),
        "zeros": bytes(len(RESULT)),
        "a row too wide": RESULT.replace(b"row 9,9", b"row,9,9", 1),
    }[harm]
    assert len(harmed) == len(RESULT)
    (storage.root / f"results/{prediction_id}/1.csv").write_bytes(harmed)
    answer = client.get(path, params={"format": "parquet"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "result_damaged")
    assert not [key for key in stored_keys(storage) if key.endswith(".parquet")]


def test_a_stored_parquet_that_was_cut_is_made_anew(
    client: httpx.Client, path: str, prediction_id: UUID, storage: LocalStorage
) -> None:
    whole = client.get(path, params={"format": "parquet"}).content
    kept = storage.root / f"results/{prediction_id}/1.csv.parquet"
    for harmed in (whole[:-100], b""):
        kept.write_bytes(harmed)
        assert client.get(path, params={"format": "parquet"}).content == whole
    assert kept.read_bytes() == whole


def test_deleting_the_prediction_removes_every_form_of_its_result(
    client: httpx.Client, path: str, prediction_id: UUID, storage: LocalStorage
) -> None:
    client.get(path, params={"format": "parquet"})
    assert client.delete(f"/api/predictions/{prediction_id}").status_code == 200
    assert [key for key in stored_keys(storage) if key.startswith("results/")] == []


def test_parquet_asked_for_twice_at_once_comes_twice_and_is_stored_once(
    client: httpx.Client, path: str, storage: LocalStorage
) -> None:
    with ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(client.get, path, params={"format": "parquet"}) for _ in range(2)]
        first, second = (answer.result() for answer in asked)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content == second.content
    assert len([key for key in stored_keys(storage) if key.endswith(".parquet")]) == 1


@pytest.fixture
def large(prediction_id: UUID, storage: LocalStorage, settings: Settings, me: db.User) -> Path:
    """The stored result, made larger than what the socket's buffers take."""
    key = f"results/{prediction_id}/1.csv"
    storage.delete(key)
    source = settings.data_dir / "large"
    source.write_bytes(RESULT * 60)
    storage.put(key, source)
    with db.session_scope(me, write=True) as session:
        session.get_one(PredictionRow, prediction_id).output_bytes = len(RESULT) * 60
    return storage.root / key


@pytest.mark.parametrize("connection_header", ["close", "keep-alive"])
def test_a_file_that_becomes_shorter_while_it_is_sent_ends_the_connection(
    client: httpx.Client, large: Path, path: str, settings: Settings, connection_header: str
) -> None:
    size_bytes = large.stat().st_size
    with socket.create_connection(("127.0.0.1", settings.port), timeout=PATIENCE_S) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost:{settings.port}\r\n"
            f"Connection: {connection_header}\r\n\r\n".encode()
        )
        n_bytes = len(connection.recv(100))
        os.truncate(large, size_bytes // 2)
        while chunk := connection.recv(1 << 20):  # a connection that is left open times out here
            n_bytes += len(chunk)
    assert n_bytes < size_bytes


def test_a_download_and_a_delete_at_once_give_all_or_nothing(
    client: httpx.Client, me: db.User, prediction_id: UUID, path: str, storage: LocalStorage
) -> None:
    def get() -> httpx.Response:
        return client.get(path)

    def delete() -> httpx.Response:
        storage.delete(f"results/{prediction_id}/1.csv")
        return client.get(path)

    for answer in together([get, get, delete, get, get]):
        assert answer.status_code in (200, 404)
        assert answer.status_code == 404 or answer.content == RESULT


def test_a_download_that_is_broken_off_closes_its_file(
    client: httpx.Client, large: Path, path: str, settings: Settings
) -> None:
    def is_open() -> bool:
        return any(found.path == str(large) for found in psutil.Process().open_files())

    with socket.create_connection(("127.0.0.1", settings.port), timeout=PATIENCE_S) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{settings.port}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        wait_for(is_open, what="the file to be opened")
    wait_for(lambda: not is_open(), what="the file to be closed")


FORMULAS = b"name,amount,prediction,probability\n=cmd,-3,Yes,0.5\n" + RESULT.split(b"\n", 1)[1]


@pytest.fixture
def with_formulas(prediction_id: UUID, storage: LocalStorage, me: db.User) -> Path:
    """The stored result, made one with a cell that a spreadsheet would run."""
    path = storage.root / f"results/{prediction_id}/1.csv"
    path.write_bytes(FORMULAS)
    with db.session_scope(me, write=True) as session:
        row = session.get_one(PredictionRow, prediction_id)
        row.output_bytes, row.output_sha256 = len(FORMULAS), hashlib.sha256(FORMULAS).hexdigest()
    return path


def test_a_safe_copy_has_an_apostrophe_before_what_a_spreadsheet_would_run(
    client: httpx.Client, with_formulas: Path, path: str
) -> None:
    answer = client.get(path, params={"safe": 1}, headers={"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.content) == (200, FORMULAS.replace(b"=cmd", b"'=cmd"))
    assert "scored safe.csv" in answer.headers["content-disposition"]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert client.get(path).content == FORMULAS
    assert client.head(path, params={"safe": 1}).content == b""


def test_of_a_harmless_result_the_safe_copy_is_the_result(client: httpx.Client, path: str) -> None:
    assert client.get(path, params={"safe": 1}).content == RESULT


@pytest.mark.parametrize(("harm", "status"), [("one cell", 409), ("cut", 409), ("removed", 404)])
def test_no_safe_copy_is_made_of_other_bytes_than_scoring_wrote(
    client: httpx.Client, with_formulas: Path, path: str, harm: str, status: int
) -> None:
    if harm == "removed":
        with_formulas.unlink()
    else:
        with_formulas.write_bytes(FORMULAS.replace(b"-3", b"-4") if harm == "one cell" else FORMULAS[:-9])
    assert client.get(path, params={"safe": 1}).status_code == status
