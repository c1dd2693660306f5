"""What a job is filled in with, taken from an upload: the columns that count, and no more text than fits."""

from __future__ import annotations

import tracemalloc

import pytest

from core import storage
from core.generation.errors import TooMuchText
from core.generation.jobs import drafting
from core.generation.jobs.drafting import MOST_BYTES
from core.generation.jobs.parameters import Parameters
from tests import journeys
from tests.batches import Bench

N_ROWS, N_OTHERS = 4_000, 60


def test_of_a_wide_file_the_templates_columns_alone_are_read(small_bench: Bench) -> None:
    others = [f"other_{n}" for n in range(N_OTHERS)]
    lines = [",".join(["topic", *others])]
    lines += [",".join([f"refund {n}", *(f"{n} of {other}" for other in others)]) for n in range(N_ROWS)]
    given = _upload(small_bench, "\n".join(lines))
    assert given.names == ("topic", *others)
    tracemalloc.start()
    rows = given.rows(["topic", "tone"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [rows[0], rows[-1]] == [{"topic": f"refund {n}", "tone": None} for n in (0, N_ROWS - 1)]
    assert len(rows) == N_ROWS
    assert peak < 12_000_000


def test_a_file_without_any_of_the_variables_still_has_its_rows(small_bench: Bench) -> None:
    assert _upload(small_bench, "a,b\n1,2\n3,4\n").rows(["tone"]) == [{"tone": None}] * 2


def test_more_text_than_a_job_may_hold_is_refused_before_it_is_all_in_memory(small_bench: Bench) -> None:
    line = "refund," + "x" * 100_000 + "\n"
    given = _upload(small_bench, "topic,story\n" + line * (MOST_BYTES // 100_000 + 10))
    assert len(given.rows(["topic"])) > 600
    with pytest.raises(TooMuchText, match=r"cases\.csv .* more than 64 MB"):
        given.rows(["topic", "story"])


def _upload(bench: Bench, text: str) -> Parameters:
    files = storage.from_settings(bench.settings)
    upload = journeys.upload_bytes(
        bench.user, text.encode(), settings=bench.settings, files=files, file_name="cases.csv"
    )
    return drafting.read(bench.user, files=files, given={"upload_id": upload.id})
