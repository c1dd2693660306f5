"""An export, packed and opened again."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pyarrow.parquet as pq

from core import db
from core.generation.export import archive, plan
from core.generation.export.wanted import Wanted


@dataclass(frozen=True)
class Opened:
    """What a reader finds. rows: by side, as plain values."""

    content: bytes
    manifest: dict[str, Any]
    readme: str
    files: dict[str, bytes]
    rows: dict[str, list[dict[str, Any]]]

    def ids(self, side: str = "train") -> list[UUID]:
        return [UUID(row["id"]) for row in self.rows[side]]


def packed(user: db.User, wanted: Wanted) -> bytes:
    return b"".join(archive.packed(user, plan.of(user, wanted)))


def opened(content: bytes) -> Opened:
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert found.testzip() is None
        files = {name: found.read(name) for name in found.namelist()}
    manifest, readme = json.loads(files.pop("manifest.json")), files.pop("README.md").decode()
    rows = {name.split("/")[1].split(".")[0]: _rows(name, file) for name, file in files.items()}
    return Opened(content, manifest, readme, files, rows)


def export(user: db.User, wanted: Wanted | None = None) -> Opened:
    return opened(packed(user, wanted or Wanted()))


def _rows(name: str, file: bytes) -> list[dict[str, Any]]:
    if name.endswith(".parquet"):
        found: list[dict[str, Any]] = pq.read_table(io.BytesIO(file)).to_pylist()
        return found
    return [json.loads(line) for line in file.decode().split("\n")[:-1]]
