"""Queue, pages, many machines, and what faults leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def queue(found: dict[str, Any]) -> Iterator[str]:
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


def lists(found: dict[str, Any]) -> Iterator[str]:
    size = found["size"]
    yield (
        f"**Lists** of {size['n_predictions']:,} predictions, {size['n_uploads']:,} uploads and "
        f"{size['n_models']:,} models, in the running app, warm, median in ms:"
    )
    yield from ("", "| page or call | SQLite | Postgres |", "| --- | ---: | ---: |")
    for what, verb in (("open_ms", " opens"), ("refresh_ms", " refreshes"), ("call_ms", ", API")):
        for name, on_sqlite in found["sqlite"][what].items():
            yield f"| {name}{verb} | {on_sqlite:.0f} | {found['postgres'][what][name]:.0f} |"


def machines(found: dict[str, Any]) -> Iterator[str]:
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


def chaos(found: dict[str, Any]) -> Iterator[str]:
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
