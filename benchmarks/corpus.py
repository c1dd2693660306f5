"""How files after those of portals are read: `python -m benchmarks.corpus [--cases FOLDER] [--totals] [--out FILE]`.

Each is read exactly, at least with a doubt that is said or a refusal, or silently wrong; see
tests/core/uploads/corpus/cases.py for what is right and scoring.py for how it is judged. Without a folder: the cases in
tests/core/uploads/corpus/portals, kept in results and held to their floor. With one: any other folder of cases, such as
those that were held back, of which nothing is kept unless `--out` says where. `--totals` shows no case, only counts.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.core.uploads.corpus import cases, scoring
from tests.core.uploads.corpus.scoring import Verdict

RESULTS = Path(__file__).parent / "results" / "corpus.json"
OUTCOMES = ("exact", "flagged", "silent")
SHOWN = 200  # characters of a difference


def main() -> None:
    """Judge, print and keep."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cases", type=Path)
    arguments.add_argument("--totals", action="store_true")
    arguments.add_argument("--out", type=Path)
    given = arguments.parse_args()
    verdicts = scoring.judge_all(cases.load(given.cases or cases.PORTALS))
    if not given.totals:
        for verdict in verdicts:
            print(
                f"{verdict.outcome:<8}{verdict.case.family}/{verdict.case.kind}  {verdict.why[:SHOWN]}".rstrip()
            )
    report = summed_up(verdicts)
    print(totals(report))
    if out := given.out or (None if given.cases else RESULTS):
        out.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if not given.cases and report["counts"]["exact"] < scoring.LEAST_EXACT:
        sys.exit(f"Below the floor: {report['counts']['exact']} read exactly, {scoring.LEAST_EXACT} before.")


def summed_up(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Counts of outcomes, by family too, and of the cases not read exactly what is wrong."""
    families = sorted({verdict.case.family for verdict in verdicts})
    return {
        "cases": len(verdicts),
        "counts": _counts(verdicts),
        "unsaid": sum(verdict.is_unsaid for verdict in verdicts),
        "families": {
            name: _counts([one for one in verdicts if one.case.family == name]) for name in families
        },
        "missed": {
            f"{one.case.family}/{one.case.kind}": f"{one.outcome}: {one.why[:SHOWN]}"
            for one in verdicts
            if one.outcome != "exact"
        },
    }


def totals(report: dict[str, Any]) -> str:
    """The counts as lines."""
    found = [
        f"{name:<16}" + "".join(f"{counts[outcome]:>4} {outcome}" for outcome in OUTCOMES)
        for name, counts in (*report["families"].items(), ("all", report["counts"]))
    ]
    return "\n".join([*found, f"of them read right, but what must be said is not: {report['unsaid']}"])


def _counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    counted: collections.Counter[str] = collections.Counter(verdict.outcome for verdict in verdicts)
    return {outcome: counted[outcome] for outcome in OUTCOMES}


if __name__ == "__main__":
    main()
