"""`python -m benchmarks.readme`: write docs/figures.md and the README's short table from the files in `results/`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.tables import RECIPES, files, house, models, outside, read

PROJECT = Path(__file__).parents[1]
README = PROJECT / "README.md"
PAGE = PROJECT / "docs" / "figures.md"
BEGIN, END = "<!-- figures, written by benchmarks/readme.py -->", "<!-- end of figures -->"


def main() -> None:
    PAGE.write_text(page(), "utf-8")
    before, _, rest = README.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n\n{headlines()}\n{END}{after}", "utf-8")


def page() -> str:
    """All tables, as docs/figures.md has them."""
    parts = {
        "Models": (models.training(), models.quality(read("models_quality"))),
        "Files": (
            files.scoring(read("scoring")),
            files.portals(read("corpus")),
            files.reading(read("reading")),
        ),
        "Queue and pages": (house.queue(read("queue")), house.lists(read("lists"))),
        "Batch generation and trainings by code": (
            outside.generation(read("generation")),
            outside.trainings(read("live_apps-sample"), read("remote_apps"), read("package")),
        ),
        "Many machines": (house.machines(read("machines")),),
        "Faults": (house.chaos(read("chaos")), outside.chaos_batches(read("chaos_batches"))),
    }
    lines = [
        "# Figures",
        "",
        "From `make bench` and `make chaos`, on two shared cores. What they keep is in `benchmarks/results/`, and",
        "`python -m benchmarks.readme` writes this page from it.",
    ]
    for title, tables in parts.items():
        lines += ["", f"## {title}"]
        for table in tables:
            lines += ["", *table]
    return "\n".join(lines) + "\n"


def headlines() -> str:
    """The few figures that say most, as Markdown."""
    rows = "\n".join(f"| {what} | {figure} |" for what, figure in _headlines())
    return f"| what | figure |\n| --- | --- |\n{rows}\n"


def _headlines() -> Iterator[tuple[str, str]]:
    quality, corpus = read("models_quality"), read("corpus")
    yield (
        "models, beside the better of LightGBM's and CatBoost's defaults",
        f"within a small margin or ahead on {models.n_within(quality)} of {len(quality['sets'])} sets",
    )
    yield _scoring(read("scoring"))
    counts = corpus["counts"]
    yield (
        f"{corpus['cases']} files after those of real portals",
        f"{counts['exact']} read exactly, {counts['flagged']} refused or with a doubt that is said, "
        f"{counts['silent']} silently wrong",
    )
    queue, lists = read("queue")["sqlite"], read("lists")
    yield "from the click to the handler's first line", f"{queue['warm_p50_ms']:.0f} ms (p50)"
    yield (
        f"Predictions opens, with {lists['size']['n_predictions']:,} of them",
        f"{lists['sqlite']['open_ms']['Predictions']:.0f} ms",
    )
    job, killed = (read("generation")["cases"][case]["ours"] for case in ("a job", "a job, killed at half"))
    yield (
        "1,000 conversations, 100 at once, from the click to completed",
        f"{job['ratio']:.2f} × the ideal; {killed['lost']} lost when the worker is killed at half",
    )
    yield (
        "Trigger to a prediction by the live app",
        f"{read('live_apps-sample')['live_s']:.1f} s in a local sandbox, {read('remote_apps')['live_s']:.1f} s at an "
        "emulator of E2B",
    )
    faults = read("chaos")["postgres"]
    yield (
        f"{faults['tasks']} tasks under {faults['kills']} kills, {faults['freezes']} freezes and a restart of Postgres",
        f"{faults['lost']} lost, {faults['done_twice']} done twice",
    )


def _scoring(found: dict[str, Any]) -> tuple[str, str]:
    """Of the first file, by one thread: every recipe."""
    file = found["files"][0]
    said = "; ".join(
        f"{RECIPES[run['recipe']]} {run['rows_per_second']:,} rows a second, {run['times_naive']:.1f} × pandas and "
        f"scikit-learn, in {run['peak_mb']:.0f} MB"
        for run in file["measured"]
        if run["way"] == "engine-1"
    )
    return f"{file['rows']:,} rows scored file to file, one thread", said


if __name__ == "__main__":
    main()
