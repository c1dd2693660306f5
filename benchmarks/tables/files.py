"""How files are read and scored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.tables import RECIPES

WAYS = {
    "naive": "`read_csv`, `predict_proba`, `to_csv`",
    "plain-2": "ours without tables, 2 threads",
    "engine-1": "ours, 1 thread",
    "engine-2": "ours, 2 threads",
    "bare-2": "ours, 2 threads, no cautions, hash and histograms",
    "reasons-1": "ours, 1 thread, with reasons",
    "limit": "Arrow reads and writes the file, no model",
}


def scoring(found: dict[str, Any]) -> Iterator[str]:
    yield (
        f"**Scoring** file to file on {found['cores']} cores, cautions, hashes and histograms included; the same "
        "scores in each way, and the same bytes in each of ours:"
    )
    yield from (
        "",
        "| rows | model | way | s | rows/s | × naive | × limit's time | peak MB |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
    )
    for file in found["files"]:
        about = f"{file['rows']:,}, {file['input_mb']:,.0f} MB{', texts in quotes' * file['quoted']}"
        for run in file["measured"]:
            model = RECIPES.get(run["recipe"], "–") + " (chosen)" * (run["recipe"] == file["chosen"])
            times = f"{run['times_naive']:.1f}" if run["times_naive"] else "–"
            yield (
                f"| {about} | {model} | {WAYS[run['way']]} | {run['seconds']:.1f} | {run['rows_per_second']:,} "
                f"| {times} | {run['of_limit']:.1f} | {run['peak_mb']:,.0f} |"
            )


def portals(found: dict[str, Any]) -> Iterator[str]:
    """found: of `python -m benchmarks.corpus`."""
    counts = found["counts"]
    yield (
        f"**Files after those of real portals**, {found['cases']} of them in "
        "`tests/core/uploads/corpus/portals`, each with what is right:"
    )
    yield from (
        "",
        "| read exactly | refused, or with a doubt that is said | silently wrong |",
        "| ---: | ---: | ---: |",
    )
    yield f"| {counts['exact']} | {counts['flagged']} | {counts['silent']} |"


def reading(found: dict[str, Any]) -> Iterator[str]:
    corpus = found["corpus"]
    yield (
        f"**Messy files beside other readers**: of {corpus['files']} files of {corpus['kinds']} kinds, so many are "
        "read exactly, the others' judged leniently. The kinds are our own, so our line says no more than that none "
        "of them broke again:"
    )
    yield from ("", "| reader | read exactly |", "| --- | ---: |")
    for reader, n_read in corpus["read"].items():
        yield f"| {reader} | {n_read} |"
    yield from (
        "",
        "| file | MB | detection | examined, MB a second of processor |",
        "| --- | ---: | ---: | ---: |",
    )
    for one in found["speed"]:
        rate = one["mb"] / one["examine_cpu_s"]
        yield f"| {one['file']} | {one['mb']:.0f} | {one['detection_s'] * 1000:.0f} ms | {rate:.0f} |"
