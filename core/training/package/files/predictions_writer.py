"""Reports a training on this machine to Model Desk: its curve, its predictions and how it ended, each row once.

Needs the standard library, and desk.py and spool.py beside it.

    desk = Desk("https://desk.example.com", token)
    writer = PredictionsWriter(desk, folder, job={"job_id": …, "attempt": 1, "model_name": "Churn"})
    writer.begin()                                              # raises Refused: then do not train
    writer.metric("roc_auc", 0.81, split="valid", step=3)
    writer.prediction(17, actual="Yes", predicted="No", probability=0.2)
    writer.end("succeeded")
    outcome = writer.finish(patience_s=60)

Why no row is lost, and none is counted twice:
- What is told goes to the file `spool.jsonl` first: a batch a line, on the disk (fsync) before it is sent. A line that
  a crash has torn is cut off when the file is opened again.
- Batches are numbered by kind, in the order of the file. One that is sent again, because its answer was lost or this
  process was killed, has the number and the rows that it had, by which the app knows it.
- One thread sends, in that order. While the app is out of reach it tries again, after LONGEST_PAUSE_S at most.
No clock of this machine is told or trusted: what is measured is measured by a steady one.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from core.training.package.files.desk import Desk, OutOfReach, Refused, TooLarge, say
from core.training.package.files.spool import BATCH_ROWS, Progress, Spool

Row = dict[str, Any]
Kind = Literal["metrics", "predictions"]
Outcome = Literal["sent", "refused", "out of reach"]

SPOOL, SENT = "spool.jsonl", "sent.json"
BATCH_BYTES: Final = 400_000  # of 500,000 that the app takes: each row still gets its user_id
LONGEST_TEXT: Final = 1_000
GATHER_S: Final = 1.0  # so long a row may wait in memory for others
BEAT_S: Final = 10.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 1.0
SAVE_S: Final = 1.0


class PredictionsWriter:
    """Of one run. `metric`, `prediction`, `end` and `finish` are for one thread; another one sends.

    job: what the app is told first, with `job_id` and `attempt`. on_stop: called by the sending thread once the app has
    refused to hear more, the disk is full or the spool can't be read: to train on would lead to nothing. A token that
    is no longer valid is no such refusal, as the rows can be sent with another.
    """

    def __init__(
        self, desk: Desk, folder: Path, *, job: Row, on_stop: Callable[[], object] = lambda: None
    ) -> None:
        self.refusal: Refused | None = None
        self.disk_error: OSError | None = None
        self.spool_error: OSError | None = None
        self.has_told_end = False
        self._desk, self._job, self._on_stop = desk, job, on_stop
        self._spool, self._sent_path = Spool(folder / SPOOL), folder / SENT
        self._progress = Progress.read(self._sent_path)
        self._gathered: dict[Kind, list[str]] = {"metrics": [], "predictions": []}
        self._n_bytes: dict[Kind, int] = {"metrics": 0, "predictions": 0}
        self._unspooled_end: Row | None = None
        self._user_id: str | None = None
        self._is_closing = self._is_told = False
        self._saved_at = self._flushed_at = self._contact_at = time.monotonic()
        self._told_at = -BEAT_S  # so that a first sign of life goes out at once
        self._lock = threading.Lock()
        self._wake, self._done, self._over = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._live, name="model desk", daemon=True)

    def begin(self) -> None:
        """Tell the app of the training; from then on a thread sends. Raises Refused. One out of reach is told later."""
        try:
            self._announce()
        except OutOfReach as error:
            self._tell_of(error)
        self._thread.start()

    def metric(self, name: str, value: float, *, split: str = "train", step: int = 0) -> None:
        """A point of a curve; one that is not finite is left out. Raises OSError: the disk is full."""
        if math.isfinite(value):
            self._add("metrics", {"metric": name, "split": split, "step": step, "value": float(value)})

    def prediction(self, row: int, *, actual: str, predicted: str, probability: float | None) -> None:
        """What the model says of a row that it never saw. row: its number in the data, from 1. Raises OSError."""
        said = {"row": row, "actual": _plain(actual), "prediction": _plain(predicted)}
        self._add("predictions", {**said, "probability": probability})

    def end(self, status: str, reason: str = "") -> None:
        """The last thing to be told. status: `succeeded`, `failed` or `cancelled`."""
        end = {"kind": "end", "status": status, "reason": _plain(reason)}
        try:
            self._flush()
            with self._lock:
                self._spool.append(json.dumps(end))
        except OSError:  # the disk is full: it is told from memory, behind all that found room
            self._unspooled_end = end
        self._wake.set()

    def finish(self, patience_s: float) -> Outcome:
        """Wait until all is sent, or the app was out of reach for so long; the rest stays in the spool."""
        self._is_closing, self._contact_at = True, time.monotonic()
        self._wake.set()
        last_try_s = patience_s + LONGEST_PAUSE_S  # one that is due within the time may still be made
        while (left_s := self._contact_at + last_try_s - time.monotonic()) > 0:
            if self._done.wait(left_s):
                break
        self._save()
        if self.refusal is not None:
            return "refused"
        return "sent" if self._done.is_set() and self.is_all_sent else "out of reach"

    def close(self) -> None:
        """Send no more, and let go of files and connection. What was not sent can be sent by another writer."""
        self._over.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._spool.close()
        self._desk.close()

    @property
    def is_all_sent(self) -> bool:
        return self._progress.offset >= self._spool.size and self._unspooled_end is None

    def _add(self, kind: Kind, row: Row) -> None:
        text = json.dumps(row, allow_nan=False)
        with self._lock:
            self._gathered[kind].append(text)
            self._n_bytes[kind] += len(text)
            if len(self._gathered[kind]) >= BATCH_ROWS or self._n_bytes[kind] >= BATCH_BYTES:
                self._spool_gathered(kind)
                self._wake.set()

    def _flush(self) -> None:
        """Spool what was gathered. Raises OSError."""
        with self._lock:
            for kind in self._gathered:
                self._spool_gathered(kind)

    def _spool_gathered(self, kind: Kind) -> None:
        """The lock is held. Raises OSError."""
        if rows := self._gathered[kind]:
            self._spool.append(f'{{"kind": "{kind}", "rows": [{", ".join(rows)}]}}')
            self._gathered[kind], self._n_bytes[kind] = [], 0

    def _live(self) -> None:
        """The thread: sends until all is told and no more will come, or until the app refuses."""
        try:
            self._send_all()
        except Refused as error:
            self.refusal = error
            if not error.is_about_token:
                self._on_stop()
            elif not self._is_closing:
                say(f"{error} Training goes on, and what is to be told waits in {self._spool.path.name}.")
        except OSError as error:
            self.spool_error = error
            self._on_stop()
        finally:
            self._done.set()

    def _send_all(self) -> None:
        """Raises Refused, OSError."""
        pause_s = 0.0
        while not self._over.is_set():
            was_closing = self._is_closing
            try:
                has_sent, pause_s = self._send_next(), 0.0
            except OutOfReach as error:
                self._tell_of(error)
                has_sent, pause_s = False, min(LONGEST_PAUSE_S, max(SHORTEST_PAUSE_S, 2 * pause_s))
            if has_sent:
                continue
            if was_closing and not pause_s:
                return
            if pause_s:
                self._over.wait(pause_s)
            elif not was_closing:
                self._wake.wait(GATHER_S)
                self._wake.clear()
            if time.monotonic() - self._flushed_at > GATHER_S and self.disk_error is None:
                self._flush_in_time()

    def _flush_in_time(self) -> None:
        """Where the disk is full, what found room is still sent."""
        self._flushed_at = time.monotonic()
        try:
            self._flush()
        except OSError as error:
            self.disk_error = error
            self._on_stop()

    def _send_next(self) -> bool:
        """Send what comes next; False where nothing does. Raises Refused, OutOfReach, OSError."""
        if self._user_id is None:
            self._announce()
        if (found := self._spool.at(self._progress.offset)) is not None:
            record, end = found
            if record["kind"] == "end":
                self._send_end(record)
                with self._lock:
                    self._progress.offset = end
            else:
                self._send_rows(record["kind"], record["rows"], end)
            if time.monotonic() - self._saved_at > SAVE_S:
                self._save()
            return True
        if self._unspooled_end is not None:
            self._send_end(self._unspooled_end)
            self._unspooled_end = None
        elif time.monotonic() - self._told_at > BEAT_S:
            self._tell(f"/local/jobs/{self._job['job_id']}/heartbeat", {})
        return False

    def _send_end(self, record: Row) -> None:
        said = {"status": record["status"], "reason": record["reason"]}
        self._tell(f"/local/jobs/{self._job['job_id']}/end", said)
        self.has_told_end = True

    def _send_rows(self, kind: str, rows: Sequence[Row], end: int) -> None:
        """Send the next rows of a line, as many as the limit allows. end: where the line ends."""
        progress = self._progress
        some = rows[progress.sent : progress.sent + progress.limit]
        number = progress.batches[kind] + 1
        named = [{**row, "user_id": self._user_id} for row in some]
        try:
            self._tell(f"/{kind}/{self._job['job_id']}", {"batch": number, "rows": named})
        except TooLarge:
            if len(some) == 1:
                raise
            progress.limit = len(some) // 2
            self._save()
            return
        with self._lock:  # what is noted of it meanwhile is all of it, or nothing
            progress.batches[kind] = number
            progress.sent += len(some)
            if progress.sent >= len(rows):
                progress.offset, progress.sent = end, 0

    def _announce(self) -> None:
        """Say which training reports, and learn whose it is. Raises Refused, OutOfReach."""
        answer = self._desk.post("/local/jobs", self._job)
        if not isinstance(answer.get("user_id"), str) or answer.get("job_id") != self._job["job_id"]:
            raise OutOfReach("what answers there is not Model Desk")
        self._user_id = answer["user_id"]
        self._note_contact()

    def _tell(self, path: str, body: Row) -> None:
        """Raises Refused, TooLarge, OutOfReach."""
        self._desk.post(path, {"attempt": self._job["attempt"], **body})
        self._told_at = time.monotonic()
        self._note_contact()

    def _note_contact(self) -> None:
        self._contact_at = time.monotonic()
        if self._is_told:
            self._is_told = False
            say("The app is in reach again.")

    def _tell_of(self, error: OutOfReach) -> None:
        """Once, until the app is in reach again."""
        if not self._is_told:
            self._is_told = True
            say(
                f"{self._desk.address} is out of reach ({error}). What is to be told waits in {self._spool.path.name}."
            )

    def _save(self) -> None:
        """Note how far the spool was sent. Where that can't be written, the app is sent again what it knows already."""
        self._saved_at = time.monotonic()
        try:
            with self._lock:
                self._progress.write(self._sent_path)
        except OSError as error:
            say(f"{self._sent_path.name} can't be written: {error}.")


def _plain(text: str) -> str:
    """As the app takes it: neither NUL nor half a surrogate pair, and no more than it keeps."""
    return text[:LONGEST_TEXT].encode("utf-8", "replace").decode().replace("\0", "?")
