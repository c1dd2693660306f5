"""A real Dask cluster of two processes on loopback, and files and models in the storage that it shares."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from core import settings as settings_module
from core import storage
from core.models import artifact, recipes
from core.predictions.results.run_summary import RunSummary
from core.predictions.scoring.distributed import score as distributed
from core.predictions.scoring.distributed.score import LoadedModel as Scoring
from core.settings import Settings
from core.storage import Storage
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from tests.core.predictions.conftest import Model
from tests.core.predictions.scoring.fast.conftest import fitted, written
from tests.servers.dask import DaskCluster

N_ROWS = 8_000
N_BYTES = 4_500_000  # four blocks and a bit


@dataclass(frozen=True)
class Shared:
    """What is stored for one run: a file and a model."""

    settings: Settings
    files: Storage
    key: str
    data: bytes
    dialect: Dialect
    model: Model
    artifact_key: str
    artifact_sha256: str
    parts: str

    def alone(self, **options: Any) -> tuple[bytes, RunSummary]:
        """The result of a run in one process."""
        return self.model.score(self.data, self.dialect, **options)

    def distributed(
        self,
        *,
        settings: Settings | None = None,
        progress: Callable[[int], None] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
        with_reasons: bool = False,
        source: io.BytesIO | None = None,
    ) -> tuple[bytes, RunSummary]:
        """The result of a run over the cluster of the settings."""
        sink = io.BytesIO()
        scored = distributed.score(
            source or io.BytesIO(self.data),
            sink,
            config=settings or self.settings,
            files=self.files,
            upload_key=self.key,
            n_bytes=len(self.data),
            dialect=self.dialect,
            model=Scoring(
                self.artifact_key,
                self.artifact_sha256,
                self.model.pipeline,
                self.model.schema,
                {},
                with_reasons,
            ),
            parts=self.parts,
            progress=progress,
            stop=stop,
        )
        return sink.getvalue(), scored

    def left(self) -> list[str]:
        """The scored ranges that are still stored."""
        return list(self.files.keys(self.parts))


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """A scheduler and two processes that score; a test that kills one finds it started again."""
    folder = tmp_path_factory.mktemp("cluster")
    config = settings_module.read(_env_file=None, data_dir=folder / "data", sample=False)
    made = DaskCluster(config, folder)
    try:
        yield made
    finally:
        made.stop()


def share(
    config: Settings, model: Model, dialect: Dialect, *, n_bytes: int = N_BYTES, bad: float = 0.0
) -> Shared:
    """A file of customers and a model in the storage of these settings."""
    once = written(N_ROWS, dialect, 3, schema=model.schema, bad=bad)
    above = stream.open_csv(io.BytesIO(once), dialect).header_bytes
    below = once[len(above) :]
    data = above + below * (n_bytes // len(below) + 1)
    files, run = storage.from_settings(config), uuid4().hex
    with storage.stage(config.staging_dir) as staged:
        staged.close()
        sha256 = artifact.save(model.pipeline, staged.path)
        files.put(f"models/{run}", staged.path)
        staged.path.write_bytes(data)
        files.put(f"uploads/{run}.csv", staged.path)
    return Shared(
        config,
        files,
        f"uploads/{run}.csv",
        data,
        dialect,
        model,
        f"models/{run}",
        sha256,
        f"results/{run}/part-",
    )


@pytest.fixture(scope="module")
def shared(cluster: DaskCluster) -> Shared:
    """A file that makes several ranges."""
    return share(cluster.settings, fitted(recipes.TREES, "binary"), Dialect())


def same(one: tuple[bytes, RunSummary], other: tuple[bytes, RunSummary]) -> None:
    """Both runs say the same, to the last byte and the last count."""
    (written_bytes, a), (other_bytes, b) = one, other
    assert written_bytes == other_bytes
    assert a.sha256 == b.sha256 == hashlib.sha256(written_bytes).hexdigest()
    assert a.statistics.to_json() == b.statistics.to_json()
    fields = (
        "n_rows",
        "n_bytes",
        "added",
        "caution",
        "reasons",
        "why_pipeline",
        "n_pipeline_rows",
        "answered_by",
    )
    assert [getattr(a, name) for name in fields] == [getattr(b, name) for name in fields]
