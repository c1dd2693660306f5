"""One file over several processes: the same bytes and counts as by one, whatever happens to them."""

from __future__ import annotations

import io
import os
import signal

import pytest

from core.models import recipes
from core.models.schema import Task
from core.predictions.errors import BlockFailed, FeatureMissing, ScoringStopped
from core.predictions.scoring.distributed import cluster as cluster_module
from core.predictions.scoring.pipeline.pipeline_scorer import BLOCK_BYTES
from core.uploads.csv.dialect import Dialect
from core.uploads.errors import ChangedSinceChecked
from tests.core.predictions.scoring.distributed.conftest import Shared, same, share
from tests.core.predictions.scoring.fast.conftest import DIALECTS, fitted
from tests.servers.dask import DaskCluster
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.timeout(600)  # a machine that is busy starts the processes of a cluster slowly


def test_a_file_over_two_processes_gives_the_bytes_and_counts_of_one(shared: Shared) -> None:
    by_one, by_two = shared.alone(), shared.distributed()
    same(by_one, by_two)
    assert by_two[1].cluster_share is not None
    assert by_two[1].cluster_share.n_ranges > 3
    assert (by_two[1].cluster_share.n_here, by_two[1].cluster_share.why_here) == (0, None)
    assert shared.left() == []


@pytest.mark.parametrize(
    ("recipe", "task", "dialect"),
    [
        (recipes.LINEAR, "regression", "UTF-16"),
        (recipes.TREES, "regression", "comma"),
        (recipes.LINEAR, "multiclass", "pipe, CR and BOM"),
        (recipes.TREES, "multiclass", "semicolon and decimal comma"),
    ],
)
def test_every_kind_of_model_and_file_is_joined_to_the_last_count(
    cluster: DaskCluster, recipe: str, task: Task, dialect: str
) -> None:
    shared = share(cluster.settings, fitted(recipe, task), DIALECTS[dialect], bad=0.01)
    by_one, by_two = shared.alone(), shared.distributed()
    same(by_one, by_two)
    assert by_two[1].cluster_share is not None
    assert by_two[1].cluster_share.n_here == 0


def test_reasons_are_the_same_too(shared: Shared) -> None:
    same(shared.alone(with_reasons=True), shared.distributed(with_reasons=True))


def test_looking_often_does_not_end_an_answer_on_its_way(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine any look may fall between an answer's being asked for and its being sent."""
    monkeypatch.setattr(cluster_module, "WAIT_S", 1e-4)
    by_two = shared.distributed()
    assert by_two[1].cluster_share is not None
    assert (by_two[1].cluster_share.n_here, by_two[1].cluster_share.why_here) == (0, None)
    assert shared.left() == []


def test_a_process_that_is_killed_costs_its_ranges_alone(cluster: DaskCluster) -> None:
    shared = share(cluster.settings, fitted(recipes.TREES, "binary"), Dialect(), n_bytes=12_000_000)
    before, killed = cluster.workers(), list[int]()

    def kill_one(n_rows: int) -> None:
        if n_rows and not killed:
            killed.append(before[0])
            os.kill(before[0], signal.SIGKILL)

    by_two = shared.distributed(progress=kill_one)
    same(shared.alone(), by_two)
    assert killed
    assert by_two[1].cluster_share is not None
    assert (by_two[1].cluster_share.n_here, by_two[1].cluster_share.why_here) == (0, None)
    assert shared.left() == []
    wait_for(lambda: len(cluster.workers()) == 2, what="the killed process to be started again")
    assert killed[0] not in cluster.workers()


class Lost(Exception):
    """What ends a run before it has joined what was scored."""


def test_what_was_scored_already_is_not_stored_twice(shared: Shared) -> None:
    def lost(_n_rows: int) -> None:
        wait_for(lambda: len(shared.left()) > 1, what="two scored ranges")
        raise Lost

    with pytest.raises(Lost):
        shared.distributed(progress=lost)
    assert shared.left(), "a run that was lost leaves ranges"
    same(shared.alone(), shared.distributed())
    assert shared.left() == []


def test_a_cancel_ends_it_and_ranges_on_their_way_are_not_stored(cluster: DaskCluster) -> None:
    shared = share(cluster.settings, fitted(recipes.TREES, "binary"), Dialect(), n_bytes=12_000_000)
    rows: list[int] = []
    with pytest.raises(ScoringStopped):
        shared.distributed(progress=rows.append, stop=lambda: bool(rows and rows[-1]))
    wait_for(lambda: not cluster.busy(), what="the cluster to be idle")
    assert len(shared.left()) < len(shared.data) // BLOCK_BYTES - 1


def test_bytes_that_were_changed_are_not_scored(shared: Shared) -> None:
    """As far as this process reads them they are as they were; what the cluster reads is not."""
    path = shared.settings.files_dir / shared.key
    whole = path.read_bytes()
    path.write_bytes(whole[:-100] + b"x" * 100)
    try:
        with pytest.raises(ChangedSinceChecked):
            shared.distributed()
    finally:
        path.write_bytes(whole)


def test_what_can_not_be_scored_is_refused_as_by_one(cluster: DaskCluster) -> None:
    shared = share(cluster.settings, fitted(recipes.TREES, "binary"), Dialect())
    lacking = io.BytesIO(shared.data.replace(b"plan", b"plon", 1))
    with pytest.raises(FeatureMissing):
        shared.distributed(source=lacking)


def test_a_mistake_in_a_range_names_the_row_of_the_file(cluster: DaskCluster) -> None:
    model = fitted(recipes.TREES, "binary")
    shared = share(cluster.settings, model, Dialect())
    torn = shared.data[:-1] + b"1,2,3\n"  # a row that is too short, which examining would have refused
    (shared.settings.files_dir / shared.key).write_bytes(torn)
    said = []
    for run in (
        lambda: model.score(torn, shared.dialect),
        lambda: shared.distributed(source=io.BytesIO(torn)),
    ):
        with pytest.raises((BlockFailed, ChangedSinceChecked)) as caught:
            run()
        said.append(str(caught.value))
    assert said[0] == said[1]
