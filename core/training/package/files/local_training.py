"""Runs train.py on this machine as the app's sandbox would, and reports to Model Desk as it goes.

train.py calls `lead()` before anything else. The process that somebody has started becomes the leader: it tells the app
of the training, starts train.py once more as its child, and reports what the child prints and leaves. In the child
`lead()` lays out in `work/` what the code expects, and returns, so that the code below it runs there.

    python train.py [--data PATH]   trains, and reports
    python train.py --send          sends what could not be sent, without training

Exit codes: 0 all is told; 1 the code failed, and that is told; 2 the app refused; 3 the app was out of reach, and what
is to be told waits for `--send`; 4 something on this machine is in the way.
"""

from __future__ import annotations

import argparse
import hashlib
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
from core.training.package.files import held_out
from core.training.package.files.code_run import CHILD, CodeRun
from core.training.package.files.desk import Desk, Refused, say
from core.training.package.files.predictions_writer import SENT, SPOOL, Outcome, PredictionsWriter
from core.training.package.files.run_state import RunState, environment, only_one

FOLDER: Final = Path(__file__).resolve().parent
DONE, CODE_FAILED, REFUSED, OUT_OF_REACH, IN_THE_WAY, BY_HAND = 0, 1, 2, 3, 4, 130
PATIENCE_S: Final = 60.0
SEND: Final = "python train.py --send"
OVER: Final = (
    "cancelled",
    "ended",
)  # what the app says of a training that takes no more: the next run is another


class InTheWay(Exception):
    """Something on this machine keeps it from training."""


def lead() -> None:
    """In the child: returns. In the process that was started by hand: trains, reports and ends it."""
    if data := os.environ.pop(CHILD, None):
        threading.Thread(target=_end_with_the_leader, daemon=True).start()
        from core.training.package.files import local_inputs  # needs what requirements.txt names

        local_inputs.lay_out(_config(), Path(data), truth=FOLDER / held_out.TRUTH)
        return
    sys.exit(main(sys.argv[1:]))


def _end_with_the_leader() -> None:
    """The leader holds the other end of this pipe: whatever ends it, nobody trains on in silence."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


def main(argv: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(
        prog="train.py", description="Train on this machine; report to Model Desk."
    )
    parser.add_argument("--data", type=Path, default=FOLDER / "data.csv", help="the file that holds the rows")
    parser.add_argument("--send", action="store_true", help="send what waits, without training")
    asked = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        config = _config()
        desk = Desk(os.environ.get("MODEL_DESK_URL") or config["address"], _token())
        with only_one(FOLDER / "run.lock"):
            return _send(desk, config) if asked.send else _train(desk, config, asked.data)
    except (InTheWay, ValueError, OSError) as error:
        say(str(error))
        return IN_THE_WAY
    except KeyboardInterrupt:
        say("Stopped.")
        return BY_HAND


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _token() -> str:
    return os.environ.get("MODEL_DESK_TOKEN", "").strip()


def _config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads((FOLDER / "config.json").read_text("utf-8"))
    return config


def _train(desk: Desk, config: dict[str, Any], data: Path) -> int:
    """Raises InTheWay, OSError."""
    _require_data(data, config["data"])
    state = RunState.next_of(FOLDER)
    for name in (SPOOL, SENT):  # of an attempt before, which this one repeats
        (FOLDER / name).unlink(missing_ok=True)
    state.write()
    code = CodeRun(FOLDER, data.resolve())
    writer = PredictionsWriter(desk, FOLDER, job=_job(config, state), on_stop=code.stop)
    try:
        writer.begin()
    except Refused as error:
        _note_end(state, error)
        say(f"{error} Nothing was trained.")
        return REFUSED
    status, reason, exit_code = _reported(writer, code, config)
    if writer.refusal is not None and not writer.refusal.is_about_token:
        return _refused(writer.refusal, state)
    if writer.disk_error is not None and exit_code != IN_THE_WAY:
        status, reason, exit_code = _disk_full(writer.disk_error)
    writer.end(status, reason)
    return _finished(writer, state, exit_code=exit_code)


def _reported(writer: PredictionsWriter, code: CodeRun, config: dict[str, Any]) -> tuple[str, str, int]:
    """Run the code and report what it says; how it ended, why, and the exit code where that is told."""
    lines = MetricLines()
    try:
        for line in code.lines():
            print(line, flush=True)  # noqa: T201  # what the code says is for whoever runs it
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
        return _disk_full(error)
    except KeyboardInterrupt:
        code.stop()
        return "cancelled", "It was stopped on its machine.", BY_HAND
    return "succeeded", "", DONE


def _disk_full(error: OSError) -> tuple[str, str, int]:
    """What is told of it here and in the app."""
    say(f"This machine's disk takes no more ({error}). Make room, then run train.py again.")
    return "failed", f"The disk of its machine takes no more ({error}).", IN_THE_WAY


def _tell_predictions(writer: PredictionsWriter, config: dict[str, Any]) -> None:
    """Raises NothingMade, OSError."""
    n = 0
    for one in held_out.answers(FOLDER, config["schema"]):
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
        return _refused(error, state)
    return _finished(writer, state, exit_code=DONE)


def _finished(writer: PredictionsWriter, state: RunState, *, exit_code: int) -> int:
    outcome: Outcome = writer.finish(PATIENCE_S)
    if writer.refusal is not None:
        return _refused(writer.refusal, state)
    if outcome == "out of reach":
        say(f"The app was out of reach for {PATIENCE_S:.0f} s. Once it is there again, run: {SEND}")
        return OUT_OF_REACH
    writer.close()
    state.is_ended = True
    state.write()
    for name in (SPOOL, SENT):
        (FOLDER / name).unlink(missing_ok=True)
    say("All is told.")
    return exit_code


def _refused(refusal: Refused, state: RunState) -> int:
    _note_end(state, refusal)
    if refusal.is_about_token:
        say(f"{refusal} Make a new token in the app, set MODEL_DESK_TOKEN to it, and run: {SEND}")
    else:
        say(f"{refusal} What was not sent stays in {SPOOL}.")
    return REFUSED


def _note_end(state: RunState, refusal: Refused) -> None:
    if refusal.code in OVER:
        state.is_ended = True
        state.write()


def _require_data(path: Path, known: dict[str, Any]) -> None:
    """Raises InTheWay where the file is not the one that the package was made of."""
    if not path.exists():
        cure = f"Download it from {known['url']} and name it by --data PATH." if known.get("url") else ""
        raise InTheWay(f"There is no {path}. {cure}".strip())
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != known["sha256"]:
        raise InTheWay(
            f"{path} is not the file that this package was made of (its hash is {found}). Download it anew."
        )


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
    }
