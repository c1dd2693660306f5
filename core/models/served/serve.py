"""Serves one model inside its sandbox, on the unix socket `serve.sock`: the app's own file, which knows nothing of it.

Reads job.json and model.bin, and asks predict.py, which may be anybody's, for predictions:
  GET  /health   {"nonce": …, "visits": …}: that it is this very process, and how often people have come
  GET  /schema   what job.json says of the columns
  POST /predict  {"rows": [{column: value, …}, …]} → {"predictions": […]}
  POST /score    an Arrow stream of the schema's frame → its answers as 64-bit floats, row by row
Where page.html lies beside it, it serves people, too, who may be anybody: so many at once, for so long, of such a size.
  GET  /         that page
  GET  /status   that it is live
  POST /answer   {"rows": [one]} → what the model says of it, by its labels
"""

import json
import os
import re
import signal
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

SOCKET = "serve.sock"
JOB: dict[str, Any] = {}
NONCE = os.environ.pop("NONCE", "")
PAGE = Path("page.html")
MOST_BYTES, LARGEST = 100_000, 1e300  # of what anybody may ask
MOST_ROWS_BYTES = 2_000_000  # of what the app asks where anybody could
MOST_AT_ONCE = 24  # connections of anybody
SEEN = {"visits": 0}
LOCK = threading.Lock()  # predict.py need not bear two calls at once


def frame_of(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """The frame that the model was fitted on: float64 for numbers, str and None for categories."""
    made: dict[str, Any] = {}
    for feature in JOB["features"]:
        cells = columns[feature["name"]]
        if feature["kind"] == "number":
            made[feature["name"]] = np.array([np.nan if cell is None else cell for cell in cells], np.float64)
        else:
            made[feature["name"]] = pd.Series(cells, dtype=object)
    return pd.DataFrame(made)


def frame_of_table(table: pa.Table) -> pd.DataFrame:
    """The same frame, of columns that have its types already."""
    made = {}
    for feature in JOB["features"]:
        values = table[feature["name"]].combine_chunks()
        if feature["kind"] == "number":
            column = pd.Series(values.to_numpy(zero_copy_only=False), dtype="float64")
        else:  # each spelling is made once: few cells of a long column differ
            spellings = np.array([*values.dictionary.to_pylist(), None], dtype=object)
            column = pd.Series(spellings[values.indices.fill_null(-1).to_numpy()], dtype=object)
        made[feature["name"]] = column
    return pd.DataFrame(made)


def answers(frame: pd.DataFrame) -> np.ndarray:
    with LOCK:
        return np.asarray(predict.predict(MODEL, frame), dtype=np.float64)


def cell_of(feature: dict[str, Any], given: Any) -> Any:
    """A cell that somebody sent, as the frame holds it. Raises ValueError with a sentence."""
    if given is None or given == "":
        return None
    if feature["kind"] != "number":
        if not isinstance(given, str) or len(given) > 1_000:
            raise ValueError(f"'{feature['name']}' is no text.")
        return given
    if "part" in feature or "date" in feature:
        return number_of_date(feature, given)
    try:
        value = float(given)
    except (TypeError, ValueError, OverflowError):
        value = float("nan")
    if isinstance(given, bool) or not abs(value) <= LARGEST:
        raise ValueError(f"'{feature['name']}' is no number.")
    return value


def number_of_date(feature: dict[str, Any], given: Any) -> float:
    """The days since 1970-01-01 of a date such as 2024-07-12 14:30, or its part. Raises ValueError with a sentence."""
    is_time = feature.get("date") == "time" or not re.match(r"\d{4}-", str(given))
    try:
        when = datetime.fromisoformat(f"1970-01-01 {given}" if is_time else str(given)).replace(tzinfo=None)
    except ValueError:
        raise ValueError(
            f"'{feature.get('source', feature['name'])}' is no date such as 2024-07-12."
        ) from None
    if "part" in feature:
        return float(when.weekday() if feature["part"] == "weekday" else getattr(when, feature["part"]))
    passed = when - datetime.fromisoformat("1970-01-01")
    return passed.days + passed.seconds / 86_400


def answer_of(said: Any) -> dict[str, Any]:
    """What the model says of the one row that somebody sent. Raises ValueError with a sentence."""
    rows = said.get("rows") if isinstance(said, dict) else None
    if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict):
        raise ValueError('Send {"rows": [{…}]} with one row.')
    known = {feature["name"] for feature in JOB["features"] if "part" not in feature}
    if unknown := [name for name in rows[0] if name not in known]:
        raise ValueError(f"The model has no column '{unknown[0][:60]}'.")
    cells = {}
    for feature in JOB["features"]:
        given = rows[0].get(feature.get("source", feature["name"]))
        cells[feature["name"]] = [cell_of(feature, given)]
    found = answers(frame_of(cells))[0]
    if not JOB["labels"]:
        return {"prediction": float(found)}
    shares = dict(zip(JOB["labels"], map(float, found), strict=True))
    return {"prediction": label_of(shares), "probabilities": shares}


def label_of(shares: dict[str, float]) -> str:
    """The most probable label, or of two the positive one where it reaches the threshold that is set."""
    positive, threshold = JOB["positive_label"], JOB.get("threshold", 0.5)
    if positive is None or threshold == 0.5:
        return max(shares, key=lambda label: shares[label])
    if round(shares[positive], 6) >= threshold:
        return str(positive)
    return next(label for label in shares if label != positive)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/health":
            self.reply({"nonce": NONCE, **SEEN})
        elif self.path == "/schema":
            self.reply({name: JOB[name] for name in ("target", "task", "labels", "features")})
        elif self.path == "/" and PAGE.exists():
            SEEN["visits"] += 1
            self.send(PAGE.read_bytes(), "text/html; charset=utf-8")
        elif self.path == "/status" and PAGE.exists():
            self.reply({"status": "live", "url": None, "expires_at": None, "error": None})
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        if self.path == "/answer" and PAGE.exists():
            self.answer()
            return
        length = self.headers.get("Content-Length") or ""
        if not length.isdecimal():
            self.send_error(411)
            return
        if PAGE.exists() and (self.path != "/predict" or int(length) > MOST_ROWS_BYTES):
            self.send_error(404 if self.path != "/predict" else 413)
            return
        body = self.rfile.read(int(length))
        try:
            if self.path == "/predict":
                rows = json.loads(body)["rows"]
                names = [feature["name"] for feature in JOB["features"]]
                frame = frame_of({name: [row.get(name) for row in rows] for name in names})
                self.reply({"predictions": answers(frame).tolist()})
            elif self.path == "/score":
                frame = frame_of_table(pa.ipc.open_stream(body).read_all())
                self.send(answers(frame).astype("<f8").tobytes(), "application/octet-stream")
            else:
                self.send_error(404)
        except Exception as error:  # noqa: BLE001  # whatever the model's own code raises, the app is told so
            self.send(json.dumps({"error": f"{type(error).__name__}: {error}"[:500]}).encode(), status=500)

    def answer(self) -> None:
        """For somebody at the page, in the words that the page shows."""
        SEEN["visits"] += 1
        length = self.headers.get("Content-Length") or ""
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.refuse(413, "The request is too long.")
            return
        try:
            made = {"predictions": [answer_of(json.loads(self.rfile.read(int(length))))]}
        except (ValueError, RecursionError) as error:
            problem = (
                "The request can't be read." if isinstance(error, json.JSONDecodeError) else str(error)[:300]
            )
            self.refuse(422, problem)
        except Exception as error:  # noqa: BLE001  # whatever the model's own code raises
            self.refuse(500, f"The model failed on this row ({type(error).__name__}).")
        else:
            self.reply(made)

    def refuse(self, status: int, message: str) -> None:
        said = {"error": {"message": message, "hint": "Change the row, then predict again."}}
        self.send(json.dumps(said).encode(), status=status)

    def reply(self, said: object) -> None:
        self.send(json.dumps(said).encode())

    def send(self, content: bytes, kind: str = "application/json", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Nobody reads what requests there were."""


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


class PublicServer(Server):
    """One that anybody reaches: who sends slowly, or opens many connections, holds up others for a while at most."""

    idle_s, longest_s = 10.0, 40.0  # of a connection

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self.since: dict[Any, float] = {}
        threading.Thread(target=self.end_late_ones, daemon=True).start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.places.acquire()
        request.settimeout(self.idle_s)
        self.since[request] = time.monotonic()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.since.pop(request, None)
            self.places.release()

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Of a connection that was cut off: nobody reads it."""

    def end_late_ones(self) -> None:
        while True:
            time.sleep(self.idle_s / 10)
            for request, since in list(self.since.items()):
                if time.monotonic() - since > self.longest_s:
                    with suppress(OSError):
                        request.shutdown(socket.SHUT_RDWR)


def fork(n: int) -> None:
    """So many more processes that go on like this one, which ends as soon as one of them has ended."""
    children: list[int] = []

    def end_without_them(_signal: int, _frame: object) -> None:
        if any(
            os.waitpid(child, os.WNOHANG)[0] for child in children
        ):  # not what the model's code has started
            os._exit(1)

    signal.signal(signal.SIGCHLD, end_without_them)
    for _ in range(n):
        if not (child := os.fork()):
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            return
        children.append(child)


if __name__ == "__main__":
    JOB |= json.loads(Path("job.json").read_text("utf-8"))
    sys.path.insert(0, ".")
    import predict  # type: ignore[import-not-found]  # lies beside this file, in the sandbox alone

    MODEL = predict.load("model.bin")
    server: socketserver.UnixStreamServer
    if (n_processes := int(os.environ.pop("PROCESSES", "1"))) == 1:
        server = (PublicServer if PAGE.exists() else Server)(SOCKET, Handler)
    else:  # each takes one request at a time from the same socket, so that whoever is free has the next
        server = socketserver.UnixStreamServer(SOCKET, Handler)
        fork(n_processes - 1)
    server.serve_forever()
