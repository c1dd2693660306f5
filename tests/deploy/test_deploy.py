"""What docs/deploy holds is what linters, systemd and AWS's own rules accept, and fits the code that it deploys."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from tests.servers.parts import require

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "docs" / "deploy"
UNITS = ("model-desk.service", "model-desk-worker@.service")
PYTHON = "/opt/model-desk/.venv/bin/python"
EXPOSURE = "3.0"  # of 10, as systemd counts it: what runs with these rights could do harm
# The client's methods, as the code calls them, and what each needs to be allowed.
NEEDS = {
    "put_object": {"s3:PutObject"},
    "get_object": {"s3:GetObject"},
    "head_object": {"s3:GetObject"},
    "delete_object": {"s3:DeleteObject"},
    "list_objects_v2": {"s3:ListBucket"},
    "create_multipart_upload": {"s3:PutObject"},
    "upload_part": {"s3:PutObject"},
    "complete_multipart_upload": {"s3:PutObject"},
    "abort_multipart_upload": {"s3:AbortMultipartUpload"},
    "list_multipart_uploads": {"s3:ListBucketMultipartUploads"},
    "list_parts": {"s3:ListMultipartUploadParts"},
    "generate_presigned_url": set[str](),
}
BY_WHO_SETS_IT_UP = {"head_bucket", "create_bucket"}


def policy() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEPLOY / "aws-policy.json").read_text())["Statement"]
    return found


def several(value: str | list[str]) -> list[str]:
    """AWS takes one text for a list of one."""
    return [value] if isinstance(value, str) else value


def allowed(service: str) -> set[str]:
    """The actions of a service that the policy allows."""
    allowing = [statement for statement in policy() if statement["Effect"] == "Allow"]
    actions = [action for statement in allowing for action in several(statement["Action"])]
    return {action for action in actions if action.startswith(f"{service}:")}


def test_the_container_file_passes_hadolint() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    found = subprocess.run([hadolint, DEPLOY / "Containerfile"], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_the_image_holds_all_that_app_and_worker_import_and_no_setting(tmp_path: Path) -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) (\S+)$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    for sources, target in copied:
        for source in sources.split():
            if target.startswith("/tmp"):  # of the image
                continue
            place = tmp_path / (source if target == "./" else target)
            place.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (PROJECT / source).is_dir() else shutil.copyfile
            copy(PROJECT / source, place)
    assert not list(tmp_path.rglob("secrets.toml"))
    assert not list(tmp_path.rglob(".env"))
    clean = {
        name: value for name, value in os.environ.items() if name not in map(str.upper, Settings.model_fields)
    }
    ran = subprocess.run(
        [sys.executable, "-c", "import core.app, core.start; core.app.routes(); from core.worker import __main__"],
        cwd=tmp_path, env={**clean, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A folder with the units, changed to name a Python and a user that this machine has."""
    for name in UNITS:
        text = (DEPLOY / name).read_text()
        assert PYTHON in text
        here = text.replace(PYTHON, os.path.realpath(sys.executable)).replace(
            "=model-desk\nGroup=model-desk", "=root\nGroup=root"
        )
        (tmp_path / name.replace("@", "@1")).write_text(here)
    return tmp_path


def test_systemd_takes_the_units_as_they_are(units: Path) -> None:
    analyze = require("systemd")
    for unit in sorted(units.iterdir()):
        found = subprocess.run(
            [analyze, "verify", "--man=no", "--generators=no", unit],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (found.returncode, found.stderr) == (0, "")


def test_systemd_takes_what_lets_units_run_sandboxes(units: Path) -> None:
    analyze = require("systemd")
    for unit in sorted(units.iterdir()):
        more = unit.with_name(f"{unit.name}.d")
        more.mkdir()
        shutil.copyfile(DEPLOY / "sandboxes.conf", more / "sandboxes.conf")
        found = subprocess.run(
            [analyze, "verify", "--man=no", "--generators=no", unit],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (found.returncode, found.stderr) == (0, "")


def test_the_units_give_away_no_more_than_they_must(units: Path) -> None:
    analyze = require("systemd")
    for unit in sorted(units.iterdir()):
        limit = int(float(EXPOSURE) * 10)
        found = subprocess.run(
            [analyze, "security", "--offline=true", "--no-pager", f"--threshold={limit}", unit],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert found.returncode == 0, found.stdout


def test_a_supervisor_waits_longer_than_a_worker_drains() -> None:
    worker = (DEPLOY / "model-desk-worker@.service").read_text()
    found = re.search(r"^TimeoutStopSec=(\d+)$", worker, re.MULTILINE)
    assert found is not None
    assert int(found[1]) >= Settings.model_fields["drain_s"].default + 10


def test_parliament_finds_nothing_in_the_policy() -> None:
    parliament = Path(sys.executable).with_name("parliament")

    def findings(text: str) -> str:
        found = subprocess.run([parliament], input=text, capture_output=True, text=True, check=False)
        return found.stdout + found.stderr

    text = (DEPLOY / "aws-policy.json").read_text()
    assert findings(text) == ""
    assert "Unknown action" in findings(text.replace("s3:GetObject", "s3:GetObjct"))


def test_the_policy_allows_what_the_storage_calls_and_nothing_else() -> None:
    source = (PROJECT / "core" / "storage" / "s3.py").read_text()
    called = set(re.findall(r"client\.([a-z_0-9]+)\(", source)) - {"get_paginator"}
    called |= set(re.findall(r"get_paginator\(\"([a-z_0-9]+)\"", source))
    needed = set[str]().union(*(NEEDS[name] for name in called - BY_WHO_SETS_IT_UP))
    assert needed == allowed("s3")


def test_the_policy_names_one_folder_one_queue_and_no_unencrypted_way() -> None:
    for statement in policy():
        resources = several(statement["Resource"])
        if statement["Effect"] == "Deny":
            assert (resources, statement["Condition"]) == (["*"], {"Bool": {"aws:SecureTransport": "false"}})
            continue
        for resource in resources:
            assert re.fullmatch(
                r"arn:aws:(s3:::my-bucket(/model-desk/\*)?|sqs:[a-z0-9-]+:\d{12}:[a-z-]+)", resource
            )


def test_every_file_that_the_page_names_is_there() -> None:
    page = (DEPLOY / "README.md").read_text()
    named = set(re.findall(r"\]\(([^)#]+)\)", page)) - {
        "supabase.md"
    }  # written with the rules that it tells of
    assert named == {path.name for path in DEPLOY.iterdir()} - {"README.md", "supabase.md"}


def test_every_setting_that_the_page_names_is_one() -> None:
    page = (DEPLOY / "README.md").read_text()
    known = {name.upper() for name in Settings.model_fields}
    named = set(re.findall(r"`([A-Z][A-Z_]{3,})(?:=[^`]*)?`", page)) - {"NAME"}
    assert named <= known
