"""`make bench ONLY=app_start`: how long the app takes to answer, and how much memory it holds when nobody uses it.

Each of 3 rounds starts it on an empty folder without worker and sample, waits for its health call to answer, leaves it
alone for SETTLES_S and then counts its memory with that of its children (PSS: shared pages are split). `--tree` names
another checkout of the product, which is started in turns with this one. Writes results/app_start.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import psutil

from tests.servers.app import PROJECT, running

RESULTS: Final = Path(__file__).parent / "results" / "app_start.json"
N_ROUNDS: Final = 3
SETTLES_S: Final = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--tree", type=Path, help="another checkout of the product")
    chosen = parser.parse_args()
    trees = {"here": PROJECT} | ({"there": chosen.tree.resolve()} if chosen.tree else {})
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in trees}
    for _ in range(N_ROUNDS + 1):
        for name, tree in trees.items():
            found[name].append(_measured(tree))
            print(name, "{:.2f} s, {:.0f} MB".format(*found[name][-1]), flush=True)
    figures: dict[str, Any] = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    for name, rounds in found.items():
        seconds, mb = zip(*rounds[1:], strict=True)  # the first of each reads its files from the disk
        figures[name] = {"ready_s": round(statistics.median(seconds), 2), "mb": round(statistics.median(mb))}
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures))
    return 0


def _measured(tree: Path) -> tuple[float, float]:
    """Seconds until it answers, MB when it is idle."""
    with tempfile.TemporaryDirectory(prefix="model-desk-start-") as folder:
        began = time.monotonic()
        with running(Path(folder), tree=tree, WORKERS="0") as app:
            took = time.monotonic() - began
            time.sleep(SETTLES_S)
            process = psutil.Process(app.pid)
            family = [process, *process.children(recursive=True)]
            return took, sum(one.memory_full_info().pss for one in family) / 1e6


if __name__ == "__main__":
    sys.exit(main())
