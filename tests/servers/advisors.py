"""Supabase's own linter of databases, from its command-line program: an npm package with a program in it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.servers.node import HERE, NODE
from tests.servers.waiting import PATIENCE_S

PROGRAM = HERE / "node_modules" / "supabase" / "dist" / "supabase.js"
QUIET = {"DO_NOT_TRACK": "1", "SUPABASE_TELEMETRY_DISABLED": "1", "PGSSLMODE": "disable"}


def advise(url: str, *, folder: Path) -> list[dict[str, Any]]:
    """What it finds in a database, warnings and errors alone. folder: an empty one for its own files.

    Raises RuntimeError with what it said where it could not look.
    """
    ended = subprocess.run(
        [NODE, PROGRAM, "db", "advisors", f"--db-url={url.replace('+psycopg', '')}", "--level", "warn",
         "--fail-on", "warn", "--output-format", "json", "--workdir", folder],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **QUIET},
        capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    try:
        found: list[dict[str, Any]] = json.loads(ended.stdout)["results"]
    except (ValueError, KeyError) as error:
        raise RuntimeError(f"it ended with {ended.returncode}: {ended.stdout} {ended.stderr}") from error
    assert ended.returncode == (1 if found else 0)
    return found
