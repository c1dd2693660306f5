"""What a backup says of itself."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final

from core.errors import AppError
from core.storage.protocol import translated

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
LIST: Final = "files.jsonl"
FILES: Final = "files"
SNAPSHOT: Final = "database.sqlite3"
CHUNK_BYTES: Final = 1 << 20


class NotABackup(AppError):
    """The folder can't be restored from."""

    code = "not_a_backup"
    message = "{folder} is not a whole backup: {problem}."
    hint = "Name a folder that `python -m core.system backup` has made. Nothing was restored."
    folder: str
    problem: str


@dataclass(frozen=True)
class BackedUpFile:
    """One line of the list. sha256: None where the bytes are in a bucket and were not read."""

    key: str
    size_bytes: int
    sha256: str | None


@dataclass(frozen=True)
class Manifest:
    """database: "sqlite" or "postgres". database_sha256: of the snapshot; None of Postgres. has_files: their bytes are
    part of the backup. missing: keys of files that rows own and that storage did not have.
    """

    format: int
    version: str
    made_at: str
    database: str
    revision: str
    database_sha256: str | None
    storage: str
    has_files: bool
    n_files: int
    size_bytes: int
    list_sha256: str
    missing: tuple[str, ...] = ()


def write(folder: Path, manifest: Manifest) -> None:
    """Raises DiskFull, StorageUnavailable."""
    with translated(folder), (folder / MANIFEST).open("x", encoding="utf-8") as stream:
        json.dump(asdict(manifest), stream, indent=2)
        stream.flush()
        os.fsync(stream.fileno())


def read(folder: Path) -> Manifest:
    """Raises NotABackup, also where the list or the snapshot are not those that were written."""
    try:
        said = json.loads((folder / MANIFEST).read_text("utf-8"))
        if said["format"] != FORMAT:
            raise NotABackup(folder=str(folder), problem=f"its format is {said['format']}, not {FORMAT}")
        found = Manifest(**{**said, "missing": tuple(said["missing"])})
    except FileNotFoundError as error:
        raise NotABackup(folder=str(folder), problem=f"it has no {MANIFEST}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotABackup(folder=str(folder), problem=f"its {MANIFEST} can't be read ({error})") from error
    for name, sha256 in ((LIST, found.list_sha256), (SNAPSHOT, found.database_sha256)):
        if sha256 is not None and _sha256_of(folder / name) != sha256:
            raise NotABackup(folder=str(folder), problem=f"its {name} is missing or was changed")
    return found


def write_list(folder: Path, files: Iterable[BackedUpFile]) -> str:
    """Its hash. Raises DiskFull, StorageUnavailable."""
    path = folder / LIST
    with translated(folder), path.open("x", encoding="utf-8") as stream:
        for one in files:
            stream.write(json.dumps(asdict(one), ensure_ascii=True) + "\n")
    return _sha256_of(path) or ""


def read_list(folder: Path) -> Iterator[BackedUpFile]:
    """Of a backup whose manifest was read."""
    with (folder / LIST).open(encoding="utf-8") as stream:
        for line in stream:
            yield BackedUpFile(**json.loads(line))


def hashed(source: BinaryIO, write: Callable[[bytes], object] = lambda _chunk: None) -> tuple[int, str]:
    """Size and sha256 of a stream that is read to its end; write: is given its bytes."""
    digest, size_bytes = hashlib.sha256(), 0
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
        size_bytes += len(chunk)
        write(chunk)
    return size_bytes, digest.hexdigest()


def _sha256_of(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return hashed(stream)[1]
    except OSError:
        return None
