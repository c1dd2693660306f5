"""What is put into a model's sandbox, and how much memory that takes."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from pathlib import Path
from uuid import uuid4

from core import sandboxes
from core.models.served import launch, packed
from core.models.served.launch import ServedModel
from core.sandboxes import LocalBackend
from tests.trainings import require_sandbox

SCHEMA = {
    "target": "churned", "task": "binary", "labels": ["no", "yes"], "positive_label": "yes", "features": [],
}  # fmt: skip
MODEL_BYTES = 40_000_000


def test_a_large_model_comes_into_its_sandbox_piece_by_piece(tmp_path: Path) -> None:
    require_sandbox(tmp_path)
    model, file = os.urandom(1_000_000) * (MODEL_BYTES // 1_000_000), tmp_path / "model.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(packed.MODEL, model)
        archive.writestr(packed.PREDICT, "def load(path): ...")
    served = ServedModel(uuid4(), "models/1/model.zip", "", "bytes", SCHEMA)
    backend = LocalBackend(tmp_path / "sandboxes")
    with sandboxes.stopping(backend.create(labels={}, limits=sandboxes.Limits())) as sandbox:
        tracemalloc.start()
        launch.fill(sandbox, served, file)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        found = io.BytesIO()
        sandbox.get(packed.MODEL, found, max_bytes=2 * MODEL_BYTES)
        assert found.getvalue() == model
        for name in (packed.PREDICT, launch.JOB, launch.SERVE):
            assert sandbox.get(name, io.BytesIO(), max_bytes=MODEL_BYTES) > 0
    assert peak < MODEL_BYTES / 4
