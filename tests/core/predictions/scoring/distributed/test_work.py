"""A large prediction from the queue: over the cluster, by one worker where that is away, or cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import access, db, queue
from core.db import migrate
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.predictions import predictions
from core.storage import LocalStorage
from tests import journeys
from tests.servers.dask import DaskCluster
from tests.servers.ports import spare_port
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.timeout(600)  # a machine that is busy starts the processes of a cluster slowly
WAIT_S = 240.0


@pytest.fixture(scope="module")
def desk(
    cluster: DaskCluster, tmp_path_factory: pytest.TempPathFactory
) -> tuple[db.User, UploadRow, ModelRow]:
    """A person with a model and a file above LARGE_FILE_MB."""
    settings, folder = cluster.settings, tmp_path_factory.mktemp("files")
    migrate.upgrade(db.connect(settings.database))
    user, files = access.settle_local_user(), LocalStorage(settings.files_dir)
    small = journeys.upload_bytes(user, journeys.sample_bytes(folder), settings=settings, files=files)
    large = journeys.upload_bytes(
        user,
        journeys.sample_bytes(folder, n_rows=45_000),
        settings=settings,
        files=files,
        file_name="large.csv",
    )
    assert large.size_bytes > 2 << 20
    with journeys.running(settings):
        return user, large, journeys.train(user, small)


@pytest.fixture(autouse=True)
def connected(cluster: DaskCluster, desk: object) -> Iterator[None]:
    """Every test may have connected to another database."""
    db.connect(cluster.settings.database)
    yield


def test_a_large_prediction_is_shared_out_and_its_receipt_says_so(
    cluster: DaskCluster, desk: tuple[db.User, UploadRow, ModelRow]
) -> None:
    user, upload, model = desk
    away = cluster.settings.model_copy(update={"dask_scheduler_address": f"tcp://127.0.0.1:{spare_port()}"})
    found = []
    for settings in (cluster.settings, away, away.model_copy(update={"dask_scheduler_address": ""})):
        with journeys.running(settings):
            asked = journeys.queue_prediction(user, upload, model)
            found.append(journeys.settled(user, asked, deadline_s=WAIT_S))
    shared, alone, by_one = found
    receipts = [one.receipt for one in found]
    assert all(receipts)
    assert len({one.output_sha256 for one in found}) == 1
    assert len({receipt["result"]["counts_sha256"] for receipt in receipts if receipt}) == 1
    told = [receipt["run"]["spread"] for receipt in receipts if receipt]
    assert told[0]["n_ranges"] > 2
    assert (told[0]["n_here"], told[0]["why_here"], told[2]) == (0, None, None)
    assert told[1]["n_ranges"] == 0
    assert "Start the cluster, or leave DASK_SCHEDULER_ADDRESS empty" in told[1]["why_here"]
    kept = {one.output_key for one in (shared, alone, by_one)}
    assert set(LocalStorage(cluster.settings.files_dir).keys("results/")) == kept


def test_a_cancelled_one_leaves_nothing(
    cluster: DaskCluster, desk: tuple[db.User, UploadRow, ModelRow]
) -> None:
    user, upload, model = desk
    before = set(LocalStorage(cluster.settings.files_dir).keys("results/"))
    with journeys.running(cluster.settings):
        with cluster.held():  # or it may be done before it is cancelled
            asked = journeys.queue_prediction(user, upload, model)

            def is_begun() -> bool:
                found = journeys.ask(user, lambda session: predictions.get(session, prediction_id=asked))
                return found.status == "PROCESSING"

            wait_for(is_begun, deadline_s=WAIT_S, what="the prediction to be begun")
            with db.session_scope(user, write=True) as session:
                predictions.cancel(session, prediction_id=asked)
        assert journeys.settled(user, asked, deadline_s=WAIT_S).status == "CANCELLED"
        wait_for(lambda: not cluster.busy(), deadline_s=WAIT_S, what="the cluster to be idle")
        files = LocalStorage(cluster.settings.files_dir)
        wait_for(lambda: set(files.keys("results/")) == before, what="what it stored to be removed")
    with db.session_scope(db.WORKER) as session:
        assert queue.backlog(session).n_running == 0


def test_nothing_stays_staged_not_even_of_a_process_that_was_killed(cluster: DaskCluster) -> None:
    staging = Path(cluster.settings.staging_dir)
    assert [path for path in staging.glob("*-*") if path.is_file()] == []
