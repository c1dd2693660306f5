from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid

import httpx

from core import db
from core.queue import Pool, workers
from core.settings import Settings
from tests.servers.app import PROJECT


def test_an_autoscaler_is_told_the_load_and_the_shell_says_the_same(
    client: httpx.Client, settings: Settings
) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        workers.beat(session, worker_id=uuid.uuid4(), pools={Pool.SCORING: 2}, is_embedded=False)
    answer = client.get("/api/scale")
    assert answer.status_code == 200
    assert answer.json() == {
        "queued": 0, "running": 0, "abandoned": 0, "oldest_s": 0.0,
        "workers": 1, "places": 2, "suggested_workers": 0,
    }  # fmt: skip
    said = subprocess.run(
        [sys.executable, "-m", "core.worker", "scale"],
        cwd=PROJECT, env={**os.environ, **settings.environment()}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(said.stdout) == answer.json()
