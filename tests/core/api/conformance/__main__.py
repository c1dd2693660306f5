"""The longer run, a part of `make chaos`; `python -m tests.core.api.conformance --examples 1000 --seed 1 2 3`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.core.api.conformance.run import conform


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.core.api.conformance", description=__doc__)
    arguments.add_argument("--examples", type=int, default=1000, help="random requests of each call")
    arguments.add_argument("--seed", type=int, nargs="+", default=[1])
    given = arguments.parse_args()
    failed = []
    for seed in given.seed:
        with tempfile.TemporaryDirectory() as folder:
            found = conform(Path(folder), n_examples=given.examples, seed=seed)
        print(found.stdout, found.stderr, flush=True)
        failed += [seed] if found.returncode else []
    sys.exit(f"It failed with seed {failed}." if failed else 0)


if __name__ == "__main__":
    main()
