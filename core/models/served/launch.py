"""Starts the process that serves a model: a sandbox with the model's files, and `serve.py` in it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from core import sandboxes, storage
from core.models.errors import ModelFileChanged
from core.models.schema import Schema
from core.models.served import client, packed
from core.models.thresholds import HALF
from core.models.trusted import TRUSTED
from core.sandboxes import Address, Limits, Process, Sandbox
from core.settings import Settings

SERVE, SOCKET, JOB, PAGE = "serve.py", "serve.sock", "job.json", "page.html"
LIFE_S: Final = 10 * 86_400.0  # whoever wants it longer renews it
REMOTE_LIFE_S: Final = 3_600.0  # of the smallest plan
BLEND: Final = "blend.py"
OPENED_BY_SKOPS: Final = """import importlib.util
import sys

import skops.io

TRUSTED = {trusted!r}


def know(name, file):
    # By the name that a model's file has for it, though nothing else of the app is here.
    spec = importlib.util.spec_from_file_location(name, file)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


def load(path):
    know("core.models.blend", {blend!r})
    return skops.io.load(path, trusted=list(TRUSTED))


def predict(model, frame):
    return model.predict_proba(frame) if hasattr(model, "predict_proba") else model.predict(frame)
"""


@dataclass(frozen=True)
class ServedModel:
    """What of a model a process needs. threshold: the probability from which on a row is the positive one of two."""

    id: UUID
    artifact_key: str
    artifact_sha256: str
    format: str
    schema: dict[str, Any]
    threshold: float = HALF


@dataclass(frozen=True)
class Served:
    """A process that serves a model, or is about to."""

    sandbox: Sandbox
    process: Process
    nonce: str

    @property
    def address(self) -> Address:
        """Where it answers. Raises FileMissing before there is anything, SandboxLost."""
        return self.sandbox.expose(SOCKET)

    def answers(self) -> bool:
        """Whether it answers, and is the process that was started. Raises SandboxLost."""
        try:
            return client.health(self.address, nonce=self.nonce)
        except sandboxes.FileRefused:  # no socket yet, or what lies there is none
            return False

    def stop(self) -> None:
        self.sandbox.stop()


def launch(
    settings: Settings, model: ServedModel, *, task_id: UUID | None = None, n_processes: int = 1
) -> Served:
    """n_processes: that many requests are answered at once, each by a process of its own.

    Raises SandboxUnavailable, SandboxDiskFull, NotStored, StorageUnavailable, DiskFull, ModelFileChanged."""
    backend = sandboxes.configured(settings)
    life_s = LIFE_S if backend.name == "local" else REMOTE_LIFE_S
    labels = {"model": str(model.id)} | ({"task": str(task_id)} if task_id else {})
    return begin(
        settings,
        model,
        lambda: backend.create(labels=labels, limits=limits(settings, life_s=life_s)),
        n_processes=n_processes,
    )


def limits(settings: Settings, *, life_s: float) -> Limits:
    """Bounds of a process that serves."""
    return replace(
        sandboxes.configured_limits(settings), wall_s=None, cpu_s=None, life_s=life_s, n_processes=64
    )


def begin(
    settings: Settings,
    model: ServedModel,
    make: Callable[[], Sandbox],
    *,
    page: str | None = None,
    n_processes: int = 1,
) -> Served:
    """Serve it in the sandbox that `make` makes. page: what people see who open its address. Raises as `launch`."""
    with storage.stage(settings.staging_dir) as staged:
        _fetch(settings, model, staged)
        sandbox = make()
        try:
            fill(sandbox, model, staged.path)
            if page is not None:
                sandbox.put(PAGE, page.encode())
            nonce = secrets.token_hex(16)
            process = sandbox.start(("python", SERVE), env={"NONCE": nonce, "PROCESSES": str(n_processes)})
        except BaseException:
            sandbox.stop()
            raise
    return Served(sandbox, process, nonce)


def _fetch(settings: Settings, model: ServedModel, staged: storage.Staging) -> None:
    """Copy the model's file from storage, which may have 200 MB. Raises ModelFileChanged."""
    with storage.from_settings(settings).open(model.artifact_key) as stream:
        while chunk := stream.read(1 << 20):
            staged.write(chunk)
    staged.close()
    if staged.sha256 != model.artifact_sha256:
        name = model.artifact_key.rpartition("/")[2]
        raise ModelFileChanged(file_name=name, found="not the file that was saved")


def fill(sandbox: Sandbox, model: ServedModel, file: Path) -> None:
    """Put all into the sandbox that lies there: the model's own files, what it is asked, and who serves it.

    file: the model's, whose hash was checked. Never in memory as a whole. Raises FileRefused, SandboxDiskFull.
    """
    if model.format == "bytes":
        for name, content in packed.unpacked(file):
            sandbox.put(name, content)
    else:
        with file.open("rb") as stream:
            sandbox.put(packed.MODEL, stream)
        sandbox.put(packed.PREDICT, OPENED_BY_SKOPS.format(trusted=TRUSTED, blend=BLEND).encode())
        sandbox.put(BLEND, Path(__file__).parents[1].joinpath(BLEND).read_bytes())
    sandbox.put(JOB, json.dumps(_question(Schema.from_json(model.schema), model.threshold)).encode())
    sandbox.put(SERVE, Path(__file__).with_name(SERVE).read_bytes())


def _question(schema: Schema, threshold: float) -> dict[str, Any]:
    """What job.json holds."""
    return {
        "target": schema.target,
        "task": schema.task,
        "labels": list(schema.labels),
        "positive_label": schema.positive_label,
        "threshold": threshold,
        "features": schema.told,
    }
