"""Of messy files of many kinds, nearly all are read exactly as a person reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.uploads.corpus import first_half, reading, second_half

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
