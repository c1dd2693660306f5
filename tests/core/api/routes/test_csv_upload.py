from __future__ import annotations

import csv
import gzip
import io
import json
import resource
import socket
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.applications import Starlette

from core import db
from core.api import application
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.predictions import listing
from core.settings import Settings
from core.storage import LocalStorage
from core.uploads import uploads
from tests import journeys
from tests.core.api.conftest import Switch, Trained, ready, staged_files, stored_keys
from tests.servers.waiting import PATIENCE_S, wait_for

CSV = b"name,amount\nAda,12.5\nGrace,7\n"
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
BOUNDARY = b"----boundary7MA4YWxk"


def _post(
    client: httpx.Client, content: bytes = CSV, *, file_name: str = "a.csv", **fields: str
) -> httpx.Response:
    return client.post("/api/csv", files={"file": (file_name, content, "text/csv")}, data=fields)


def _part(name: str, value: bytes, *, file_name: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{file_name}"' if file_name is not None else "")
    return b"--%s\r\nContent-Disposition: %s\r\n\r\n%s\r\n" % (BOUNDARY, disposition.encode(), value)


def _send(client: httpx.Client, *parts: bytes, end: bytes = b"--%s--\r\n" % BOUNDARY) -> httpx.Response:
    media_type = f"multipart/form-data; boundary={BOUNDARY.decode()}"
    return client.post("/api/csv", content=b"".join(parts) + end, headers={"Content-Type": media_type})


def _n_uploads(user: db.User) -> int:
    return journeys.ask(user, uploads.count)


@pytest.fixture
def nothing_stays(me: db.User, settings: Settings, storage: LocalStorage) -> Iterator[None]:
    """Whatever the test sends leaves nothing behind: no row, no file, nothing in staging."""
    yield
    assert (_n_uploads(me), stored_keys(storage)) == (0, [])
    wait_for(lambda: not staged_files(settings), what="staging to be empty")


def test_a_file_no_model_fits_is_stored_alone_with_a_hint(
    client: httpx.Client, me: db.User, settings: Settings, storage: LocalStorage
) -> None:
    answer = _post(client)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["prediction_id"], body["status"], body["rows"], body["duplicate_of"]) == (
        None,
        None,
        2,
        None,
    )
    assert "/api/models/train" in body["hint"]
    assert [column["name"] for column in body["receipt"]["columns"]] == ["name", "amount"]
    assert body["receipt"]["preview"] == [["Ada", "12.5"], ["Grace", "7"]]
    (key,) = stored_keys(storage)
    assert key.startswith(f"uploads/user_{me.id}/")
    assert key.endswith("-a.csv")
    with storage.open(key) as stream:
        assert stream.read() == CSV
    assert staged_files(settings) == []


def test_the_same_bytes_again_are_recognised(client: httpx.Client, me: db.User) -> None:
    first = _post(client).json()
    again = _post(client, file_name="another name.csv")
    assert again.status_code == 201
    assert again.json()["duplicate_of"] == again.json()["upload_id"] == first["upload_id"]
    assert _n_uploads(me) == 1


@pytest.mark.parametrize("kind", ["gzip", "zip"])
def test_a_packed_csv_is_stored_unpacked_and_known_again_plain(
    client: httpx.Client, me: db.User, settings: Settings, storage: LocalStorage, kind: str
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("q3/a.csv", CSV)
    sent = {"gzip": ("a.csv.gz", gzip.compress(CSV)), "zip": ("q3.zip", archive.getvalue())}[kind]
    answer = _post(client, sent[1], file_name=sent[0])
    assert answer.status_code == 201
    body = answer.json()
    size_bytes = len(sent[1])
    packed = {"kind": kind, "file_name": sent[0], "size_bytes": size_bytes, "n_others": 0}
    assert body["receipt"]["packed"] == packed
    assert body["receipt"]["notes"][0] == (
        f"It was unpacked from {sent[0]}, a {kind} file of {size_bytes} bytes."
    )
    found = client.get(f"/api/uploads/{body['upload_id']}").json()
    assert (found["file_name"], found["size_bytes"]) == ("a.csv", len(CSV))
    assert client.get(f"/api/uploads/{body['upload_id']}/file").content == CSV
    assert staged_files(settings) == []
    assert _post(client).json()["duplicate_of"] == body["upload_id"]
    assert _post(client, sent[1], file_name="again").json()["duplicate_of"] == body["upload_id"]

    again = client.patch(f"/api/uploads/{body['upload_id']}/reading", json={"header_line": 0})
    assert again.json()["receipt"]["packed"] == packed


@ONE_DATABASE
@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (gzip.compress(CSV)[:-9], 422, "archive_unreadable"),
        (gzip.compress(b"a,b\n" + b"1,2\n" * 1_000_000), 413, "unpacks_too_large"),
        (gzip.compress(gzip.compress(CSV)), 422, "archive_inside"),
        (gzip.compress(b"%PDF-1.7"), 415, "not_a_csv"),
        (b"PK\5\6" + bytes(18), 422, "nothing_inside"),
    ],
    ids=["cut short", "bomb", "twice", "PDF", "empty"],
)
def test_an_archive_that_gives_no_csv_is_refused_and_leaves_nothing(
    client: httpx.Client, nothing_stays: None, data: bytes, status: int, code: str
) -> None:
    answer = _post(client, data, file_name="a.gz")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@ONE_DATABASE
def test_what_is_scored_while_one_waits_is_measured_unpacked(
    client: httpx.Client, nothing_stays: None
) -> None:
    answer = _post(client, gzip.compress(b"a,b\n" + b"1,2\n" * 300_000), mode="sync")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large_for_sync")


def test_a_model_that_fits_is_found_and_the_prediction_queued(
    client: httpx.Client, me: db.User, model: ModelRow, trained: Trained
) -> None:
    answer = _post(client, trained.csv + trained.csv.splitlines(keepends=True)[1], file_name="more.csv")
    assert answer.status_code == 202
    body = answer.json()
    assert (body["status"], body["rows"], body["hint"]) == ("QUEUED", 301, None)
    page = journeys.ask(me, lambda session: listing.page(session))
    assert [(str(row.id), row.model_id, row.upload.file_name) for row in page.items] == [
        (body["prediction_id"], model.id, "more.csv")
    ]


def test_reasons_can_be_asked_for_with_the_file(
    client: httpx.Client, me: db.User, model: ModelRow, trained: Trained
) -> None:
    assert _post(client, trained.csv, reasons="true").status_code == 202
    assert _post(client, trained.csv, reasons="false").status_code == 202
    page = journeys.ask(me, lambda session: listing.page(session))
    assert sorted(row.options == {"reasons": True} for row in page.items) == [False, True]
    answer = _post(client, trained.csv, reasons="perhaps")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert "perhaps" in answer.json()["error"]["message"]


def test_of_several_models_that_fit_the_newest_is_taken(
    client: httpx.Client,
    me: db.User,
    model: ModelRow,
    upload: UploadRow,
    trained: Trained,
    storage: LocalStorage,
) -> None:
    newest = ready(me, upload, trained, storage)
    prediction_id = _post(client, trained.csv).json()["prediction_id"]
    assert client.get(f"/api/predictions/{prediction_id}").json()["model_id"] == str(newest.id)
    assert newest.id != model.id


def test_with_mode_none_nothing_is_scored(client: httpx.Client, model: ModelRow, trained: Trained) -> None:
    answer = _post(client, trained.csv, mode="none")
    assert answer.status_code == 201
    assert (answer.json()["prediction_id"], answer.json()["hint"]) == (None, None)


@ONE_DATABASE
def test_fields_may_come_behind_the_file(client: httpx.Client, model: ModelRow, trained: Trained) -> None:
    file = _part("file", trained.csv, file_name="a.csv")
    model_id = _part("model_id", str(model.id).encode())
    for parts in ((file, model_id, _part("mode", b"queued")), (model_id, file), (file, model_id)):
        answer = _send(client, *parts)
        assert (answer.status_code, answer.json()["status"]) == (202, "QUEUED")


@ONE_DATABASE
def test_with_mode_sync_the_answer_waits_for_the_scores(
    client: httpx.Client, by_hand: None, model: ModelRow, trained: Trained
) -> None:
    answer = _post(client, trained.csv, mode="sync", model_id=str(model.id))
    assert (answer.status_code, answer.json()["status"]) == (201, "COMPLETED")
    scored = client.get(f"/api/predictions/download_predictions/{answer.json()['prediction_id']}")
    lines = scored.content.splitlines()
    assert lines[0] == trained.csv.splitlines()[0] + b",prediction,probability,caution"
    assert len(lines) == 301


@ONE_DATABASE
@pytest.mark.parametrize("mess", ["||", "\u200e", "two tables"])
def test_a_file_whose_text_is_rewritten_is_scored_as_the_plain_one(
    client: httpx.Client, by_hand: None, model: ModelRow, trained: Trained, mess: str
) -> None:
    plain = trained.csv.decode()
    below = "\nPrices\nname,price\nbasic,9\nplus,19\n"
    given = {
        "||": plain.replace(",", "||"),
        "\u200e": plain.replace("Month", "\u200eMonth"),
        "two tables": plain + below,
    }[mess]
    answers = []
    for text in (plain, given):
        made = _post(client, text.encode(), mode="sync", model_id=str(model.id)).json()
        assert made["status"] == "COMPLETED"
        address = f"/api/predictions/download_predictions/{made['prediction_id']}"
        result = client.get(address).content.decode()
        if mess == "two tables" and text == given:  # what stands below the table stays below it
            assert result.endswith(below)
            result = result.removesuffix(below)
        lines = list(
            csv.reader(io.StringIO(result), delimiter="\t" if mess == "||" and text == given else ",")
        )
        answers.append([line[-3:] for line in lines if line])
        parquet = client.get(f"{address}?format=parquet").content
        assert pq.read_table(pa.BufferReader(parquet)).num_rows == 300
    assert answers[0] == answers[1]


@ONE_DATABASE
def test_a_file_with_text_in_place_of_numbers_is_not_kept_for_the_named_model_and_fits_none(
    client: httpx.Client, me: db.User, model: ModelRow, trained: Trained
) -> None:
    retyped = trained.csv.replace(b",Month to month,", b",Month to month,row ")
    refused = _post(client, retyped, model_id=str(model.id))
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "feature_retyped")
    assert "tenure_months" in refused.json()["error"]["message"]
    assert _n_uploads(me) == 1
    alone = _post(client, retyped)
    assert (alone.status_code, alone.json()["prediction_id"]) == (201, None)
    assert "tenure_months" in alone.json()["hint"]


@ONE_DATABASE
def test_a_file_with_other_names_is_scored_under_a_mapping_named_or_not(
    client: httpx.Client, by_hand: None, model: ModelRow, trained: Trained
) -> None:
    plain = _post(client, trained.csv, mode="sync", model_id=str(model.id)).json()["prediction_id"]
    renamed = trained.csv.replace(b"tenure_months", b"Laufzeit", 1)
    mapping = json.dumps({"tenure_months": "Laufzeit"})
    for named in ({"model_id": str(model.id)}, {}):
        answer = _post(client, renamed, mode="sync", mapping=mapping, **named)
        assert (answer.status_code, answer.json()["status"]) == (201, "COMPLETED")
        scored = client.get(f"/api/predictions/download_predictions/{answer.json()['prediction_id']}").content
        own = client.get(f"/api/predictions/download_predictions/{plain}").content
        assert scored == own.replace(b"tenure_months", b"Laufzeit", 1)


@ONE_DATABASE
def test_where_no_model_fits_the_mapping_of_before_is_offered(
    client: httpx.Client, by_hand: None, model: ModelRow, trained: Trained
) -> None:
    renamed = trained.csv.replace(b"tenure_months", b"Laufzeit", 1)
    first = _post(client, renamed)
    assert (first.json()["prediction_id"], first.json()["offered"]) == (None, None)
    _post(client, renamed, mode="sync", mapping=json.dumps({"tenure_months": "Laufzeit"}))
    again = _post(client, renamed + b"\n").json()
    assert again["offered"] == {"model_id": str(model.id), "mapping": {"tenure_months": "Laufzeit"}}
    assert "/api/predictions" in again["hint"]
    wanted = {"upload_id": again["upload_id"], **again["offered"], "mode": "sync"}
    assert client.post("/api/predictions", json=wanted).json()["status"] == "COMPLETED"


@ONE_DATABASE
@pytest.mark.usefixtures("nothing_stays")
@pytest.mark.parametrize("mapping", ["x", "[]", "1", '{"a": 1}', '{"a": null}', '{"a": "\\ud800"}', '{"a"'])
def test_a_mapping_that_is_no_object_of_texts_is_refused(client: httpx.Client, mapping: str) -> None:
    answer = _post(client, mapping=mapping)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "mapping_unreadable")
    assert "JSON object" in answer.json()["error"]["message"]
    error = _post(client, reading=mapping).json()["error"]
    assert (error["code"], error["message"][:19]) == ("reading_unreadable", "The ways to read co")
    assert "key of an option" in error["hint"]


@ONE_DATABASE
@pytest.mark.parametrize("mode", ["sync", "queued"])
@pytest.mark.usefixtures("by_hand", "model")
def test_the_first_prediction_takes_a_threshold_and_keeps_it(
    client: httpx.Client, trained: Trained, mode: str
) -> None:
    answer = _post(client, trained.csv + b"\n", mode=mode, threshold=".125")
    assert (answer.status_code, answer.json()["hint"]) == ({"sync": 201, "queued": 202}[mode], None)
    prediction = client.get(f"/api/predictions/{answer.json()['prediction_id']}").json()
    assert prediction["threshold"] == 0.125


@ONE_DATABASE
def test_a_file_with_a_threshold_for_a_model_of_no_two_classes_is_not_kept(
    client: httpx.Client, model: ModelRow, trained: Trained, me: db.User
) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        kept = session.get_one(ModelRow, model.id)
        kept.schema = {**(kept.schema or {}), "task": "regression", "labels": [], "positive_label": None}
    before = _n_uploads(me)
    for fields in ({"model_id": str(model.id)}, {}):
        answer = _post(client, trained.csv + b"\n", threshold="0.5", **fields)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "threshold_unusable")
    assert _n_uploads(me) == before
    assert _post(client, trained.csv + b"\n", threshold="0.5", mode="none").status_code == 201


@ONE_DATABASE
@pytest.mark.usefixtures("nothing_stays")
@pytest.mark.parametrize(
    "threshold",
    ["0", "1", "NaN", "-0.1", "inf", "1e-300", "half", "0,5", "0_1", "\u0660.\u0665", "[0.5]", " "],
)
def test_what_is_no_threshold_is_refused_with_what_to_do(client: httpx.Client, threshold: str) -> None:
    error = _post(client, threshold=threshold).json()["error"]
    assert (error["code"], "between 0 and 1" in error["hint"]) == ("threshold_unusable", True)


@ONE_DATABASE
@pytest.mark.usefixtures("nothing_stays")
def test_a_large_file_is_not_scored_while_one_waits(client: httpx.Client) -> None:
    answer = _post(client, b"name,amount\n" + b"Ada,1\n" * 170_000, mode="sync")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large_for_sync")
    assert "queued" in answer.json()["error"]["hint"]


def test_a_file_that_lacks_a_feature_of_the_named_model_is_not_kept(
    client: httpx.Client, me: db.User, model: ModelRow, storage: LocalStorage
) -> None:
    before = stored_keys(storage)
    answer = _post(client, model_id=str(model.id))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "feature_missing")
    assert "contract" in answer.json()["error"]["message"]
    assert (_n_uploads(me), stored_keys(storage)) == (1, before)


@ONE_DATABASE
@pytest.mark.parametrize(
    ("content", "file_name", "status", "code", "message"),
    [
        (b"", "a.csv", 422, "empty_file", "empty"),
        (b"\n\n", "a.csv", 422, "empty_file", "empty"),
        (b"name,amount\n", "a.csv", 422, "header_only", "line 1"),
        (bytes(range(256)) * 40, "a.csv", 415, "not_a_csv", "not a CSV"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "photo.csv", 415, "not_a_csv", "image"),
        (b"name,amount\nA\0da,1\n", "a.csv", 422, "nul_bytes", "line 2"),
        (b"name,amount\nAda,1\nGrace,2,3\n", "a.csv", 422, "unequal_row", "line 3"),
        (b'name,amount\nAda,"1\nGrace,2\n', "a.csv", 422, "quote_never_closed", "line 2"),
    ],
)
@pytest.mark.usefixtures("nothing_stays")
def test_a_bad_file_is_refused_with_its_place_and_its_cure(
    client: httpx.Client, content: bytes, file_name: str, status: int, code: str, message: str
) -> None:
    answer = _post(client, content, file_name=file_name)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert message in error["message"]
    assert file_name in error["message"]
    assert error["hint"]


@ONE_DATABASE
@pytest.mark.usefixtures("nothing_stays")
def test_a_workbook_is_refused_with_the_way_to_save_it_as_csv(client: httpx.Client) -> None:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    answer = _post(client, book.getvalue(), file_name="sales.csv")
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "spreadsheet")
    assert "Save As" in answer.json()["error"]["hint"]


@ONE_DATABASE
@pytest.mark.parametrize(
    ("sent", "shown", "stored"),
    [
        ("../../etc/passwd.csv", "passwd.csv", "passwd.csv"),
        ("C:\\data\\sales.csv", "sales.csv", "sales.csv"),
        ("\x01\x1bsales\x7f.csv", "sales.csv", "sales.csv"),
        ("Zürich 顧客 #2.csv", "Zürich 顧客 #2.csv", "Zürich_顧客__2.csv"),
        ("..", "upload.csv", "upload.csv"),
        ("a" * 500 + ".csv", "a" * 251 + ".csv", "a" * 116 + ".csv"),
    ],
)
def test_a_path_or_control_characters_in_the_name_are_dropped(
    client: httpx.Client, storage: LocalStorage, sent: str, shown: str, stored: str
) -> None:
    upload_id = _send(client, _part("file", CSV, file_name=sent)).json()["upload_id"]
    assert client.get(f"/api/uploads/{upload_id}").json()["file_name"] == shown
    (key,) = stored_keys(storage)
    assert key.count("/") == 2
    assert key.endswith(f"Z-{stored}")


@ONE_DATABASE
@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ([], 400, "no_file"),
        ([_part("mode", b"none")], 400, "no_file"),
        ([_part("file", CSV)], 400, "no_file"),
        ([_part("file", b"", file_name="")], 400, "no_file"),
        ([_part("upload", CSV, file_name="a.csv")], 400, "no_file"),
        (
            [_part("file", CSV, file_name="a.csv"), _part("file", CSV, file_name="b.csv")],
            400,
            "several_files",
        ),
        ([_part("file", CSV, file_name="a.csv"), _part("mode", b"later")], 422, "invalid"),
        ([_part("file", CSV, file_name="a.csv"), _part("model", b"x")], 422, "invalid"),
        ([_part("file", CSV, file_name="a.csv"), _part("mode", b"x" * 5000)], 400, "bad_request"),
        ([_part("mode", b"none"), _part("mode", b"sync")], 400, "bad_request"),
        ([_part(f"field{n}", b"") for n in range(20)], 400, "bad_request"),
        ([b"rubbish"], 400, "bad_request"),
    ],
)
@pytest.mark.usefixtures("nothing_stays")
def test_a_form_that_is_not_one_file_and_its_fields_is_refused(
    client: httpx.Client, parts: list[bytes], status: int, code: str
) -> None:
    answer = _send(client, *parts)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@ONE_DATABASE
@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([_part("file", CSV)], "The part named 'file' has no file name."),
        ([_part("file", b"x" * 5000)], "The part named 'file' has no file name."),
        ([_part("file", CSV, file_name="")], "The part named 'file' has no file name."),
        ([_part("upload", CSV, file_name="a.csv")], "The file is in a part named 'upload'."),
        ([_part("file", CSV, file_name="n" * 5000)], "shorten the file name"),
        ([b"--another\r\n"], "does not start with the boundary from its Content-Type"),
        ([_part("mode", b"none"), b"--%s\r\nno colon\r\n\r\n" % BOUNDARY], "part 2 is malformed"),
    ],
)
@pytest.mark.usefixtures("nothing_stays")
def test_what_is_wrong_with_a_form_is_said(client: httpx.Client, parts: list[bytes], said: str) -> None:
    answer = _send(client, *parts)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


@ONE_DATABASE
def test_a_file_name_may_come_in_its_extended_form_alone(client: httpx.Client) -> None:
    head = b"form-data; name=\"file\"; filename*=UTF-8''Gr%C3%B6%C3%9Fen%20a.csv"
    part = b"--%s\r\nContent-Disposition: %s\r\n\r\n%s\r\n" % (BOUNDARY, head, CSV)
    upload_id = _send(client, part).json()["upload_id"]
    assert client.get(f"/api/uploads/{upload_id}").json()["file_name"] == "Größen a.csv"


@ONE_DATABASE
@pytest.mark.usefixtures("nothing_stays")
def test_an_upload_that_falls_silent_is_given_up(
    client: httpx.Client, server: Switch, settings: Settings
) -> None:
    hasty = settings.model_copy(update={"upload_silence_s": 0.3})
    server.app = Starlette(routes=application.routes(application.build(hasty), hasty))
    connection = _open(settings, "Content-Length: 900000", "Connection: close")
    connection.sendall(_part("file", CSV, file_name="a.csv"))
    assert _answer(connection) == (408, "sender_silent")


@ONE_DATABASE
@pytest.mark.usefixtures("nothing_stays")
def test_a_form_without_its_last_boundary_was_cut_short(client: httpx.Client) -> None:
    answer = _send(client, _part("file", CSV, file_name="a.csv"), end=b"")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


@ONE_DATABASE
@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("text/csv", 415),
        ("application/json", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=" + "x" * 500, 400),
    ],
)
@pytest.mark.usefixtures("nothing_stays")
def test_a_body_that_is_no_form_is_refused(client: httpx.Client, media_type: str, status: int) -> None:
    answer = client.post("/api/csv", content=CSV, headers={"Content-Type": media_type})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def _open(settings: Settings, *headers: str) -> socket.socket:
    """A connection on which the head of an upload was sent."""
    connection = socket.create_connection(("127.0.0.1", settings.port), timeout=PATIENCE_S)
    head = [
        "POST /api/csv HTTP/1.1",
        f"Host: localhost:{settings.port}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}",
        *headers,
    ]
    connection.sendall("\r\n".join([*head, "", ""]).encode())
    return connection


def _answer(connection: socket.socket) -> tuple[int, str]:
    with connection, connection.makefile("rb") as stream:
        received = stream.read()
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["code"]


@ONE_DATABASE
@pytest.mark.usefixtures("nothing_stays")
def test_an_oversized_file_that_says_so_is_refused_before_it_is_sent(
    client: httpx.Client, settings: Settings
) -> None:
    connection = _open(settings, "Content-Length: 90000000", "Connection: close")
    assert _answer(connection) == (413, "too_large")


@ONE_DATABASE
@pytest.mark.usefixtures("nothing_stays")
def test_an_oversized_file_that_does_not_say_so_is_refused_while_it_comes(
    client: httpx.Client, settings: Settings
) -> None:
    connection = _open(settings, "Transfer-Encoding: chunked", "Connection: close")
    content = _part("file", b"x" * 3_000_001, file_name="a.csv")
    connection.sendall(b"%x\r\n%s\r\n" % (len(content), content))
    assert _answer(connection) == (413, "too_large")


@ONE_DATABASE
@pytest.mark.usefixtures("nothing_stays")
def test_a_client_that_goes_away_in_the_middle_leaves_nothing(
    client: httpx.Client, settings: Settings
) -> None:
    with _open(settings, "Content-Length: 2900000") as connection:
        connection.sendall(_part("file", b"name,amount\n" + b"Ada,1\n" * 300_000, file_name="a.csv"))
        wait_for(
            lambda: any(path.stat().st_size for path in settings.staging_dir.glob("*")),
            what="the first bytes to be staged",
        )
    wait_for(lambda: not staged_files(settings), what="the server to notice")


@contextmanager
def _disk_full_after(n_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond that: what a full disk does to whoever writes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@ONE_DATABASE
@pytest.mark.usefixtures("nothing_stays")
def test_a_disk_that_fills_up_while_a_file_comes_in_is_said_and_keeps_nothing(client: httpx.Client) -> None:
    with _disk_full_after(1_500_000):
        answer = _post(client, b"name,amount\n" + b"Ada,1\n" * 400_000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "disk_full")
    assert _post(client, mode="none", file_name="x.csv", content=b"").status_code == 422


@ONE_DATABASE
def test_several_files_at_once_are_all_taken(client: httpx.Client, me: db.User) -> None:
    statuses: list[int] = []

    def send(number: int) -> None:
        statuses.append(_post(client, CSV + b"Edsger,%d\n" % number).status_code)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 6
    assert _n_uploads(me) == 6
