"""The product with its files in buckets: the same job, and downloads that come from the bucket itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import journeys
from tests.servers import forks
from tests.servers.app import PROJECT, running
from tests.servers.seaweed import S3Server
from tests.servers.supabase import SupabaseServer
from tests.servers.waiting import PATIENCE_S, wait_for


@dataclass(frozen=True)
class Place:
    """Where files go. settings: as environment variables. secret: one of them, to be seen nowhere."""

    settings: dict[str, str]
    label: str
    links_begin: str
    secret: str


@pytest.fixture(params=["s3", pytest.param("supabase", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest) -> Place:
    """Buckets that are not made yet, on each kind of server."""
    if request.param == "s3":
        s3: S3Server = request.getfixturevalue("s3_server")
        said = s3.settings("s3://model-desk-files/desk")
        environment = said.environment()
        settings = {name.upper(): environment[name.upper()] for name in said.model_fields_set}
        return Place(settings, "s3://model-desk-files/desk at http", s3.endpoint, s3.secret_key)
    supabase: SupabaseServer = request.getfixturevalue("supabase_server")
    settings = {name.upper(): value for name, value in supabase.settings().items()}
    begin = f"{supabase.endpoint}/storage/v1/object/sign/results/"
    return Place(settings, "Supabase Storage at http", begin, supabase.service_role_key)


def test_the_main_job_works_on_buckets(place: Place, tmp_path: Path) -> None:
    prepared = forks.run(
        [sys.executable, "-m", "core.system", "prepare"],
        env={**place.settings, "DATA_DIR": str(tmp_path / "data")}, cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    assert prepared.stderr == ""
    assert f"({place.label}" in prepared.stdout
    assert place.secret not in prepared.stdout
    with (
        running(tmp_path, **place.settings) as app,
        httpx.Client(base_url=app.url, timeout=PATIENCE_S) as client,
    ):
        content = journeys.sample_bytes(tmp_path)
        sent = client.post("/api/csv", files={"file": ("a.csv", content)}, data={"mode": "none"})
        assert sent.status_code == 201, sent.text
        upload_id = sent.json()["upload_id"]
        asked = {"upload_id": upload_id, "target": journeys.sample.TARGET}
        model_id = client.post("/api/models/train", json=asked).json()["model_id"]
        _settled(client, f"/api/models/{model_id}", "ready")
        begun = client.post("/api/predictions", json={"upload_id": upload_id, "model_id": model_id}).json()
        _settled(client, f"/api/predictions/{begun['prediction_id']}", "COMPLETED")

        path = f"/api/predictions/download_predictions/{begun['prediction_id']}"
        shown = client.get(path)
        assert (shown.status_code, shown.headers["Cache-Control"]) == (307, "private, no-store")
        assert shown.headers["Location"].startswith(place.links_begin)
        given = client.get(path, follow_redirects=True)
        assert "filename*=UTF-8''a%20scored.csv" in given.headers["Content-Disposition"]
        before, after = content.splitlines(), given.content.splitlines()
        assert after[0].startswith(before[0] + b",prediction,probability")
        assert all(new.startswith(old + b",") for old, new in zip(before, after, strict=True))
        head = client.head(path)
        assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(given.content)))
        typed = client.get(path, params={"format": "parquet"}, follow_redirects=True)
        assert (typed.content[:4], typed.content[-4:]) == (b"PAR1", b"PAR1")
        cut = client.get(path, headers={"Range": "bytes=10-"}, follow_redirects=True)
        assert (cut.status_code, cut.content) == (206, given.content[10:])
        assert not (app.data_dir / "files").exists(), "files were kept on this machine too"
        assert place.secret not in app.log()


def _settled(client: httpx.Client, path: str, status: str) -> None:
    pending = {"training", "QUEUED", "PROCESSING"}

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(path).json()
        return None if found["status"] in pending else found

    found = wait_for(look, what=path)
    assert found["status"] == status, found
