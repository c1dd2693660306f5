"""`make bench ONLY=sandbox`: what it costs to start code in a sandbox, beside the same process without one.

Each of 5 rounds starts `python -I -c pass` plainly and in a sandbox, from nothing to its end: made, run and removed.
A first round of each is not counted. Writes results/sandbox.json, and exits non-zero where the median is more than
MOST_MS above the plain one.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from core.sandboxes import Backend, Limits, LocalBackend, Reason, stopping

RESULTS = Path(__file__).parent / "results" / "sandbox.json"
N_ROUNDS = 5
MOST_MS = 100.0
CODE = ("-I", "-c", "pass")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="model-desk-sandbox-") as folder:
        backend = LocalBackend(Path(folder) / "sandboxes")
        backend.probe()
        plain_ms, sandbox_ms = [], []
        for _ in range(N_ROUNDS + 1):
            plain_ms.append(_took_ms(_plain))
            sandbox_ms.append(_took_ms(lambda: _in_a_sandbox(backend)))
    plain, inside = (statistics.median(took[1:]) for took in (plain_ms, sandbox_ms))
    figures = {
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "is_root": os.geteuid() == 0,
        },
        "most_above_plain_ms": MOST_MS,
        "plain_p50_ms": round(plain, 1),
        "sandbox_p50_ms": round(inside, 1),
        "above_plain_ms": round(inside - plain, 1),
    }
    print("sandbox", json.dumps(figures), flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if inside - plain <= MOST_MS else 1


def _took_ms(do: Callable[[], object]) -> float:
    begun_at = time.perf_counter()
    do()
    return (time.perf_counter() - begun_at) * 1_000


def _plain() -> None:
    subprocess.run([sys.executable, *CODE], env={}, cwd="/", check=True)


def _in_a_sandbox(backend: Backend) -> None:
    with stopping(backend.create(labels={}, limits=Limits())) as sandbox:
        assert sandbox.run(("python", *CODE)).reason is Reason.OK


if __name__ == "__main__":
    sys.exit(main())
