from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx
import pytest

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.storage import LocalStorage
from tests import journeys
from tests.core.api.conftest import stored_keys

CSV = b"name,amount\nAda,12.5\nGrace,7\n"
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NO_IDS = ["999999", "0", "-1", "x", "1.5", "1e3", "9" * 10, "9" * 400, "%00", "a b", "١", "None"]


def _upload(client: httpx.Client, content: bytes = CSV, file_name: str = "a.csv") -> str:
    answer = client.post("/api/csv", files={"file": (file_name, content)}, data={"mode": "none"})
    return str(answer.json()["upload_id"])


def test_an_upload_is_shown_with_the_profile_of_its_columns(client: httpx.Client, me: db.User) -> None:
    upload_id = _upload(client)
    found = client.get(f"/api/uploads/{upload_id}").json()
    assert {name: found[name] for name in ("id", "file_name", "size_bytes", "rows", "columns")} == {
        "id": upload_id, "file_name": "a.csv", "size_bytes": len(CSV), "rows": 2, "columns": 2,
    }  # fmt: skip
    assert found["sha256"] == hashlib.sha256(CSV).hexdigest()
    name, amount = found["receipt"]["columns"]
    assert (name["name"], amount["kind"], amount["minimum"], amount["maximum"]) == (
        "name",
        "number",
        "7",
        "12.5",
    )


def test_a_stored_file_that_was_cut_is_not_given_out_as_what_was_uploaded(
    client: httpx.Client, storage: LocalStorage
) -> None:
    upload_id = _upload(client)
    (key,) = stored_keys(storage)
    (storage.root / key).write_bytes(CSV[:-3])
    answer = client.get(f"/api/uploads/{upload_id}/file")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "changed_since_checked")
    assert _upload(client) == upload_id
    assert client.get(f"/api/uploads/{upload_id}/file").content == CSV


def test_times_are_utc_and_say_so(client: httpx.Client) -> None:
    written = client.get(f"/api/uploads/{_upload(client)}").json()["created_at"]
    assert written.endswith("Z")
    age = datetime.now().astimezone() - datetime.fromisoformat(written)
    assert timedelta(0) <= age + timedelta(seconds=5) < timedelta(minutes=5)


def test_a_list_is_given_out_in_pages_newest_first(client: httpx.Client) -> None:
    made = [_upload(client, CSV + b"x,%d\n" % number) for number in range(5)]
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = client.get("/api/uploads", params={"limit": 2, **cursor}).json()
        found += [item["id"] for item in page["items"]]
        cursor = {"cursor": page["next_cursor"]}
    assert found == made[::-1]
    assert page["next_cursor"] is None


def test_a_list_can_be_narrowed_by_name(client: httpx.Client) -> None:
    _upload(client)
    wanted = _upload(client, CSV + b"x,1\n", "Sales 100%.csv")
    for part in ("sales", "Sales", "100"):
        page = client.get("/api/uploads", params={"file_name": part}).json()
        assert [item["id"] for item in page["items"]] == [wanted]


def test_a_cursor_that_we_never_gave_out_is_a_bad_request(client: httpx.Client) -> None:
    _upload(client)
    at = "2026-01-01T00:00:00+00:00"
    forged = [
        [at, True],
        [at, 7],
        [at, "9" * 30],
        ["2026-01-01T00:00:00", "1"],
        [at, "x"],
        [at],
        {},
        7,
        ["9999", "1"],
    ]
    encoded = [base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode() for cursor in forged]
    for cursor in [*encoded, "", "x", "ä", "%00"]:
        answer = client.get(f"/api/uploads?cursor={cursor}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_cursor"), cursor
    assert client.get("/api/uploads", params={"cursor": "x" * 500}).status_code == 422


def test_a_name_to_look_for_has_a_length(client: httpx.Client) -> None:
    assert client.get("/api/uploads", params={"file_name": "a" * 60_000}).status_code == 422


def test_a_filter_without_an_id_says_so(client: httpx.Client) -> None:
    message = client.get("/api/predictions?upload_id=").json()["error"]["message"]
    assert message == 'There is no upload with the id "".'


def test_a_name_with_a_nul_byte_reaches_no_database(client: httpx.Client) -> None:
    assert client.get("/api/uploads?file_name=%00").status_code == 422


@pytest.mark.parametrize("upload_id", NO_IDS)
@ONE_DATABASE
def test_an_id_that_nothing_has_is_not_found_whatever_it_looks_like(
    client: httpx.Client, upload_id: str
) -> None:
    _upload(client)
    for method, path in (("GET", ""), ("GET", "/file"), ("DELETE", "")):
        answer = client.request(method, f"/api/uploads/{upload_id}{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@ONE_DATABASE
def test_the_original_bytes_come_back(client: httpx.Client) -> None:
    content = "name;größe\r\nJürgen;1,5\r\nBjörn Groß;2,5\r\n".encode("cp1252")
    upload_id = _upload(client, content, "Größen.csv")
    answer = client.get(f"/api/uploads/{upload_id}/file")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"].startswith("text/csv; charset=windows-1252")
    assert answer.headers["content-disposition"].endswith(f"filename*=UTF-8''{quote('Größen.csv')}")
    assert answer.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'


def test_an_upload_is_deleted_with_its_file(client: httpx.Client, storage: LocalStorage) -> None:
    upload_id = _upload(client)
    assert client.delete(f"/api/uploads/{upload_id}").json() == {"id": upload_id, "deleted": True}
    assert client.get(f"/api/uploads/{upload_id}").status_code == 404
    assert stored_keys(storage) == []


def test_an_upload_with_predictions_is_deleted_once_their_number_is_confirmed(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    prediction_id = journeys.queue_prediction(me, upload, model)
    refused = client.delete(f"/api/uploads/{upload.id}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")  # it is being scored
    client.post(f"/api/predictions/{prediction_id}/cancel")
    refused = client.delete(f"/api/uploads/{upload.id}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "predictions_depend_on_it")
    assert client.delete(f"/api/uploads/{upload.id}", params={"n_predictions": 1}).status_code == 200
    assert client.get(f"/api/predictions/{prediction_id}").status_code == 404
    kept = client.get(f"/api/models/{model.id}").json()
    assert (kept["upload_id"], kept["data_sha256"]) == (None, upload.sha256)


@ONE_DATABASE
@pytest.mark.parametrize("n_predictions", ["-1", "many", "9" * 30])
def test_a_number_that_is_none_confirms_nothing(client: httpx.Client, n_predictions: str) -> None:
    upload_id = _upload(client)
    answer = client.delete(f"/api/uploads/{upload_id}", params={"n_predictions": n_predictions})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert client.get(f"/api/uploads/{upload_id}").status_code == 200


MESSY = b"Sales of May\nname;amount\nAda;$1,250\nGrace;n.d.\nEve;$7\nTotal;$1,257\n"


@ONE_DATABASE
def test_a_receipt_says_what_was_guessed_and_what_was_rewritten(client: httpx.Client) -> None:
    receipt = client.get(f"/api/uploads/{_upload(client, MESSY)}").json()["receipt"]
    guessed = {guess["about"]: guess["value"] for guess in receipt["guesses"]}
    assert guessed["delimiter"] == ";"
    assert (guessed["header"], guessed["missing"], guessed["numbers"]) == ("2", "n.d.", "$1,234.5")
    assert [(change["row"], change["before"], change["after"]) for change in receipt["changes"]] == [
        (1, "$1,250", "1250"),
        (2, "n.d.", ""),
        (3, "$7", "7"),
    ]
    amount = receipt["columns"][1]
    assert (amount["kind"], amount["n_coerced"], amount["n_declared_missing"]) == ("number", 3, 1)
    assert (receipt["treatment"]["n_not_rows"], receipt["reading"]["encoding"]) == (1, None)


@ONE_DATABASE
def test_a_guess_is_overruled_and_the_receipt_says_so(client: httpx.Client) -> None:
    path = f"/api/uploads/{_upload(client, MESSY)}/reading"
    first = client.patch(path, json={"columns": {"amount": {"kind": "category"}}})
    assert first.status_code == 200
    kept = client.patch(path, json={"keep_lines": True}).json()
    assert (kept["rows"], kept["receipt"]["columns"][1]["kind"]) == (4, "category")
    assert kept["receipt"]["reading"]["columns"] == {
        "amount": dict.fromkeys(["decimal", "thousands", "mark", "missing", "scale", "values"])
        | {"kind": "category", "date": ""}
    }
    again = client.put(path, json={}).json()
    assert (again["rows"], again["receipt"]["columns"][1]["kind"]) == (3, "number")


NEARLY = (
    "code,level,weight,region\n"
    + "".join(
        f"{n:04},{'<0.5' if n % 5 == 0 else n + 0.25},{n + 1}{(' kg', '00 g')[n % 2]},{('NA', 'north', 'off')[n % 3]}\n"
        for n in range(40)
    )
    + "0040,-200,7 kg,north\n" * 6
).encode()


@ONE_DATABASE
def test_what_is_nearly_a_number_or_missing_is_overruled_both_ways(client: httpx.Client) -> None:
    upload_id = _upload(client, NEARLY)
    path = f"/api/uploads/{upload_id}/reading"

    def columns(**said: object) -> dict[str, tuple[str, int]]:
        answer = client.patch(path, json={"columns": said})
        assert answer.status_code == 200
        found = answer.json()["receipt"]["columns"]
        return {column["name"]: (column["kind"], column["n_missing"]) for column in found}

    assert columns() == {
        "code": ("text", 0), "level": ("number", 0), "weight": ("text", 0), "region": ("category", 14),
    }  # fmt: skip
    assert columns(code={"kind": "number"})["code"] == ("number", 0)
    assert columns(weight={"kind": "number"})["weight"] == ("number", 0)
    assert columns(level={"missing": ["-200"]})["level"] == ("number", 6)
    assert columns(level={"values": ["-200"]})["level"] == ("number", 0)
    assert columns(level={"kind": "category"})["level"] == ("text", 0)
    assert columns(level={"kind": "number"})["level"] == ("number", 0)
    assert columns(region={"values": ["NA"]})["region"] == ("category", 0)
    assert columns(region={"missing": ["NA", "off"]})["region"] == ("category", 27)
    kept = client.get(f"/api/uploads/{upload_id}").json()["receipt"]
    assert {guess["column"] for guess in kept["guesses"] if guess["confidence"] == "chosen"} >= {
        "level",
        "region",
    }
    assert client.patch(path, json={"columns": {"level": {"values": ["x"] * 51}}}).status_code == 422


@ONE_DATABASE
@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"delimiter": "x"}, 422, "invalid"),
        ({"encoding": "klingon"}, 422, "invalid"),
        ({"encoding": "utf-16-le"}, 422, "undecodable_bytes"),
        ({"columns": {"price": {"kind": "number"}}}, 422, "column_unknown"),
        ({"decimal": ",", "thousands": ","}, 422, "marks_clash"),
        ({"keep_lines": 0}, 422, "invalid"),
        ({"header_line": "1"}, 422, "invalid"),
        ({"header_line": 1.5}, 422, "invalid"),
        ({"colour": "red"}, 422, "invalid"),
        ({"header_line": 10**9}, 422, "invalid"),
        ([], 422, "invalid"),
    ],
)
def test_what_no_file_can_be_read_with_is_refused(
    client: httpx.Client, said: object, status: int, code: str
) -> None:
    upload_id = _upload(client, CSV)
    answer = client.patch(f"/api/uploads/{upload_id}/reading", json=said)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert client.get(f"/api/uploads/{upload_id}").json()["rows"] == 2


@ONE_DATABASE
def test_a_whole_number_may_be_written_with_a_point(client: httpx.Client) -> None:
    answer = client.patch(f"/api/uploads/{_upload(client)}/reading", json={"header_line": 1.0})
    assert answer.status_code == 200
    assert answer.json()["receipt"]["reading"]["header_line"] == 1


@ONE_DATABASE
@pytest.mark.parametrize("upload_id", NO_IDS[:4])
def test_no_upload_is_read_in_another_way_that_is_not_there(client: httpx.Client, upload_id: str) -> None:
    assert client.put(f"/api/uploads/{upload_id}/reading", json={}).status_code == 404


TWO_TABLES = "Länge\nort,länge\nÖd,4.5\nUm,7\nAu,9\n\nBreite\nort,breite\nÖd,2.5\nUm,3\n"


@pytest.mark.parametrize("codec", ["utf-8-sig", "cp1252", "utf-16"])
def test_another_table_of_a_file_becomes_an_upload_of_its_own_once(client: httpx.Client, codec: str) -> None:
    upload_id = _upload(client, TWO_TABLES.encode(codec), "rivers.csv")
    first = client.get(f"/api/uploads/{upload_id}").json()
    (other,) = first["receipt"]["other_tables"]
    assert (first["rows"], other["title"], other["first_line"], other["last_line"]) == (3, "Breite", 7, 10)
    made = client.post(f"/api/uploads/{upload_id}/tables/1")
    assert made.status_code == 201
    found = made.json()
    assert (found["file_name"], found["rows"]) == ("rivers (lines 7 to 10).csv", 2)
    assert [column["name"] for column in found["receipt"]["columns"]] == ["ort", "breite"]
    stored_bytes = client.get(f"/api/uploads/{found['id']}/file").content
    assert stored_bytes.decode(codec) == "Breite\nort,breite\nÖd,2.5\nUm,3\n"
    assert client.post(f"/api/uploads/{upload_id}/tables/1").json()["id"] == found["id"]
    assert client.post(f"/api/uploads/{upload_id}/tables/2").status_code == 404
    assert client.post(f"/api/uploads/{upload_id}/tables/0").status_code == 422
