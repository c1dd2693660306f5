"""`make bench ONLY=generation`: asking a model for 1,000 items, 100 at once, half a second each.

The endpoint is a process of its own, and so is each that asks: `ours` by client and gate, `sdk` by the bare SDK with
its own retries, beside it. Measured of each: seconds beside the ideal, processor time a request, peak memory, how many
requests were turned away, items lost. Cases: nothing goes wrong; 10 % of 429 and 5 % of 529 by chance; a quota of 100 a
second whose bucket holds 100, that headers tell of or not; two processes on one quota. Writes results/generation.json,
and exits non-zero where a figure misses its floor. `--case` measures one alone, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import asking, generation_jobs
from benchmarks.asking import IDEAL_S, LATENCY_S, QUOTA, QUOTA_IDEAL_S, TWO_IDEAL_S
from tests.servers.claude_process import claude_process

RESULTS = Path(__file__).parent / "results" / "generation.json"
# Of each case: how the endpoint is started, how many ask at once, the ideal, and the floors of `ours`.
CASES: dict[str, dict[str, Any]] = {
    "clean": {"server": {}, "ideal_s": IDEAL_S, "ratio": 1.10, "cpu": 1.15},
    "random": {"server": {"p_429": 0.1, "p_529": 0.05}, "ideal_s": IDEAL_S, "ratio": 3.0},
    "quota": {"server": {"quota": QUOTA}, "ideal_s": QUOTA_IDEAL_S, "ratio": 1.15, "refused": 60},
    "quota, untold": {
        "server": {"quota": {**QUOTA, "says_so": False}}, "ideal_s": QUOTA_IDEAL_S, "ratio": 1.15,
    },
    "two on a quota": {
        "server": {"quota": QUOTA}, "jobs": 2, "ideal_s": TWO_IDEAL_S, "ratio": 1.3,
    },
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    every = (*CASES, *generation_jobs.CASES)
    parser.add_argument("--case", choices=every, action="append")
    parser.add_argument("--out", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    found, missed = dict[str, Any](), list[str]()
    for name in chosen.case or every:
        measured, below = (_measured, _below) if name in CASES else generation_jobs.CASES[name]
        found[name] = measured(name) | {"load": round(os.getloadavg()[0], 1)}
        missed += below(name, found[name])
    if not chosen.case:
        figures = {"cores": os.cpu_count(), "python": platform.python_version(), "cases": found}
        chosen.out.write_text(json.dumps(figures, indent=1) + "\n")
    for said in missed:
        print(said, file=sys.stderr)
    return 1 if missed else 0


def _measured(name: str) -> dict[str, Any]:
    case = CASES[name]
    figures: dict[str, Any] = {"ideal_s": round(case["ideal_s"], 2)}
    for how in ("ours", "sdk"):
        with claude_process(latency_s=LATENCY_S, **case["server"]) as endpoint:
            started = [asking.start(how, endpoint.url) for _ in range(case.get("jobs", 1))]
            ended = [asking.ended(process) for process in started]
            figures[how] = {
                "seconds": max(one["seconds"] for one in ended),
                "ratio": round(max(one["seconds"] for one in ended) / case["ideal_s"], 3),
                "cpu_ms": round(sum(one["cpu_ms"] for one in ended) / len(ended), 3),
                "mb": max(one["mb"] for one in ended),
                "lost": sum(one["lost"] for one in ended),
                "refused": endpoint.ask("refused"),
                "asked": endpoint.ask("asked"),
            }
        print(f"{name:16} {how:5} {json.dumps(figures[how])}", flush=True)
    return figures


def _below(name: str, figures: dict[str, Any]) -> Iterator[str]:
    """What misses its floor, in words."""
    case, ours = CASES[name], figures["ours"]
    if ours["lost"]:
        yield f"{name}: {ours['lost']} items lost"
    if ours["ratio"] > case["ratio"]:
        yield f"{name}: {ours['ratio']} times the ideal, not {case['ratio']}"
    if ours["refused"] > case.get("refused", 10**9):
        yield f"{name}: {ours['refused']} refusals, not {case['refused']}"
    if ours["cpu_ms"] > case.get("cpu", 10**9) * figures["sdk"]["cpu_ms"]:
        yield f"{name}: {ours['cpu_ms']} ms of processor a request, the SDK {figures['sdk']['cpu_ms']}"


if __name__ == "__main__":
    sys.exit(main())
