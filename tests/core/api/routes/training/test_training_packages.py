"""The package over HTTP, run as its reader runs it, and what of it stands in the app then."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from core import db
from core.db.tables import Base
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.training import template
from tests import rows as added
from tests.core.api.conftest import TARGET
from tests.core.api.test_trail import actions
from tests.packages import Package

PATH = "/api/training/package"


@pytest.fixture
def database(sqlite_database: db.Database) -> db.Database:
    """One kind is enough here: what is told is tested on both."""
    return sqlite_database


def packed(client: httpx.Client, upload: UploadRow, **more: str) -> bytes:
    answer = client.get(PATH, params={"upload_id": str(upload.id), "target": TARGET, **more})
    assert answer.status_code == 200, answer.text
    return answer.content


def test_a_package_trains_on_ones_own_machine_and_its_curve_and_predictions_are_in_the_app(
    client: httpx.Client, upload: UploadRow, tmp_path: Path
) -> None:
    package = Package.unpacked(packed(client, upload, name="Churn"), tmp_path / "package")
    ran = package.run()
    assert ran.code == 0, ran.said
    job = client.get(f"/api/training-jobs/{package.job_id}").json()
    assert (job["status"], job["origin"], job["name"], job["model_id"]) == (
        "succeeded",
        "local",
        "Churn",
        None,
    )
    assert job["upload_id"] == str(upload.id)
    assert job["environment"]["python"].startswith("3.")
    told = client.get(f"/api/training/predictions/{package.job_id}", params={"limit": 200}).json()["items"]
    assert len(told) == 60  # a fifth of 300
    assert {row["prediction"] for row in told} <= {"Yes", "No"}


def test_a_package_is_of_a_model_or_of_a_file_and_a_target_and_is_noted(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    for asked in ({}, {"upload_id": str(upload.id)}, {"model_id": str(model.id), "target": TARGET}):
        refused = client.get(PATH, params=asked)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "package_of_what")
    assert client.get(PATH, params={"model_id": str(uuid4())}).status_code == 404
    answer = client.get(PATH, params={"model_id": str(model.id)})
    assert answer.status_code == 200
    rows = client.get(f"{PATH}/data.csv", params={"model_id": str(model.id)}).content
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        config = json.loads(zipped.read("config.json"))
        assert zipped.read("data.csv") == rows
        assert zipped.read("predict.py").decode() == template.predict_text()
    assert config["data"]["sha256"] == hashlib.sha256(rows).hexdigest()
    assert [feature["name"] for feature in config["schema"]["features"]] == [
        feature["name"] for feature in (model.schema or {})["features"]
    ]
    assert [action for action in actions(me, upload.id) if action.startswith("package")] == [
        "package.downloaded",
        "package.downloaded",
    ]


def test_what_is_stated_of_a_file_is_in_its_package_and_a_model_says_it_itself(
    client: httpx.Client, upload: UploadRow, model: ModelRow
) -> None:
    stated = {"group_column": "contract", "threshold": "0.3", "positive_label": "No", "merge_words": "false"}
    with zipfile.ZipFile(io.BytesIO(packed(client, upload, **stated))) as zipped:
        config = json.loads(zipped.read("config.json"))
    assert (config["threshold"], config["schema"]["positive_label"]) == (0.3, "No")
    assert "contract" not in [feature["name"] for feature in config["schema"]["features"]]
    assert client.patch(f"/api/models/{model.id}", json={"threshold": 0.25}).status_code == 200
    answer = client.get(PATH, params={"model_id": str(model.id)})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        assert json.loads(zipped.read("config.json"))["threshold"] == 0.25
    of_model = client.get(PATH, params={"model_id": str(model.id), "threshold": "0.3", "keep": "age"})
    assert (of_model.status_code, of_model.json()["error"]["code"]) == (422, "package_of_what")
    assert "so keep, threshold can't be chosen" in of_model.text


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"threshold": "best_f1"}, "threshold_unusable"),
        ({"threshold": "nan"}, "invalid"),
        ({"threshold": "0"}, "invalid"),
        ({"group_column": TARGET}, "split_unusable"),
        ({"group_column": ""}, "split_unusable"),
        ({"group_column": "contract", "independent_rows": "true"}, "split_unusable"),
        ({"time_column": "contract"}, "split_unusable"),
        ({"positive_label": "Maybe"}, "positive_label_unknown"),
        ({"task": "regression"}, "task_impossible"),
        ({"keep": "nobody"}, "columns_unknown"),
    ],
)
def test_what_a_package_can_not_follow_is_refused(
    client: httpx.Client, upload: UploadRow, stated: dict[str, str], code: str
) -> None:
    answer = client.get(PATH, params={"upload_id": str(upload.id), "target": TARGET, **stated})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


WRITTEN = """
import json, predict
assert open("predict.py").read() == open(predict.__file__).read()
n = predict.rows("../held_out.jsonl")
json.dump({"predictions": [[0.5, 0.5]] * n}, open("predictions.json", "w"))
"""
BESIDE = "def rows(path): return sum(1 for _ in open(path))\n"


@pytest.mark.parametrize("source", ["claude", "template"])
def test_a_models_own_code_finds_the_predict_py_that_was_written_with_it(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow, tmp_path: Path, source: str
) -> None:
    jobs = Base.metadata.tables["training_jobs"]
    more = {"model_id": model.id, "code": WRITTEN, "predict_code": BESIDE, "code_source": source}
    added.add(jobs, owner=me.id, status="succeeded", **more)
    content = client.get(PATH, params={"model_id": str(model.id)}).content
    package = Package.unpacked(content, tmp_path / "package")
    config = json.loads((package.folder / "config.json").read_text("utf-8"))
    if source == "template":  # the app's own, as it is today
        assert config["code_source"] == "template"
        assert (package.folder / "predict.py").read_text("utf-8") == template.predict_text()
        return
    ran = package.run()
    assert (ran.code, config["code_source"]) == (0, "user"), ran.said
