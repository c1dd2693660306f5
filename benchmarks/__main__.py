"""`make bench`: every figure that the README quotes, made again.

With `--data FILE --target COLUMN` the training on that file alone; else training on the sample, scoring,
queue, the reading of messy files and of portals' files, lists at size, many machines, asking a model, the pages of a
large batch job, the quality of conversations, exports, and the start of a sandbox.
Exits non-zero when one of them misses its floor.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

PARTS = (
    "training",
    "sandbox_training",
    "scoring",
    "queue",
    "reading",
    "corpus",
    "lists",
    "machines",
    "generation",
    "batch_pages",
    "quality",
    "export",
    "sandbox",
)
ASKED_FOR = (
    "hostile",
    "heads",
    "looks",
    "turns",
    "live_apps",
    "package",
    "remote_apps",
    "app_start",
    "models_quality",
    "dates",
    "quality_at_size",
    "review",
    "web_pages",
)  # too long to be in every run


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--data", help="a CSV to train on")
    parser.add_argument("--target", help="its column to predict")
    parser.add_argument("--only", choices=(*PARTS, *ASKED_FOR), help="one part alone")
    options = parser.parse_args(arguments)
    if bool(options.data) != bool(options.target):
        parser.error("DATA and TARGET go together: make bench DATA=customers.csv TARGET=churned")
    chosen = [options.only] if options.only else ["training"] if options.data else list(PARTS)
    missed = []
    for part in chosen:
        more = (
            ["--data", options.data, "--target", options.target]
            if options.data and part in ("training", "sandbox_training", "live_apps")
            else []
        )
        command = [sys.executable, "-m", f"benchmarks.{part}", *more]
        # A process each, so that none inherits another's memory; one native thread, as in workers.
        if subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False).returncode:
            missed.append(part)
    if missed:
        print(f"Below their floor or broken: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
