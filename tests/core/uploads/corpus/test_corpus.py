"""Of messy files of many kinds, nearly all are read exactly as a person reads them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.core.uploads.corpus import cases, first_half, reading, scoring, second_half

KINDS = (*first_half.KINDS, *second_half.KINDS)
LEAST_READ = 0.9


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_a_kind_of_mess_is_read_exactly(tmp_path: Path, kind: reading.Kind) -> None:
    for sample in reading.files([kind]):
        assert reading.difference(sample, tmp_path) == ""


def test_nine_in_ten_of_more_than_a_hundred_messy_files_are_read_exactly(tmp_path: Path) -> None:
    wrong = [sample.kind for sample in reading.files(KINDS) if reading.difference(sample, tmp_path)]
    n_files = len(KINDS) * reading.FILES_A_KIND
    assert n_files >= 100
    assert len(wrong) <= (1 - LEAST_READ) * n_files


def test_of_files_after_real_portals_as_many_are_read_exactly_as_before() -> None:
    verdicts = scoring.judge_all(cases.load())
    missed = [f"{one.case.kind}: {one.why}" for one in verdicts if one.outcome != "exact"]
    assert len(verdicts) - len(missed) >= scoring.LEAST_EXACT, "\n".join(missed)


@pytest.mark.parametrize("case", list(cases.load()), ids=lambda case: case.kind)
def test_what_is_right_of_a_case_agrees_with_itself(case: cases.Case) -> None:
    assert case.readings or (case.unknowable and case.say)
    for reading_ in case.readings:
        header, *others = reading_.headers
        assert {len(header)} == {len(row) for row in (*others, reading_.kinds, *reading_.rows)}
        assert all(kinds <= cases.WORDS for kinds in reading_.kinds)
        columns = dict(zip(header, zip(*reading_.rows, strict=True), strict=True))
        assert all(cell in columns[name] for name, cell in reading_.either)
        numbers = [
            cells
            for kinds, cells in zip(reading_.kinds, columns.values(), strict=True)
            if kinds == {"number"}
        ]
        assert all(
            math.isfinite(float(cell)) or cell in ("inf", "-inf")
            for cells in numbers
            for cell in cells
            if cell
        )
