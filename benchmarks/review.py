"""`make bench ONLY=review`: what review costs with 10,000 and with 100,000 conversations behind it.

On SQLite and on Postgres with row-level security, in the running app, after one call that warms it: the page over its
own websocket, as chat and as list, by each filter; the next conversation; a decision by the API; 1,000 decisions by
filter; lists by the API; the figures of templates. Median of REPEATS. Writes results/review.json; exits non-zero where
list, next or decision take longer than their limit.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from benchmarks import reviewable
from benchmarks.queue import database_url
from benchmarks.visitor import Visitor
from core import access, db, rooms
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import conversations, review_queue
from core.generation.conversations.conversations import Filter
from core.generation.conversations.review_queue import Order
from core.generation.conversations.states import Status
from tests.servers.app import running

RESULTS = Path(__file__).parent / "results" / "review.json"
LIMIT_MS = 300.0  # of list, next and decision
REPEATS = 7
SIZES = (10_000, 100_000)
PENDING = Filter(statuses=(Status.PENDING,))
# A word of one conversation in ten, one of nearly all, one of one.
FILTERS: dict[str, dict[str, str]] = {
    "waiting": {},
    "a batch": {"job": "{job}"},
    "a template": {"template": "{template}"},
    "a score": {"score": "20-60"},
    "a finding": {"finding": "email"},
    "a word": {"text": "parcel"},
    "a word of nearly all": {"text": "the"},
    "a word of one": {"text": "case 4711"},
    "a word, a finding, a score": {"text": "parcel", "finding": "email", "score": "20-90"},
    "lowest score first": {"sort": "lowest"},
}


def main() -> None:
    """Measure, print and keep."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=RESULTS)
    arguments.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    arguments.add_argument("--database", choices=("sqlite", "postgres"), nargs="+")
    given = arguments.parse_args()
    rooms.load()
    report: dict[str, Any] = {"cores": os.cpu_count(), "limit_ms": LIMIT_MS}
    for kind, n in itertools.product(given.database or ("sqlite", "postgres"), given.sizes):
        with tempfile.TemporaryDirectory() as folder, database_url(kind, folder) as url:
            measured = _measure(kind, n, Path(folder), url)
        measured["load"] = round(os.getloadavg()[0], 1)
        report.setdefault(kind, {})[str(n)] = measured
    given.out.write_text(json.dumps(report, indent=2) + "\n")
    missed = [
        f"{kind}, {n}: {name} {found:.0f} ms"
        for kind in ("sqlite", "postgres")
        for n, measured in report.get(kind, {}).items()
        for name, found in measured["service_ms"].items()
        if found > LIMIT_MS
    ]
    if missed:
        sys.exit("Above their limit: " + "; ".join(missed))


def _measure(kind: str, n: int, folder: Path, url: str) -> dict[str, Any]:
    began = time.perf_counter()
    reviewable.write(url, n)
    print(f"{kind} {n:,}: written in {time.perf_counter() - began:.0f} s", flush=True)
    with db.session_scope(access.local_user()) as session:
        middle = review_queue.part(session, asked=PENDING, order=Order.OLDEST, offset=n // 4, limit=1)[0]
        size = session.execute(sa.select(sa.func.avg(sa.func.length(ConversationRow.words)))).scalar_one()
    known = {"job": str(middle.batch_job_id), "template": str(middle.template_id)}
    said: dict[str, Any] = {"words_characters": round(float(size))}
    said["service_ms"] = _services(f"{kind} {n:,}", middle.id, known)
    db.current().engine.dispose()
    with running(folder, DATABASE_URL=url, WORKERS="0") as app:
        said["page_ms"] = _pages(f"{kind} {n:,}", app.port, known, str(middle.id))
        said["call_ms"] = _calls(f"{kind} {n:,}", app.url)
    return said


def _services(label: str, row_id: Any, known: dict[str, str]) -> dict[str, float]:
    """What a list, a next, the numbers beside the pills and a decision ask of the database."""
    user = access.local_user()
    found = {}
    for name, query in FILTERS.items():
        asked, order = _asked(query, known), Order(query.get("sort", "oldest"))
        with db.session_scope(user) as session:
            row = conversations.get(session, row_id=row_id)

        def a_list(asked: Filter = asked, order: Order = order) -> None:
            with db.session_scope(user) as session:
                review_queue.part(session, asked=asked, order=order, offset=0, limit=50)

        def a_next(asked: Filter = asked, order: Order = order, row: ConversationRow = row) -> None:
            with db.session_scope(user) as session:
                place = review_queue.place(session, asked=asked, of=row, order=order)
                if place.next_id:
                    conversations.get(session, row_id=place.next_id)

        def numbers(asked: Filter = asked) -> None:
            with db.session_scope(user) as session:
                conversations.counts(session, asked=asked)

        for what, call in (("list", a_list), ("next", a_next), ("numbers", numbers)):
            found[f"{what}: {name}"] = _told(label, f"{what}: {name}", _times(call))
    return found


def _asked(query: dict[str, str], known: dict[str, str]) -> Filter:
    low, _, high = query.get("score", "").partition("-")
    return Filter(
        statuses=(Status.PENDING,),
        batch_job_id=_uuid(known["job"]) if "job" in query else None,
        template_id=_uuid(known["template"]) if "template" in query else None,
        score_from=int(low) if low else None,
        score_to=int(high) if high else None,
        finding=query.get("finding"),
        text=query.get("text", ""),
    )


def _uuid(text: str) -> Any:
    return ConversationRow.id.type.python_type(text)


def _pages(label: str, port: int, known: dict[str, str], row_id: str) -> dict[str, float]:
    """Whole runs of the page, as a browser asks for them."""
    found = {}
    for view in ("chat", "list"):
        for name, query in FILTERS.items():
            parts = [f"{key}={value.format(**known)}" for key, value in query.items()]
            parts += ["view=list"] if view == "list" else [f"id={row_id}"]
            found[f"{view}: {name}"] = _told(
                label, f"page as {view}: {name}", _visits(port, "review", "&".join(parts))
            )
    found["figures"] = _told(label, "page of figures", _visits(port, "templates", "tab=figures"))
    return found


def _visits(port: int, page: str, query: str) -> list[float]:
    times = []
    for n in range(REPEATS + 1):
        with Visitor(port) as visitor:
            took_s = visitor.visit(page, query.replace(" ", "+"))
        if n:
            times.append(took_s)
    return times


def _calls(label: str, url: str) -> dict[str, float]:
    """Decisions and lists as a program asks for them; the decisions are made."""
    path = "/api/conversations"
    with httpx.Client(base_url=url, trust_env=False, timeout=120) as program:
        waiting = program.get(path, params={"status": "pending", "limit": 100}).json()["items"]
        ids = iter([one["id"] for one in waiting])

        def decide(**named: Any) -> None:
            body = {"decision": "approved", **named}
            program.post(f"{path}/review", json=body).raise_for_status()

        calls: dict[str, Callable[[], object]] = {
            "list": lambda: program.get(path, params={"status": "pending"}).raise_for_status(),
            "list: a word": lambda: program.get(path, params={"text": "parcel"}).raise_for_status(),
            "one conversation": lambda: program.get(f"{path}/{waiting[-1]['id']}").raise_for_status(),
            "decision": lambda: decide(ids=[next(ids)]),
            "decisions, 1,000 by filter": lambda: decide(filter={"status": ["pending"]}),
        }
        return {name: _told(label, f"call: {name}", _times(call, once=5)) for name, call in calls.items()}


def _times(call: Callable[[], object], *, once: int = REPEATS) -> list[float]:
    call()
    return list(_each(call, once))


def _each(call: Callable[[], object], n: int) -> Iterator[float]:
    for _ in range(n):
        began = time.perf_counter()
        call()
        yield time.perf_counter() - began


def _told(label: str, name: str, times: list[float]) -> float:
    median_ms = round(statistics.median(times) * 1000, 1)
    print(f"{label:<18} {name:<45} {median_ms:>8.1f} ms", flush=True)
    return median_ms


if __name__ == "__main__":
    main()
