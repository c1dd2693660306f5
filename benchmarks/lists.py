"""`python -m benchmarks.lists`: what lists cost in an app with 100,000 predictions and 10,000 uploads.

On SQLite and on Postgres, in the running app over its own websocket and its API, after one call that warms it:
opening each page, each refresh that a page makes by itself, and the lists of the API. Median of REPEATS. Writes
results/lists.json; exits non-zero where one takes longer than its limit.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx

from benchmarks import population
from benchmarks.queue import database_url
from benchmarks.visitor import Visitor
from core import access, db
from core.db.pagination import MAX_LIMIT
from core.predictions import listing
from tests.servers.app import running

RESULTS = Path(__file__).parent / "results" / "lists.json"
OPEN_MS, REFRESH_MS, CALL_MS = 1000.0, 100.0, 100.0
REPEATS = 7
LIMIT, DEEP = 50, 10_000
# by what a person would call it: the page's name in the address and its query
PAGES = {
    "Home": ("", ""),
    "Predictions": ("predictions", ""),
    "Predictions, last page": ("predictions", "page=5000"),
    "Predictions, failed ones": ("predictions", "status=failed"),
    "Predictions, a part of a name": ("predictions", "file=Berlin"),
    "Predictions, one model": ("predictions", "model={model}"),
    "Predictions, by file name": ("predictions", "sort=File+name"),
    "Predictions, most rows": ("predictions", "sort=Most+rows"),
    "Predictions, took longest": ("predictions", "sort=Took+longest"),
    "Everybody's predictions": ("predictions", "whose=all"),
    "Everybody's predictions, failed ones": ("predictions", "whose=all&status=failed"),
    "Everybody's predictions, a part of a name": ("predictions", "whose=all&file=Berlin"),
    "Everybody's predictions, by file name": ("predictions", "whose=all&sort=File+name"),
    "Everybody's predictions, most rows": ("predictions", "whose=all&sort=Most+rows"),
    "Everybody's predictions, took longest": ("predictions", "whose=all&sort=Took+longest"),
    "New prediction": ("uploads", ""),
    "New prediction, a file chosen": ("uploads", "upload=4321"),
    "Models": ("models", ""),
    "System": ("system", ""),
}
CALLS = {
    "predictions, first page": "/api/predictions?limit={limit}",
    "predictions, deep page": "/api/predictions?limit={limit}&cursor={cursor}",
    "predictions, failed ones": "/api/predictions?limit={limit}&status=FAILED",
    "predictions, of one model": "/api/predictions?limit={limit}&model_id={model_id}",
    "predictions, of one upload": "/api/predictions?limit={limit}&upload_id=17",
    "everybody's predictions, first page": "/api/predictions?limit={limit}&user_id=all",
    "everybody's predictions, deep page": "/api/predictions?limit={limit}&user_id=all&cursor={cursor}",
    "uploads, first page": "/api/uploads?limit={limit}",
    "uploads, a part of a name": "/api/uploads?limit={limit}&file_name=Berlin",
    "uploads, a name that none has": "/api/uploads?limit={limit}&file_name=Gotham",
    "models, first page": "/api/models?limit={limit}",
}


def main() -> None:
    """Measure, print and keep."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=RESULTS)
    arguments.add_argument("--database", choices=("sqlite", "postgres"), nargs="+")
    given = arguments.parse_args()
    size = population.Size()
    report: dict[str, Any] = {"size": vars(size), "cores": os.cpu_count()}
    for kind in given.database or ("sqlite", "postgres"):
        with tempfile.TemporaryDirectory() as folder, database_url(kind, folder) as url:
            report[kind] = _measure(kind, Path(folder), url, size)
        report[kind]["load"] = round(os.getloadavg()[0], 1)
    given.out.write_text(json.dumps(report, indent=2) + "\n")
    limits = {"open_ms": OPEN_MS, "refresh_ms": REFRESH_MS, "call_ms": CALL_MS}
    missed = [
        f"{kind}: {name} ({what}) {found:.0f} ms"
        for kind, measured in report.items()
        if kind in ("sqlite", "postgres")
        for what, limit in limits.items()
        for name, found in measured[what].items()
        if found > limit
    ]
    if missed:
        sys.exit("Above their limit: " + "; ".join(missed))


def _measure(kind: str, folder: Path, url: str, size: population.Size) -> dict[str, Any]:
    population.write(url, size)
    from_database = _deep()
    db.current().engine.dispose()
    opened: dict[str, float] = {}
    refreshed: dict[str, float] = {}
    called: dict[str, float] = {}
    with running(folder, DATABASE_URL=url, WORKERS="0") as app:
        for name, (page, query) in PAGES.items():
            times, again = _visit(app.port, page, query.format(**from_database))
            opened[name] = _told(kind, f"{name} opens", times)
            if again:
                refreshed[name] = _told(kind, f"{name} refreshes", again)
        with httpx.Client(base_url=app.url, trust_env=False, timeout=60) as program:
            for name, path in CALLS.items():
                asked = path.format(limit=LIMIT, **from_database)
                times = _times(lambda asked=asked: program.get(asked).raise_for_status())  # type: ignore[misc]  # bound here
                called[name] = _told(kind, name, times)
    return {"open_ms": opened, "refresh_ms": refreshed, "call_ms": called}


def _deep() -> dict[str, str]:
    """What a query deep in the list needs: a cursor DEEP rows down, and the model that was used there."""
    cursor = None
    with db.session_scope(access.local_user()) as session:
        for _ in range(DEEP // MAX_LIMIT):
            page = listing.page(session, limit=MAX_LIMIT, cursor=cursor)
            cursor = page.next_cursor
    model = page.items[-1].model
    return {
        "cursor": str(cursor),
        "model_id": str(page.items[-1].model_id),
        "model": quote_plus(f"{model.name} · v{model.version}"),
    }


def _visit(port: int, page: str, query: str) -> tuple[list[float], list[float]]:
    """Seconds to open a page in sessions of their own, and of its refreshes."""
    opened, refreshed = [], []
    for n in range(REPEATS + 1):
        with Visitor(port) as visitor:
            took_s = visitor.visit(page, query)
            again = [visitor.refresh(page, query) for _ in visitor.fragment_ids[-1:]]
        if n:
            opened.append(took_s)
            refreshed += again
    return opened, refreshed


def _times(call: Callable[[], object]) -> list[float]:
    call()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return times


def _told(kind: str, name: str, times: list[float]) -> float:
    median_ms = round(statistics.median(times) * 1000, 1)
    print(f"{kind:<9} {name:<45} {median_ms:>7.1f} ms", flush=True)
    return median_ms


if __name__ == "__main__":
    main()
