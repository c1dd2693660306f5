"""The handler of a training, in a worker's child: reads the data, runs the code in a sandbox, judges what it left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from core import db, queue, sandboxes, settings, storage
from core.db.tables.training_jobs import TrainingJobRow
from core.db.tables.uploads import UploadRow
from core.errors import NotFound
from core.models import handler, thresholds, versions
from core.sandboxes import Ended, Reason, Sandbox
from core.settings import part
from core.settings.parts.training import TrainingSettings
from core.settings.parts.worker import LeaseSettings
from core.training.bargain import outputs, scoring
from core.training.bargain.inputs import Inputs
from core.training.bargain.metric_lines import BASELINE, HOLDOUT, MetricLines, Point
from core.training.coding.answers import PREDICT
from core.training.coding.writing import OF_THE_CODE, Writer, Written
from core.training.errors import (
    CodeFailed,
    CodeTookTooLong,
    OutOfDisk,
    OutOfMemory,
    TookTooLong,
    TooManyProcesses,
    TooMuchOutput,
)
from core.training.runs import data, held_out, provisioning
from core.training.runs.recorder import Recorder
from core.training.sources import stage
from core.training.sources.fetching import Web
from core.training.states import LIMITS_S, Status

CODE: Final = "train.py"
ARGV: Final = ("python", CODE)
LAST: Final = ("nice", "-n", "10")  # on this machine, where predictions and pages go first
REPORT_S: Final = 5.0
MOST_SAID: Final = 300  # characters of what the code complained of last
BOUNDS: Final = {
    Reason.OOM: OutOfMemory,
    Reason.DISK: OutOfDisk,
    Reason.OUTPUT: TooMuchOutput,
    Reason.TOO_MANY_PROCESSES: TooManyProcesses,
}


@dataclass(frozen=True)
class ToDo:
    """A job as it stood when its task was taken up, and what it is done with."""

    training: TrainingJobRow
    upload: UploadRow
    config: settings.Settings
    files: storage.Storage
    recorder: Recorder


def run(task: queue.Task, job: queue.Job) -> dict[str, Any]:
    """Returns what the model's row keeps, and the answers that its live app must give.

    Raises TaskStopped, LeaseLost, and what reading, the sandbox and a broken bargain raise.
    """
    return work(task, job, config=settings.current())


def work(
    task: queue.Task,
    job: queue.Job,
    *,
    config: settings.Settings,
    web: Web | None = None,
    generating_s: float = LIMITS_S[Status.GENERATING],
) -> dict[str, Any]:
    """`run` with these settings. web: what of the web may be reached; None is what is public. generating_s: for which
    code is waited for.
    """
    todo = _load(task, config)
    training, recorder = todo.training, todo.recorder
    pages = stage.run(training, recorder, task, job, web=web or Web(), app_url=config.url)
    _go_on(task, job)
    writer = Writer(training, todo.upload, pages, recorder, task, job, config, generating_s)
    written = writer.first()
    _go_on(task, job)
    inputs = data.read(todo.files, todo.upload, task, job, target=training.target)
    while True:
        _go_on(task, job)
        files = partial(_files, written, inputs, goal=training.goal)
        try:
            with provisioning.provisioned(
                config, recorder, task=task, job=job, code_key=written.key, files=files
            ) as sandbox:
                return _trained(todo, task, job, inputs, sandbox)
        except sandboxes.SandboxLost as lost:
            recorder.once_more(lost)
        except OF_THE_CODE as failure:
            written = writer.again(written, failure)


def _files(written: Written, inputs: Inputs, *, goal: str) -> dict[str, bytes]:
    """What the sandbox is given."""
    predict = {} if written.predict is None else {PREDICT: written.predict.encode()}
    return {CODE: written.code.encode(), **predict, **inputs.files(goal=goal)}


def _load(task: queue.Task, config: settings.Settings) -> ToDo:
    """Raises NotFound."""
    training_job_id = UUID(task.payload["training_job_id"])
    with db.session_scope(db.WORKER) as session:
        of_job = sa.select(TrainingJobRow).where(TrainingJobRow.id == training_job_id)
        training = session.execute(
            of_job.options(undefer(TrainingJobRow.code), undefer(TrainingJobRow.predict_code))
        ).scalar_one_or_none()
        upload_id = training.upload_id if training else None
        upload = (
            session.get(UploadRow, upload_id, options=[undefer(UploadRow.receipt)]) if upload_id else None
        )
        if training is None or upload is None:
            raise NotFound(resource="upload to train on", id=upload_id if training else "?")
        session.expunge_all()
    lease_s = part(config, LeaseSettings).lease_s
    recorder = Recorder(task, training_job_id=training_job_id, lease_s=lease_s)
    return ToDo(training, upload, config, storage.from_settings(config), recorder)


def _go_on(task: queue.Task, job: queue.Job) -> None:
    """Raises TaskStopped once somebody has cancelled."""
    if job.stop_requested():
        raise queue.TaskStopped(task_id=task.id)
    job.report()


def _require_in_time(stage: Status, took_s: float) -> None:
    """Raises TookTooLong."""
    if took_s > (limit_s := LIMITS_S[stage]):
        raise TookTooLong(what=f"{stage.value} stage", limit=f"{limit_s:.0f} seconds")


def _trained(
    todo: ToDo, task: queue.Task, job: queue.Job, inputs: Inputs, sandbox: Sandbox
) -> dict[str, Any]:
    """Run the code, then take in what it left."""
    recorder, checkpoint = todo.recorder, {"done": Status.GENERATING.value}
    backend = sandboxes.configured(todo.config)
    recorder.stage(
        Status.TRAINING,
        checkpoint=checkpoint,
        isolation=backend.isolation,
        environment=versions.installed() | {"sandbox": backend.name},
    )
    lines = MetricLines()
    argv = (*LAST, *ARGV) if backend.name == "local" else ARGV
    ended, complaint = _run_code(recorder, job, sandbox, argv, lines)
    recorder.close()
    usage = {
        "wall_s": ended.usage.wall_s,
        "cpu_s": ended.usage.cpu_s,
        "peak_memory_bytes": ended.usage.peak_memory_bytes,
        "output_bytes": ended.usage.output_bytes,
    }
    _require_ok(todo, task, sandbox, ended, complaint, usage)
    recorder.stage(Status.COLLECTING, checkpoint=checkpoint, usage=usage)
    began = recorder.in_contact_s()
    answers = outputs.predictions(sandbox, schema=inputs.schema, n_rows=len(inputs.held_out_rows))
    scored = scoring.score(inputs, answers)
    key, sha256 = _kept(todo, task, sandbox)
    job.report()
    warnings = [*recorder.warnings, *inputs.prepared.warnings, *lines.warnings()]
    if not lines.n_points:
        warnings.append("The code reported no curve.")
    _require_in_time(Status.COLLECTING, recorder.in_contact_s() - began)

    keep = list(task.payload.get("keep", ()))
    report = scoring.report(inputs, scored, chosen="sandbox", seconds=ended.usage.wall_s, keep=keep)
    threshold = thresholds.of_result(task.payload.get("threshold"), report)

    def judged(session: Session) -> None:
        cut = threshold.get("threshold", thresholds.HALF)
        held_out.write(session, todo.training, inputs, answers, threshold=cut)
        points = [
            Point(name, split, 0, spread["mean"])
            for split, figures in ((HOLDOUT, scored.metrics), (BASELINE, scored.baseline))
            for name, spread in figures.items()
        ]
        recorder.write_points(session, points)
        recorder.warn(session, warnings)

    recorder.close(judged)
    return {
        "schema": inputs.schema.to_json(),
        "report": report | {"versions": versions.installed(), "warnings": warnings},
        "task_type": inputs.schema.task,
        "artifact_key": key,
        "artifact_sha256": sha256,
        "checks": held_out.checks(inputs, answers),
        **threshold,
    }


def _run_code(
    recorder: Recorder, job: queue.Job, sandbox: Sandbox, argv: Sequence[str], lines: MetricLines
) -> tuple[Ended, str]:
    """Run it to its end; what it prints is written meanwhile. Also the last thing that it complained of."""
    reported_at, complaint = time.monotonic(), ""

    def hear(source: str, line: str) -> None:
        nonlocal complaint
        if source == "stderr" and line.strip():
            complaint = line.strip()
        if source == "stdout" and (point := lines.read(line)) is not None:
            recorder.point(point)
        else:
            recorder.line(source, line)

    def stop() -> bool:
        nonlocal reported_at
        recorder.flush_when_due()
        if time.monotonic() - reported_at > REPORT_S:
            job.report()
            reported_at = time.monotonic()
        return job.stop_requested()

    return sandbox.run(argv, on_output=hear, stop=stop, name=provisioning.COMMAND), complaint


def _require_ok(
    todo: ToDo, task: queue.Task, sandbox: Sandbox, ended: Ended, complaint: str, usage: dict[str, Any]
) -> None:
    """Raises what became of the code, unless it ended well."""
    if ended.reason is Reason.OK:
        return
    if ended.reason is Reason.STOPPED:
        raise queue.TaskStopped(task_id=task.id)
    if ended.reason is Reason.LOST:
        raise sandboxes.SandboxLost(ref=sandbox.ref)
    todo.recorder.line("app", ended.message)

    def used(session: Session) -> None:
        changed = sa.update(TrainingJobRow).where(TrainingJobRow.id == todo.training.id)
        session.execute(changed.values(usage=usage))

    todo.recorder.close(used)
    if ended.reason is Reason.MACHINE_DISK:  # a later try may find room
        is_here = sandboxes.configured(todo.config).name == "local"
        raise sandboxes.MachineDiskFull(place=str(todo.config.data_dir) if is_here else "its sandbox at E2B")
    if ended.reason is Reason.TIME_LIMIT:
        limit_s = part(todo.config, TrainingSettings).training_limit_s
        raise CodeTookTooLong(what="training", limit=f"{limit_s:,.0f} seconds")
    if (bound := BOUNDS.get(ended.reason)) is not None:
        raise bound(problem=ended.message.rstrip(".").lower())
    said = f": {complaint[:MOST_SAID].rstrip('.')}." if complaint else "."
    raise CodeFailed(exit_code=ended.exit_code if ended.exit_code is not None else -1, said=said)


def _kept(todo: ToDo, task: queue.Task, sandbox: Sandbox) -> tuple[str, str]:
    """Store the model's files as one of ours; its key and sha256. Raises NothingMade, StorageUnavailable."""
    key = f"{handler.output_prefix(task)}zip"
    with storage.stage(todo.config.staging_dir) as staged:
        outputs.pack(sandbox, cast("BinaryIO", staged))
        staged.close()
        todo.files.put(key, staged.path)
        return key, staged.sha256
