"""What can go wrong while a package reports: nothing is lost, nothing comes twice, and it says what happened."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from core import db
from core.access import tokens
from core.db.tables import Base
from core.db.tables.credentials import ApiTokenRow
from core.db.tables.training_jobs import (
    TrainingBatchRow,
    TrainingJobRow,
    TrainingMetricRow,
    TrainingPredictionRow,
)
from core.db.tables.uploads import UploadRow
from core.db.types import now_plus
from core.training.package import package as packing
from tests import rows
from tests.core.api.routes.training.test_training_packages import packed
from tests.packages import QUICK, Package, ended
from tests.servers.parts import require
from tests.servers.small_disk import on_small_disk
from tests.servers.waiting import wait_for
from tests.servers.wire import Wire

N_HELD_OUT = 60  # a fifth of 300
PACKED: list[bytes] = []  # the same for all tests: the file, its number and the app's address are


@pytest.fixture
def database(sqlite_database: db.Database) -> db.Database:
    """One kind is enough here: what is told is tested on both."""
    return sqlite_database


@pytest.fixture
def wire(client: httpx.Client) -> Iterator[Wire]:
    """Between the package and the app."""
    with Wire(str(client.base_url)) as wire:
        yield wire


@pytest.fixture
def package(client: httpx.Client, upload: UploadRow, tmp_path: Path) -> Package:
    """With code that takes no time, little patience at the end, and a quick pulse."""
    if not PACKED:
        PACKED.append(packed(client, upload))
    package = Package.unpacked(PACKED[0], tmp_path / "package", code=QUICK)
    package.change("local_training.py", "PATIENCE_S: Final = 60.0", "PATIENCE_S: Final = 1.0")
    package.change("predictions_writer.py", "BEAT_S: Final = 10.0", "BEAT_S: Final = 0.1")
    return package


def token(me: db.User) -> str:
    with db.session_scope(me, write=True) as session:
        return tokens.create(session, name="t", scopes=["package"], now=datetime.now(UTC))[1]


def by_wire(wire: Wire, me: db.User, **more: str) -> dict[str, str]:
    """What a package finds that comes by the wire."""
    return {"MODEL_DESK_URL": wire.endpoint, "MODEL_DESK_TOKEN": token(me), **more}


def told(me: db.User, job_id: UUID) -> tuple[int, int, int]:
    """How many predictions, points and batches the app has of a training."""
    with db.session_scope(me) as session:
        counted = (
            sa.select(sa.func.count()).select_from(table).where(table.training_job_id == job_id)
            for table in (TrainingPredictionRow, TrainingMetricRow, TrainingBatchRow)
        )
        predictions, points, batches = (session.execute(count).scalar_one() for count in counted)
    return predictions, points, batches


def status(client: httpx.Client, package: Package) -> str | None:
    answer = client.get(f"/api/training-jobs/{package.job_id}")
    return answer.json()["status"] if answer.status_code == 200 else None


def is_training(client: httpx.Client, package: Package) -> bool:
    return (package.folder / "state.json").exists() and status(client, package) == "training"


def test_what_can_not_be_told_waits_and_is_told_once(
    client: httpx.Client, me: db.User, package: Package, wire: Wire, tmp_path: Path
) -> None:
    """Out of reach from the start to the end; then answers get lost, so that batches come twice."""
    wire.vanish()
    environment = by_wire(wire, me)
    ran = package.run(**environment)
    assert ran.code == 3
    assert "python train.py --send" in ran.said
    assert ran.said.count("is out of reach") == 1
    assert status(client, package) is None
    hasty = package.run(**environment)  # what was found is not dropped for another training
    assert (hasty.code, "python train.py --send" in hasty.said) == (4, True)
    wire.come_back()
    wire.lose_answers = 3
    assert package.run("--send", **environment).code == 0
    assert told(me, package.job_id) == (N_HELD_OUT, 1, 2)
    assert status(client, package) == "succeeded"
    assert not (package.folder / "spool.jsonl").exists()
    nothing = package.run("--send", **environment)
    assert (nothing.code, "Nothing waits" in nothing.said) == (0, True)


@pytest.mark.parametrize("wrong_by", ["-1d", "+1d"])
def test_a_clock_that_is_wrong_by_a_day_changes_nothing(me: db.User, package: Package, wrong_by: str) -> None:
    began = datetime.now(UTC)
    ran = package.run(LD_PRELOAD=str(require("faketime")), FAKETIME=wrong_by, MODEL_DESK_TOKEN=token(me))
    assert ran.code == 0, ran.said
    assert told(me, package.job_id)[0] == N_HELD_OUT
    with db.session_scope(me) as session:
        job = session.get_one(TrainingJobRow, package.job_id)
        assert job.status == "succeeded"
        assert job.finished_at is not None
        assert began <= job.created_at <= job.finished_at <= datetime.now(UTC)


def test_a_point_that_is_not_finite_is_left_out_and_said(me: db.User, package: Package) -> None:
    ran = package.run()
    assert ran.code == 0, ran.said
    assert "1 point of the reported curve was dropped whose value is no finite number." in ran.said
    assert told(me, package.job_id) == (N_HELD_OUT, 1, 2)


def test_a_token_that_expires_lets_the_training_end_and_another_sends_it(
    client: httpx.Client, me: db.User, package: Package, wire: Wire, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    environment = by_wire(wire, me, WAIT_FOR=str(go))
    process = package.start(**environment)
    wait_for(lambda: is_training(client, package), what="its first sign of life")
    with db.as_worker(), db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(ApiTokenRow).values(expires_at=now_plus(-1)))
    go.touch()
    ran = ended(process)
    assert ran.code == 2
    assert "Make a new token" in ran.said
    assert (package.folder / "work" / "model.bin").exists()
    assert told(me, package.job_id) == (0, 0, 0)
    assert package.run("--send", **by_wire(wire, me)).code == 0
    assert told(me, package.job_id) == (N_HELD_OUT, 1, 2)
    assert status(client, package) == "succeeded"


def test_a_refusal_before_the_training_ends_it_in_the_apps_own_words(
    me: db.User, stranger: db.User, package: Package, wire: Wire
) -> None:
    environment = by_wire(wire, me)
    wrong = package.run(**environment | {"MODEL_DESK_TOKEN": "mdk_wrong"})
    assert (wrong.code, "no longer valid" in wrong.said) == (2, True)
    theirs = rows.add(Base.metadata.tables["training_jobs"], owner=stranger.id, origin="local", attempt=1)[
        "id"
    ]
    (package.folder / "state.json").write_text(json.dumps({"job_id": str(theirs), "attempt": 1}))
    taken = package.run(**environment)
    assert (taken.code, "This job_id can't be used." in taken.said) == (2, True)
    odd = package.run(MODEL_DESK_URL="ftp://desk", MODEL_DESK_TOKEN="a\nb")
    assert (odd.code, "no address" in odd.said) == (4, True)
    assert not (package.folder / "work").exists()


def test_a_second_run_in_the_same_folder_stops_and_one_that_was_killed_is_begun_anew(
    client: httpx.Client, me: db.User, package: Package, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    first = package.start(WAIT_FOR=str(go))
    wait_for(lambda: is_training(client, package), what="its first sign of life")
    second = package.run()
    assert (second.code, "Another run is at work" in second.said) == (4, True)
    job_id, (child,) = package.job_id, children(first.pid)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    wait_for(lambda: not Path(f"/proc/{child}").exists(), what="the code to end with its leader")
    assert status(client, package) == "training"
    with (package.folder / "spool.jsonl").open("ab") as spool:
        spool.write(b'{"kind": "predictions", "rows": [{"ro')  # as a crash tears it
    sent = package.run("--send")  # what was spooled is sent, and what is torn is none
    assert (sent.code, "broken off" in sent.said, status(client, package)) == (0, True, "training")
    again = package.run()
    assert (again.code, package.job_id, package.state["attempt"]) == (0, job_id, 2)
    assert told(me, job_id)[0] == N_HELD_OUT
    package.run()
    assert package.job_id != job_id  # it had ended


def test_one_that_was_killed_between_telling_its_end_and_noting_it_is_over(
    client: httpx.Client, package: Package
) -> None:
    assert package.run().code == 0
    job_id, path = package.job_id, package.folder / "state.json"
    path.write_text(json.dumps({"job_id": str(job_id), "attempt": 1}))
    (package.folder / "spool.jsonl").write_text('{"kind": "end", "status": "failed", "reason": ""}\n')
    sent = package.run("--send")
    assert (sent.code, "All is told" in sent.said, package.state["is_ended"]) == (0, True, True)
    path.write_text(json.dumps({"job_id": str(job_id), "attempt": 1}))
    another = package.run()
    assert another.code == 0, another.said
    assert package.job_id != job_id
    assert (status(client, package), client.get(f"/api/training-jobs/{job_id}").json()["status"]) == (
        "succeeded",
        "succeeded",
    )


BUSY = """
import multiprocessing, subprocess, sys

def double(n):
    return 2 * n

if __name__ == "__main__":
    print("ü", "\\N{PILE OF POO}", flush=True)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print("doubled", pool.map(double, [21]), file=sys.stderr, flush=True)
    subprocess.Popen(["sleep", "1000"])  # which holds this output open
    for n in range(100):
        print("more than anybody reads", flush=True)
"""


def test_code_prints_starts_and_leaves_behind_what_it_likes(client: httpx.Client, package: Package) -> None:
    """Its output in an encoding that lacks letters, and read by nobody after the first line."""
    (package.folder / "train.py").write_text(packing.led(BUSY + QUICK), "utf-8")
    process = package.start(PYTHONIOENCODING="ascii")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "? ?\n"
    process.stdout.close()
    said = process.stderr.read()
    assert (process.wait(), status(client, package)) == (0, "succeeded"), said
    assert "doubled [42]" in said
    process.stderr.close()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_training_that_is_cancelled_in_the_app_stops_and_the_next_is_another(
    client: httpx.Client, package: Package, tmp_path: Path
) -> None:
    never = tmp_path / "never"
    process = package.start(WAIT_FOR=str(never))
    wait_for(lambda: is_training(client, package), what="its first sign of life")
    job_id = package.job_id
    assert client.post(f"/api/training-jobs/{job_id}/cancel").status_code == 200
    (child,) = children(process.pid)
    ran = ended(process)
    assert (ran.code, "cancelled in the app" in ran.said) == (2, True)
    assert not Path(f"/proc/{child}").exists()
    assert package.state["is_ended"]


def test_stopped_by_hand_it_is_cancelled_in_the_app(
    client: httpx.Client, package: Package, tmp_path: Path
) -> None:
    process = package.start(WAIT_FOR=str(tmp_path / "never"))
    wait_for(lambda: is_training(client, package), what="its first sign of life")
    process.send_signal(signal.SIGINT)
    assert ended(process).code == 130
    assert status(client, package) == "cancelled"
    assert "It was stopped on its machine." in client.get(f"/api/training-jobs/{package.job_id}").text


def test_data_that_is_not_the_packages_is_not_trained_on(package: Package) -> None:
    data = package.folder / "data.csv"
    data.write_bytes(data.read_bytes().replace(b"\n", b"\r\n"))
    ran = package.run()
    assert (ran.code, "is not the file that this package was made of" in ran.said) == (4, True)
    data.unlink()
    assert package.run().code == 4


def test_code_that_fails_is_told_with_its_exit_code(client: httpx.Client, package: Package) -> None:
    (package.folder / "train.py").write_text(packing.led("raise SystemExit(7)"))
    ran = package.run()
    assert (ran.code, status(client, package)) == (1, "failed")
    error = client.get(f"/api/training-jobs/{package.job_id}").json()["error"]
    assert "exit code 7" in error["message"]


FULL_DISK = """
cp -r "$1"/. "$2" && cd "$2"
dd if=/dev/zero of=ballast bs=1k 2>/dev/null
truncate -s -200k ballast
"$3" train.py >/dev/null
status=$?
cp state.json "$1"
exit $status
"""
MANY_POINTS = """
import json

for n in range(9_000):
    print(json.dumps({"metric": "m", "step": n, "value": 1.0}))
"""


def test_on_a_full_disk_it_stops_and_says_so_here_and_in_the_app(
    client: httpx.Client, package: Package, tmp_path: Path
) -> None:
    (package.folder / "train.py").write_text(packing.led(MANY_POINTS))
    within = on_small_disk(tmp_path / "disk", 2_000_000)
    script = ("sh", "-c", FULL_DISK, "sh", str(package.folder), str(tmp_path / "disk"), sys.executable)
    ran = subprocess.run([*within, *script], capture_output=True, text=True, check=False)
    assert (ran.returncode, "takes no more" in ran.stderr) == (4, True), ran.stderr
    assert status(client, package) == "failed"
    error = client.get(f"/api/training-jobs/{package.job_id}").json()["error"]
    assert "disk" in error["message"]
