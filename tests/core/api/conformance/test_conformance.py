from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.api.conformance.run import conform
from tests.trainings import require_sandbox

N_EXAMPLES, SEED = 6, 1  # `make chaos` makes a longer run: python -m tests.core.api.conformance


@pytest.mark.timeout(600)
def test_every_answer_is_one_that_the_description_names(tmp_path: Path) -> None:
    require_sandbox(tmp_path)
    found = conform(tmp_path, n_examples=N_EXAMPLES, seed=SEED)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "Stateful (in" in found.stdout
