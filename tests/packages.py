"""The package of a training on one's own machine, unpacked and run as its reader does it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from core.training.package import package

# The least that keeps the bargain, without a library: every row gets the same answer.
QUICK = """
import json, os, sys, time

if delay := os.environ.get("WAIT_FOR"):  # until a test lets it go on
    while not os.path.exists(delay):
        time.sleep(0.01)
print(json.dumps({"metric": "loss", "split": "train", "step": 1, "value": 0.5}))
print(json.dumps({"metric": "loss", "split": "train", "step": 2, "value": float("nan")}))
n = sum(1 for _ in open(os.path.join(os.path.dirname(os.getcwd()), "held_out.jsonl")))
json.dump({"predictions": [[0.25, 0.75]] * n}, open("predictions.json", "w"))
open("model.bin", "w").write("model")
"""


@dataclass(frozen=True)
class Package:
    """An unpacked package."""

    folder: Path

    @classmethod
    def unpacked(cls, content: bytes, folder: Path, *, code: str | None = None) -> Package:
        """code: what stands in train.py in place of the template."""
        with zipfile.ZipFile(io.BytesIO(content)) as zipped:
            zipped.extractall(folder)
        if code is not None:
            (folder / "train.py").write_text(package.led(code), "utf-8")
        return cls(folder)

    def change(self, name: str, old: str, new: str) -> None:
        """Put something in the place of something in one of its files."""
        path = self.folder / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def start(self, *args: str, **environment: str) -> subprocess.Popen[str]:
        """`python train.py`, begun."""
        return subprocess.Popen(
            [sys.executable, "train.py", *args],
            cwd=self.folder,
            env=_without_ours() | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *args: str, **environment: str) -> Ran:
        """`python train.py`, to its end."""
        return ended(self.start(*args, **environment))

    @property
    def state(self) -> dict[str, Any]:
        known: dict[str, Any] = json.loads((self.folder / "state.json").read_text("utf-8"))
        return known

    @property
    def job_id(self) -> UUID:
        return UUID(self.state["job_id"])


@dataclass(frozen=True)
class Ran:
    """How a run has ended: its exit code, and what it printed."""

    code: int
    out: str
    said: str


def ended(process: subprocess.Popen[str], *, within_s: float = 120.0) -> Ran:
    out, said = process.communicate(timeout=within_s)
    return Ran(process.returncode, out, said)


def _without_ours() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MODEL_DESK_")}
