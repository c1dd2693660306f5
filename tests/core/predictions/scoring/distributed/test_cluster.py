"""A cluster that is away, empty, of another kind, or gone in the middle: a sentence, and the work is done here."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from core import settings as settings_module
from core import storage
from core.models import recipes
from core.predictions.results.run_summary import RunSummary
from core.predictions.scoring.distributed import cluster
from core.predictions.scoring.distributed.errors import ClusterUnavailable
from core.settings import Settings, WrongSetting
from core.uploads.csv.dialect import Dialect
from tests.core.predictions.scoring.distributed.conftest import Shared, same, share
from tests.core.predictions.scoring.fast.conftest import fitted
from tests.servers.certificates import certificates
from tests.servers.dask import DaskCluster
from tests.servers.ports import spare_port
from tests.servers.seaweed import S3Server

pytestmark = pytest.mark.timeout(600)  # a machine that is busy starts the processes of a cluster slowly


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    return settings_module.read(
        _env_file=None, data_dir=tmp_path / "data", sample=False, **certificates(tmp_path)
    )


@pytest.fixture
def empty(config: Settings, s3_server: S3Server, tmp_path: Path) -> Iterator[DaskCluster]:
    """A scheduler that asks for certificates, with nobody to score yet; files are in a bucket."""
    given = s3_server.settings(f"s3://desk/{uuid4().hex}")
    on_bucket = config.model_copy(update={name: getattr(given, name) for name in given.model_fields_set})
    storage.S3Storage(on_bucket).prepare()
    made = DaskCluster(on_bucket, tmp_path, n_workers=0)
    try:
        yield made
    finally:
        made.stop()


def test_a_cluster_that_does_not_answer_is_named_with_the_cure(config: Settings) -> None:
    away = config.model_copy(update={"dask_scheduler_address": f"tcp://127.0.0.1:{spare_port()}"})
    shared = share(away, fitted(recipes.TREES, "binary"), Dialect())
    with pytest.raises(ClusterUnavailable) as caught:
        shared.distributed()
    assert "could not be used" in str(caught.value)
    assert "leave DASK_SCHEDULER_ADDRESS empty" in str(caught.value)


def test_only_processes_like_this_one_may_score_and_what_they_leave_is_done_here(
    empty: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = share(empty.settings, fitted(recipes.TREES, "binary"), Dialect())
    with pytest.raises(ClusterUnavailable, match="it has no workers"):
        shared.distributed()
    empty.start_workers(1, storage_url=f"file://{tmp_path / 'elsewhere'}")
    with pytest.raises(ClusterUnavailable, match=r"differ from this one in storage.*this version of the app"):
        shared.distributed()
    others = set(empty.workers())
    empty.start_workers(1)
    alone, by_two = shared.alone(), shared.distributed()
    same(alone, by_two)
    told = by_two[1].cluster_share
    assert told is not None
    assert told.n_ranges > 3
    assert told.n_here == 0
    assert shared.left() == []

    (slow,) = set(empty.workers()) - others
    _is_slow_to_answer(slow, shared, monkeypatch)
    _loses_its_scheduler(empty, shared, alone)


def _is_slow_to_answer(slow: int, shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for, as no other may score."""
    look, looks = cluster.Cluster._look, list[float]()

    def counted(self: cluster.Cluster, within_s: float) -> None:
        looks.append(within_s)
        if len(looks) == 2:
            os.kill(slow, signal.SIGCONT)
        look(self, within_s)

    os.kill(slow, signal.SIGSTOP)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(cluster.Cluster, "_look", counted)
            told = shared.distributed()[1].cluster_share
    finally:
        os.kill(slow, signal.SIGCONT)
    assert len(looks) >= 2
    assert told is not None
    assert told.n_ranges > 3
    assert told.n_here == 0


def _loses_its_scheduler(empty: DaskCluster, shared: Shared, alone: tuple[bytes, RunSummary]) -> None:
    def lose(n_rows: int) -> None:
        if n_rows:
            empty.kill_scheduler()

    by_two = shared.distributed(progress=lose)
    same(alone, by_two)
    told = by_two[1].cluster_share
    assert told is not None
    assert told.n_here > 0
    assert "its scheduler was lost" in (told.why_here or "")
    assert shared.left() == []


def test_whoever_reaches_dask_can_run_code_so_beyond_this_machine_it_must_be_tls(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="must be tls://"):
        settings_module.read(_env_file=None, dask_scheduler_address="tcp://scheduler.example.org:8786")
    with pytest.raises(WrongSetting, match="needs DASK_TLS_CA, DASK_TLS_CERT and DASK_TLS_KEY"):
        settings_module.read(_env_file=None, dask_scheduler_address="tls://scheduler.example.org:8786")
    with pytest.raises(WrongSetting, match="such as tls://scheduler:8786"):
        settings_module.read(_env_file=None, dask_scheduler_address="scheduler:8786")
