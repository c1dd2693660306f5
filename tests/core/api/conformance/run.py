"""One run of schemathesis against an app of its own.

The phases: the examples of the description, every edge of every parameter, random requests that fit it and that
don't, and calls that follow from each other's answers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.core.api.conformance import seeds
from tests.servers.app import PROJECT, running

PHASES = ("examples", "coverage", "fuzzing", "stateful")
BOUND = {
    "uploads": ("path.upload_id", "query.upload_id", "body.upload_id"),
    "models": ("path.model_id", "query.model_id", "body.model_id"),
    "predictions": ("path.prediction_id",),
    "templates": ("path.template_id",),
    "conversations": ("path.id",),
    "batch_jobs": ("path.batch_job_id", "query.batch_job_id"),
    "training_jobs": ("path.training_job_id", "path.job_id"),
    "deployments": ("path.deployment_id",),
}
LIKELY = 0.6  # the chance that an id is one that is there


def conform(folder: Path, *, n_examples: int, seed: int) -> subprocess.CompletedProcess[str]:
    """Let schemathesis loose on an app in `folder`; 0 where every answer was one that its description names."""
    ids = seeds.plant(folder / "data")
    config = folder / "schemathesis.toml"
    config.write_text(_config(ids))
    with running(folder, WORKERS="0") as app:
        found = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
                *(f"{app.url}/api/openapi.json", "--phases", ",".join(PHASES), "--seed", str(seed)),
                *("--max-examples", str(n_examples), "--continue-on-failure", "--no-color"),
            ],
            cwd=folder, env={**os.environ, "PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert "Traceback" not in app.log(), app.log()[-8000:]
    return found


def _config(ids: seeds.Ids) -> str:
    lines = [
        'hooks = "tests.core.api.conformance.hooks"',
        "request-timeout = 60",  # a busy machine answers late
        "[generation]",
        'database = "none"',
        "no-shrink = true",
        "[parameters]",
    ]
    for resource, keys in BOUND.items():
        lines += [f'"{key}" = {{ dictionary = "{resource}", probability = {LIKELY} }}' for key in keys]
    for resource, values in vars(ids).items():
        lines += [f"[dictionaries.{resource}]", f"values = {json.dumps(values)}"]
    return "\n".join(lines) + "\n"
