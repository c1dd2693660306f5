"""A trained pipeline as a file: written by skops, recognised by its hash, opened under a fixed list of types.

skops checks that every type in the file is known, not that its contents are sane: a tampered tree table can
crash the process at predict. So the hash comes first, and only files whose hash this app recorded itself are
opened at all.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from sklearn.pipeline import Pipeline

from core.models.errors import ModelFileChanged, ModelFileUntrusted
from core.models.opener import UntrustedTypesFoundException, skops_io
from core.models.trusted import TRUSTED


def save(pipeline: Pipeline, path: Path) -> str:
    """Write the pipeline to `path`, over what is there, and return the file's sha256 as hex."""
    content = skops_io.dumps(pipeline, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def load(path: Path, sha256: str) -> Pipeline:
    """The pipeline in `path`, whose bytes must have the sha256 that `save` returned.

    Raises ModelFileChanged before a byte is parsed when they have not, or when there is no file;
    ModelFileUntrusted when the file holds a type outside TRUSTED, no Pipeline, or no readable archive.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as missing:
        raise ModelFileChanged(file_name=path.name, found="missing") from missing
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelFileChanged(file_name=path.name, found="not the file that was saved")
    try:
        pipeline = skops_io.loads(content, trusted=list(TRUSTED))
    except UntrustedTypesFoundException as untrusted:
        raise ModelFileUntrusted(
            file_name=path.name, reason="it contains parts that models of this app never have"
        ) from untrusted
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as unreadable:
        raise ModelFileUntrusted(file_name=path.name, reason="it is not a readable model") from unreadable
    if not isinstance(pipeline, Pipeline):
        raise ModelFileUntrusted(file_name=path.name, reason="it does not contain a pipeline")
    return pipeline
