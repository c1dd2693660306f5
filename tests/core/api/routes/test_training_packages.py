"""The package over HTTP, run as its reader runs it, and what of it stands in the app then."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from core import db
from core.db.tables.uploads import UploadRow
from tests.core.api.conftest import TARGET
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
