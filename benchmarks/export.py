"""`make bench ONLY=export`: exporting 100,000 conversations from the running app, in each format, whole and split.

On SQLite and on Postgres. The conversations are the offline generator's, written straight into the database with their
signatures. Measured of each export, over HTTP: seconds to its first byte and to its last, conversations a second, MB,
and the most memory that the app's process had above what it had before. What is split is downloaded twice, and has to
be the same. Writes results/export.json; exits non-zero where a figure misses its floor.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import psutil
import sqlalchemy as sa

from benchmarks.queue import database_url
from core import access, db, rooms
from core.db import migrate, postgres
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.conversations.messages import columns
from core.generation.quality.duplicates import signature
from core.generation.templates import shipped
from core.llm.offline import conversations
from tests.servers.app import App, running

RESULTS: Final = Path(__file__).parent / "results" / "export.json"
LEAST_A_SECOND, MOST_MB = 5_000.0, 150.0
CHUNK: Final = 5_000
PROMPT: Final = (
    '<variable name="topic">{topic}</variable><variable name="product">{product}</variable>'
    '<variable name="customer">{who}</variable><variable name="turns">{turns}</variable>'
)
CASES: Final[Mapping[str, dict[str, str]]] = {
    "chat-jsonl": {"format": "chat-jsonl"},
    "sharegpt": {"format": "sharegpt"},
    "alpaca": {"format": "alpaca"},
    "parquet": {"format": "parquet"},
    "chat-jsonl, split": {"format": "chat-jsonl", "validation": "0.1", "split": "7"},
    "parquet, split": {"format": "parquet", "validation": "0.1", "split": "7"},
}


def main() -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--database", choices=("sqlite", "postgres"), nargs="+")
    parser.add_argument("--n", type=int, default=100_000)
    given = parser.parse_args()
    rooms.load()
    report: dict[str, Any] = {
        "n_conversations": given.n,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    missed: list[str] = []
    for kind in given.database or ("sqlite", "postgres"):
        with tempfile.TemporaryDirectory() as folder, database_url(kind, folder) as url:
            _write(url, given.n)
            with running(Path(folder), DATABASE_URL=url, WORKERS="0", LOG_LEVEL="error") as app:
                report[kind] = {name: _measured(app, kind, name, given.n) for name in CASES}
        missed += _below(kind, report[kind])
    given.out.write_text(json.dumps(report, indent=1) + "\n")
    for said in missed:
        print(said, file=sys.stderr)
    return 1 if missed else 0


def _measured(app: App, kind: str, name: str, n: int) -> dict[str, Any]:
    """A small export first: what is loaded once is no part of it."""
    process = psutil.Process(app.pid)
    _download(app, {**CASES[name], "user_id": "me", "is_offline": "false", "validation": "0"})
    idle_mb = process.memory_info().rss / 1e6
    Path(f"/proc/{app.pid}/clear_refs").write_text("5")  # the peak counts from here
    first = _download(app, CASES[name])
    peak_mb = _peak_mb(app.pid)
    assert first["n"] == n, first
    figures = {
        "first_byte_s": round(first["first_byte_s"], 2),
        "seconds": round(first["seconds"], 2),
        "a_second": round(n / first["seconds"]),
        "mb": round(first["n_bytes"] / 1e6, 1),
        "idle_mb": round(idle_mb),
        "above_idle_mb": round(peak_mb - idle_mb, 1),
        "n_groups": first["n_groups"],
        "files": first["files"],
        "load": round(os.getloadavg()[0], 1),
    }
    if "validation" in CASES[name]:
        figures["is_same_again"] = _download(app, CASES[name])["sha256"] == first["sha256"]
    print(f"{kind:<9} {name:<18} {json.dumps(figures)}", flush=True)
    return figures


def _download(app: App, asked: Mapping[str, str]) -> dict[str, Any]:
    """What came, and how soon."""
    hashed, n_bytes, first_byte_s = hashlib.sha256(), 0, 0.0
    with tempfile.TemporaryFile() as kept:
        began = time.perf_counter()
        with (
            httpx.Client(timeout=600.0, trust_env=False) as client,
            client.stream("GET", f"{app.url}/api/conversations/export", params=asked) as answer,
        ):
            for chunk in answer.raise_for_status().iter_raw():
                first_byte_s = first_byte_s or time.perf_counter() - began
                hashed.update(chunk)
                kept.write(chunk)
                n_bytes += len(chunk)
        seconds = time.perf_counter() - began
        with zipfile.ZipFile(kept) as archive:
            manifest = json.loads(archive.read("manifest.json"))
    return {
        "first_byte_s": first_byte_s,
        "seconds": seconds,
        "n_bytes": n_bytes,
        "sha256": hashed.hexdigest(),
        "n": manifest["n_conversations"],
        "n_groups": manifest["n_groups"],
        "files": {name: told["n_conversations"] for name, told in manifest["files"].items()},
    }


def _peak_mb(pid: int) -> float:
    (line,) = (one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def _below(kind: str, found: Mapping[str, Any]) -> Iterator[str]:
    """What misses its floor, in words."""
    for name, figures in found.items():
        if figures["a_second"] < LEAST_A_SECOND:
            yield f"{kind}: {name}: {figures['a_second']} a second, not {LEAST_A_SECOND:,.0f}"
        if figures["above_idle_mb"] > MOST_MB:
            yield f"{kind}: {name}: {figures['above_idle_mb']} MB above idle, not {MOST_MB:.0f}"
        if not figures.get("is_same_again", True):
            yield f"{kind}: {name}: the same call gave other bytes"


def _write(url: str, n: int) -> None:
    """Migrate the database and fill it with approved conversations of its local user, and one that a model wrote."""
    database = db.connect(url)
    migrate.upgrade(database)
    user = access.settle_local_user()
    shipped.ensure()
    with db.session_scope(db.WORKER) as session:
        template_id = session.execute(sa.select(PromptTemplateRow.id).limit(1)).scalar_one()
    for begin in range(0, n, CHUNK):
        made = [_row(idx, user, template_id) for idx in range(begin, min(n, begin + CHUNK))]
        with database.writing.begin() as connection:
            connection.execute(sa.insert(ConversationRow), made)
    if not database.is_sqlite:
        with postgres.connect(url) as connection:  # outside any transaction
            connection.execute("VACUUM (ANALYZE)")
    database.engine.dispose()


def _row(idx: int, user: db.User, template_id: Any) -> dict[str, Any]:
    """The first is none of the offline generator's, so that a small export can be asked for."""
    asked = PROMPT.format(
        topic=f"problem {idx % 997} with step {idx // 997}",
        product=f"product {idx % 101}",
        who=f"customer of {1990 + idx % 31}",
        turns=2 + 2 * (idx % 4),
    )
    messages = conversations.write(asked, seed=f"{idx}")
    return {
        "id": uuid4(),
        "conversation_id": uuid4(),
        "user_id": user.id,
        "idx": idx,
        "template_id": template_id,
        "params": {"topic": f"problem {idx % 997}"},
        "provider": "offline" if idx else "anthropic",
        "model": "offline-generator" if idx else "claude-haiku-5-5",
        "is_offline": bool(idx),
        "minhash": signature(messages),
        "status": "approved",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=idx),
        **columns(messages),
    }


if __name__ == "__main__":
    sys.exit(main())
