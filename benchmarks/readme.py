"""`python -m benchmarks.readme`: write the README's figures from the files in `results/`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BEGIN, END = "<!-- figures, written by benchmarks/readme.py -->", "<!-- end of figures -->"
NAMES = {"linear_splines": "logistic + splines", "boosted_trees": "boosted trees", "blend": "mean of both"}
LABELS = {"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC", "r2": "R²", "mae": "MAE", "accuracy": "accuracy"}
WAYS = {
    "naive": "`read_csv`, `predict_proba`, `to_csv`",
    "plain-2": "ours without tables, 2 threads",
    "engine-1": "ours, 1 thread",
    "engine-2": "ours, 2 threads",
    "bare-2": "ours, 2 threads, no cautions, hash and histograms",
    "reasons-1": "ours, 1 thread, with reasons",
    "limit": "Arrow reads and writes the file, no model",
}


def main() -> None:
    before, _, rest = README.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(before + BEGIN + "\n\n" + figures() + "\n" + END + after, "utf-8")


def figures() -> str:
    """All tables as Markdown."""
    return (
        "\n".join(
            [
                *_training(),
                "",
                *_scoring(_read("scoring")),
                "",
                *_queue(_read("queue")),
                "",
                *_reading(_read("reading")),
                "",
                *_measured_lists(),
                *_machines(_read("machines")),
                "",
                *_chaos(_read("chaos")),
                "",
                *_chaos_batches(_read("chaos_batches")),
            ]
        )
        + "\n"
    )


def _training() -> Iterator[str]:
    yield "**Training**, 5-fold cross-validation (shuffled, seed 0) of the recipe that was chosen, one thread:"
    yield from (
        "",
        "| file | rows | chosen | mean of the folds | baseline | s of processor |",
        "| --- | ---: | --- | --- | --- | ---: |",
    )
    for path in sorted((HERE / "results").glob("training-*.json")):
        found = _read(path.stem)
        chosen = found["candidates"][found["chosen"]]
        shown = [name for name in ("roc_auc", "pr_auc", "r2", "mae", "accuracy") if name in chosen][:2]
        if found["task"] == "multiclass":
            shown = ["accuracy"]
        scores, floors = (
            ", ".join(f"{LABELS[name]} {_short(metrics[name]['mean'])}" for name in shown)
            for metrics in (chosen, found["baseline"])
        )
        yield (
            f"| {path.stem.removeprefix('training-')} → `{found['target']}` | {found['n_rows']:,} "
            f"| {NAMES[found['chosen']]} | {scores} | {floors} | {found['seconds']:.1f} |"
        )


def _short(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.0f}"


def _scoring(found: dict[str, Any]) -> Iterator[str]:
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
            model = NAMES.get(run["recipe"], "–") + " (chosen)" * (run["recipe"] == file["chosen"])
            times = f"{run['times_naive']:.1f}" if run["times_naive"] else "–"
            yield (
                f"| {about} | {model} | {WAYS[run['way']]} | {run['seconds']:.1f} | {run['rows_per_second']:,} "
                f"| {times} | {run['of_limit']:.1f} | {run['peak_mb']:,.0f} |"
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
    one = found["postgres"]
    yield ""
    yield (
        f"Two workers on Postgres do {one['two_workers_no_op_tasks_per_s']:.0f} no-op tasks a second, two bare loops "
        f"of the same statements {one['two_bare_loops_no_op_tasks_per_s']:.0f}; one such loop has claimed after "
        f"{one['bare_p50_ms']:.0f} ms (p50)."
    )
    yield ""
    yield (
        "A prediction while every other pool is full (`WORKERS=1`), from the click to the handler's first line; the "
        f"target is {found['target_beside_full_pools_ms'] / 1000:.0f} s with a warm child, and one that nobody needed "
        "for ten minutes is started anew:"
    )
    yield from (
        "",
        "| database | warm p50 | max | started anew p50 | max |",
        "| --- | ---: | ---: | ---: | ---: |",
    )
    for kind, name in (("sqlite", "SQLite"), ("postgres", "Postgres")):
        one = found[kind]
        warm, rested = "beside_full_pools", "beside_full_pools_rested"
        yield (
            f"| {name} | {one[f'{warm}_p50_ms']:.0f} ms | {one[f'{warm}_max_ms']:.0f} ms "
            f"| {one[f'{rested}_p50_ms'] / 1000:.1f} s | {one[f'{rested}_max_ms'] / 1000:.1f} s |"
        )


def _reading(found: dict[str, Any]) -> Iterator[str]:
    corpus = found["corpus"]
    yield (
        f"**Messy files**: of {corpus['files']} files of {corpus['kinds']} kinds of mess, generated in "
        "`tests/core/uploads/corpus/`, so many are read exactly; the others are judged leniently:"
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


def _measured_lists() -> Iterator[str]:
    """Nothing before they were measured for the first time."""
    if (HERE / "results" / "lists.json").exists():
        yield from (*_lists(_read("lists")), "")


def _lists(found: dict[str, Any]) -> Iterator[str]:
    size = found["size"]
    yield (
        f"**Lists** of {size['n_predictions']:,} predictions, {size['n_uploads']:,} uploads and "
        f"{size['n_models']:,} models, in the running app, warm, median in ms:"
    )
    yield from ("", "| page or call | SQLite | Postgres |", "| --- | ---: | ---: |")
    for what, verb in (("open_ms", " opens"), ("refresh_ms", " refreshes"), ("call_ms", ", API")):
        for name, on_sqlite in found["sqlite"][what].items():
            yield f"| {name}{verb} | {on_sqlite:.0f} | {found['postgres'][what][name]:.0f} |"


def _machines(found: dict[str, Any]) -> Iterator[str]:
    yield (
        f"**Many machines**, two predictions of one file each time, on {found['cores']} cores in all, so that what is "
        "seen is what sharing out costs; each row's results have the same bytes:"
    )
    yield from (
        "",
        "| rows | one worker | two workers | Dask cluster of two processes |",
        "| --- | ---: | ---: | ---: |",
    )
    for file in found["files"]:
        times = (f"{file[way]['seconds']:.1f} s" for way in ("one", "two", "cluster"))
        yield f"| {file['rows']:,}, {file['mb']:,.0f} MB | {' | '.join(times)} |"


def _chaos(found: dict[str, Any]) -> Iterator[str]:
    one = found["sqlite"]
    yield (
        f"**Faults**, {one['tasks']} tasks of {one['steps']} steps under {one['kills']} SIGKILL and "
        f"{one['freezes']} SIGSTOP, lease {one['lease_s']:.0f} s; Postgres is restarted at once in mid-run:"
    )
    yield ""
    yield "| database | lost | done twice | stuck | resumed p50 | max |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for kind, name in (
        ("sqlite", "SQLite"),
        ("postgres", "Postgres"),
        ("sqs", "Postgres and SQS, gone for 10 s"),
    ):
        one = found[kind]
        yield (
            f"| {name} | {one['lost']} | {one['done_twice']} | {one['stuck']} "
            f"| {one['resume_s_p50']:.1f} s | {one['resume_s_max']:.1f} s |"
        )


def _chaos_batches(found: dict[str, Any]) -> Iterator[str]:
    one = found["sqlite"]
    yield (
        f"**Faults of a batch job** of {one['items']:,} items, {one['at_once']} at once, under {one['kills']} SIGKILL "
        f"of a worker or its child and {one['stops']} SIGTERM or SIGSTOP; once storage is away, the key is revoked "
        "and Postgres crashes; then ten jobs are cancelled as their last reply comes:"
    )
    yield ""
    yield "| database | lost | wrong | paid twice | counted as maybe | in flight at the faults | paused after |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for kind, name in (("sqlite", "SQLite"), ("postgres", "Postgres")):
        one = found[kind]
        yield (
            f"| {name} | {one['lost']} | {one['wrong']} | {one['paid_twice']} | {one['counted_as_maybe_twice']} "
            f"| {one['in_flight_at_the_faults']} | {one['paused_after_revoking_s']:.1f} s |"
        )


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "results" / f"{name}.json").read_text("utf-8"))
    return found


if __name__ == "__main__":
    main()
