"""Batch generation, trainings in a sandbox and on the analyst's own machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

CASES = {
    "clean": "client and gate, nothing refused",
    "random": "10 % answered 429, 5 % 529",
    "quota": "100 a second, which answers tell",
    "quota, untold": "100 a second, which no answer tells",
    "a job": "a whole job, nothing refused",
    "a job, random": "a whole job, 10 % 429, 5 % 529",
    "a job, quota": "a whole job, 100 a second",
    "two jobs on a quota": "two whole jobs on 100 a second",
    "a job, killed at half": "a whole job, its worker killed at half",
}


def generation(found: dict[str, Any]) -> Iterator[str]:
    """found: of `make bench ONLY=generation`."""
    yield (
        "**Batch generation** of 1,000 conversations, 100 at once, from a server of ours that takes half a second for "
        "each; beside it the bare SDK with its own retries, which loses what is refused too often:"
    )
    yield from (
        "",
        "| case | ideal | ours, × ideal | lost | refused | SDK, × ideal | lost | refused |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    )
    for case, said in CASES.items():
        one = found["cases"][case]
        each = (
            f"{one[way]['ratio']:.2f} | {one[way]['lost']} | {one[way]['refused']:,}"
            for way in ("ours", "sdk")
        )
        yield f"| {said} | {one['ideal_s']:.1f} s | {' | '.join(each)} |"
    killed, created = found["cases"]["a job, killed at half"]["ours"], found["cases"]["50,000 items created"]
    yield ""
    yield (
        f"After the kill {killed['again']} requests were made again, {killed['maybe_twice']} counted as possibly paid "
        f"twice. {created['items']:,} items are created in {created['seconds']:.1f} s."
    )


def trainings(local: dict[str, Any], remote: dict[str, Any], package: dict[str, Any]) -> Iterator[str]:
    """local, remote, package: of `make bench ONLY=live_apps`, `remote_apps` and `package`."""
    yield (
        f"**Trainings by code**: {local['n_rows']:,} rows in a local sandbox and at an emulator of E2B on this "
        f"machine; a package that learns from {package['n_rows']:,} rows elsewhere and sends "
        f"{package['n_predictions']:,} predictions:"
    )
    yield from ("", "| what | figure |", "| --- | ---: |")
    away = f"{package['away_s']:.0f} s"
    for what, figure in {
        "Trigger to a prediction by the live app, local": f"{local['live_s']:.1f} s",
        "the same at the emulator, by its public address": f"{remote['live_s']:.1f} s",
        "a sleeping app wakes up": f"{local['awake_s']:.1f} s",
        "five apps are live again after a restart": f"{local['all_live_s']:.1f} s",
        "one request of a live app, local": f"{local['predict_ms']:.0f} ms",
        "the package's predictions are told": f"{package['told_s']:.1f} s",
        f"and are all there after the app was away for {away}": f"{package['after_return_s']:.1f} s",
        "memory that sending takes beside the code": f"{package['leader_mb']:.0f} MB",
    }.items():
        yield f"| {what} | {figure} |"


def chaos_batches(found: dict[str, Any]) -> Iterator[str]:
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
