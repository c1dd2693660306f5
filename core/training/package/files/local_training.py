"""Runs train.py on this machine as the app's sandbox would, and reports to Model Desk as it goes.

train.py calls `lead()` before anything else. The process that somebody has started becomes the leader: it tells the app
of the training, starts train.py once more as its child, and reports what the child prints and leaves. In the child
`lead()` lays out in `work/` what the code expects, and returns, so that the code below it runs there.

    python train.py [--data PATH]   trains, and reports
    python train.py --send          sends what could not be sent, without training

Exit codes: 0 all is told; 1 the code failed, and that is told; 2 the app refused; 3 the app was out of reach, and what
is to be told waits for `--send`; 4 something on this machine is in the way; 130 somebody has stopped it.
"""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from core.training.bargain.metric_lines import MetricLines
from core.training.package.files import held_out, preflight
from core.training.package.files.code_run import CHILD, CodeRun, echo, end_with_the_leader
from core.training.package.files.desk import Desk, Refused, say
from core.training.package.files.predictions_writer import SENT, SPOOL, Outcome, PredictionsWriter
from core.training.package.files.preflight import InTheWay
from core.training.package.files.run_state import CONFIG, RunState, environment, only_one
from core.training.package.files.spool import Unreadable, last

FOLDER: Final = Path(__file__).resolve().parent
DONE, CODE_FAILED, REFUSED, OUT_OF_REACH, IN_THE_WAY, BY_HAND = 0, 1, 2, 3, 4, 130
PATIENCE_S: Final = 60.0
SEND: Final = "python train.py --send"
CANCELLED, ENDED = (
    "cancelled",
    "ended",
)  # what the app says of one that takes no more: the next run is another
FULL: Final = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # the latter is not everywhere


def lead() -> None:
    """In the child: returns. In the process that was started by hand: trains, reports and ends it."""
    if (data := os.environ.get(CHILD)) is None:
        sys.exit(main(sys.argv[1:]))
    if data:
        os.environ[CHILD] = (
            ""  # a process that the code starts may read train.py once more, and leads nothing
        )
        threading.Thread(target=end_with_the_leader, daemon=True).start()
        from core.training.package.files import local_inputs  # needs what requirements.txt names

        rows, truth = FOLDER / preflight.ROWS, FOLDER / held_out.TRUTH
        local_inputs.lay_out(_config(), Path(data), rows=rows, truth=truth)


def main(argv: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(
        prog="train.py", description="Train on this machine; report to Model Desk."
    )
    parser.add_argument("--data", type=Path, default=FOLDER / "data.csv", help="the file that holds the rows")
    parser.add_argument("--send", action="store_true", help="send what waits, without training")
    asked = parser.parse_args(argv)
    _heed_signals()
    try:
        preflight.require_python()
        config = _config()
        desk = Desk(os.environ.get("MODEL_DESK_URL") or config["address"], _token())
        with only_one(FOLDER / "run.lock"):
            return _send(desk, config) if asked.send else _train(desk, config, asked.data)
    except (InTheWay, ValueError, OSError) as error:
        say(str(error))
        return IN_THE_WAY
    except KeyboardInterrupt:
        say(f"Stopped. What waits in {SPOOL} is sent by: {SEND}" if (FOLDER / SPOOL).exists() else "Stopped.")
        return BY_HAND


def _heed_signals() -> None:
    """A terminal that goes away stops it like Ctrl+C does; not where `nohup` has said that it shall not."""
    for name in ("SIGTERM", "SIGHUP"):
        if (one := getattr(signal, name, None)) is not None and signal.getsignal(one) != signal.SIG_IGN:
            signal.signal(one, _interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # whatever the code prints


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _token() -> str:
    return os.environ.get("MODEL_DESK_TOKEN", "").strip()


def _config() -> dict[str, Any]:
    """Raises Unreadable, OSError."""
    path = FOLDER / CONFIG
    try:
        config: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise Unreadable(path, "Unpack the package anew.") from error
    return config


def _train(desk: Desk, config: dict[str, Any], data: Path) -> int:
    """Raises InTheWay, OSError."""
    preflight.require_libraries()
    preflight.require_data(data, config["data"])
    before, state = RunState.read(FOLDER), RunState.next_of(FOLDER)
    is_waiting = (last(FOLDER / SPOOL) or {}).get("status") == "succeeded"
    if is_waiting and before is not None and not before.is_ended:
        raise InTheWay(
            f"What the last run has found still waits in {SPOOL}. Send it: {SEND}. "
            "To drop it and train anew, remove that file."
        )
    _drop_spool()  # of an attempt before, which this one repeats
    state.write()
    code = CodeRun(FOLDER, data.resolve())
    writer = PredictionsWriter(desk, FOLDER, job=_job(config, state), on_stop=code.stop)
    try:
        writer.begin()
    except Refused as error:
        writer.close()
        _note_end(state, error)
        if error.code == ENDED:  # its last run was ended between telling that and noting it
            return _train(desk, config, data)
        say(f"{error} Nothing was trained.")
        return REFUSED
    status, reason, exit_code = _reported(writer, code, config)
    if writer.refusal is not None and not writer.refusal.is_about_token:
        return _refused(writer.refusal, state)
    if writer.disk_error is not None and exit_code != IN_THE_WAY:
        status, reason, exit_code = _stopped_by(writer.disk_error)
    writer.end(status, reason)
    return _finished(writer, state, exit_code=exit_code)


def _reported(writer: PredictionsWriter, code: CodeRun, config: dict[str, Any]) -> tuple[str, str, int]:
    """Run the code and report what it says; how it ended, why, and the exit code where that is told."""
    lines = MetricLines()
    try:
        for line in code.lines():
            echo(line)
            if (point := lines.read(line)) is not None:
                writer.metric(point.name, point.value, split=point.split, step=point.step)
        for warning in lines.warnings():
            say(warning)
        if code.exit_code:
            return "failed", f"The code ended with exit code {code.exit_code}.", CODE_FAILED
        _tell_predictions(writer, config)
    except held_out.NothingMade as error:
        say(str(error))
        return "failed", str(error), CODE_FAILED
    except OSError as error:
        code.stop()
        return _stopped_by(error)
    except KeyboardInterrupt:
        code.stop()
        return "cancelled", "It was stopped on its machine.", BY_HAND
    return "succeeded", "", DONE


def _stopped_by(error: OSError) -> tuple[str, str, int]:
    """What is told of it here and in the app."""
    if error.errno in FULL:
        say(f"This machine's disk takes no more ({error}). Make room, then run train.py again.")
        return "failed", f"The disk of its machine takes no more ({error}).", IN_THE_WAY
    say(f"Something on this machine is in the way ({error}). Mend it, then run train.py again.")
    return "failed", f"Something on its machine was in the way ({error}).", IN_THE_WAY


def _tell_predictions(writer: PredictionsWriter, config: dict[str, Any]) -> None:
    """Raises NothingMade, OSError."""
    n = 0
    for one in held_out.answers(FOLDER, config["schema"], threshold=config["threshold"]):
        writer.prediction(one.row, actual=one.actual, predicted=one.predicted, probability=one.probability)
        n += 1
    say(f"{n:,} held-out rows predicted. The model is in work/model.bin.")


def _send(desk: Desk, config: dict[str, Any]) -> int:
    """Raises InTheWay, OSError."""
    state = RunState.read(FOLDER)
    if state is None or not (FOLDER / SPOOL).exists():
        say("Nothing waits to be sent.")
        return DONE
    writer = PredictionsWriter(desk, FOLDER, job=_job(config, state))
    try:
        writer.begin()
    except Refused as error:
        if (
            error.code == ENDED
        ):  # which is told last: its last run was ended between telling that and noting it
            return _all_told(writer, state, exit_code=DONE)
        return _refused(error, state)
    return _finished(writer, state, exit_code=DONE)


def _finished(writer: PredictionsWriter, state: RunState, *, exit_code: int) -> int:
    outcome: Outcome = writer.finish(PATIENCE_S)
    if writer.refusal is not None:
        return _refused(writer.refusal, state)
    if writer.spool_error is not None:
        say(str(writer.spool_error))
        return IN_THE_WAY
    if outcome == "out of reach":
        say(f"The app was out of reach for {PATIENCE_S:.0f} s. Once it is there again, run: {SEND}")
        return OUT_OF_REACH
    if not writer.has_told_end:
        writer.close()
        _drop_spool()
        say("All that was written down is told. Its run was broken off: begin it anew by python train.py")
        return exit_code
    return _all_told(writer, state, exit_code=exit_code)


def _all_told(writer: PredictionsWriter, state: RunState, *, exit_code: int) -> int:
    """The next run is another training."""
    writer.close()
    state.is_ended = True
    _drop_spool()  # first, as the note may need its room; without it, the app says that the training has ended
    state.write()
    say("All is told.")
    return exit_code


def _drop_spool() -> None:
    for name in (SPOOL, SENT):
        (FOLDER / name).unlink(missing_ok=True)


def _refused(refusal: Refused, state: RunState) -> int:
    _note_end(state, refusal)
    if refusal.is_about_token:
        say(f"{refusal} Make a new token in the app, set MODEL_DESK_TOKEN to it, and run: {SEND}")
    else:
        say(f"{refusal} What was not sent stays in {SPOOL}.")
    return REFUSED


def _note_end(state: RunState, refusal: Refused) -> None:
    if refusal.code in (CANCELLED, ENDED):
        state.is_ended = True
        state.write()


def _job(config: dict[str, Any], state: RunState) -> dict[str, Any]:
    """What the app is told of this training before all else."""
    told = {
        name: config[name] for name in ("model_name", "target", "upload_id", "code_source", "code_sha256")
    }
    return {
        **told,
        "job_id": state.job_id,
        "attempt": state.attempt,
        "data_name": config["data"]["name"],
        "data_sha256": config["data"]["sha256"],
        "environment": environment(FOLDER / "requirements.txt"),
        "warnings": config["warnings"],
    }
