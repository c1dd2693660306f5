"""The pipelines that this process scores with, from storage and by their recorded hash."""

from __future__ import annotations

from functools import lru_cache

from sklearn.pipeline import Pipeline

from core import storage
from core.models import artifact
from core.settings import Settings

COPY_BYTES = 1 << 20


@lru_cache(maxsize=2)
def load(config: Settings, key: str, sha256: str) -> Pipeline:
    """A model's pipeline, kept while this process goes on scoring with it. Raises ModelFileChanged, NotStored."""
    with (
        storage.stage(config.staging_dir) as staged,
        storage.from_settings(config).open(key) as source,
    ):
        while chunk := source.read(COPY_BYTES):
            staged.write(chunk)
        staged.close()
        return artifact.load(staged.path, sha256)
