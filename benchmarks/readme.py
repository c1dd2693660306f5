"""`python -m benchmarks.readme`: write the README's figures from the files in `results/`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BEGIN, END = "<!-- figures, written by benchmarks/readme.py -->", "<!-- end of figures -->"
NAMES = {"linear_splines": "logistic + splines", "boosted_trees": "boosted trees"}
WAYS = {
    "naive": "`read_csv`, `predict_proba`, `to_csv`",
    "engine-1": "ours, 1 thread",
    "engine-2": "ours, 2 threads",
}


def main() -> None:
    before, _, rest = README.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(before + BEGIN + "\n\n" + figures() + "\n" + END + after, "utf-8")


def figures() -> str:
    """All tables as Markdown."""
    return (
        "\n".join([*_scoring(_read("scoring")), "", *_queue(_read("queue")), "", *_chaos(_read("chaos"))])
        + "\n"
    )


def _scoring(found: dict[str, Any]) -> Iterator[str]:
    yield (
        f"**Scoring** {found['rows']:,} rows ({found['input_mb']:.0f} MB) file to file, on {found['cores']} cores; "
        "the same scores in each way:"
    )
    yield from ("", "| model | way | s | rows/s | peak MB |", "| --- | --- | ---: | ---: | ---: |")
    for run in found["measured"]:
        yield (
            f"| {NAMES[run['recipe']]} | {WAYS[run['way']]} | {run['seconds']:.1f} "
            f"| {run['rows_per_second']:,} | {run['peak_mb']:,.0f} |"
        )


def _queue(found: dict[str, Any]) -> Iterator[str]:
    yield "**Queue**, one embedded worker, from the click to the handler's first line:"
    yield from (
        "",
        "| database | warm p50 | p95 | cold child | tasks/s |",
        "| --- | ---: | ---: | ---: | ---: |",
    )
    for kind, name in (("sqlite", "SQLite"), ("postgres", "Postgres")):
        one = found[kind]
        yield (
            f"| {name} | {one['warm_p50_ms']:.0f} ms | {one['warm_p95_ms']:.0f} ms | {one['cold_ms'] / 1000:.1f} s "
            f"| {one['no_op_tasks_per_s']:.0f} |"
        )


def _chaos(found: dict[str, Any]) -> Iterator[str]:
    one = found["sqlite"]
    yield (
        f"**Faults**, {one['tasks']} tasks of {one['steps']} steps under {one['kills']} SIGKILL and "
        f"{one['freezes']} SIGSTOP, lease {one['lease_s']:.0f} s; Postgres is restarted at once in mid-run:"
    )
    yield ""
    yield "| database | lost | done twice | stuck | resumed p50 | max |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for kind, name in (("sqlite", "SQLite"), ("postgres", "Postgres")):
        one = found[kind]
        yield (
            f"| {name} | {one['lost']} | {one['done_twice']} | {one['stuck']} "
            f"| {one['resume_s_p50']:.1f} s | {one['resume_s_max']:.1f} s |"
        )


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "results" / f"{name}.json").read_text("utf-8"))
    return found


if __name__ == "__main__":
    main()
