"""What code printed leaves the house without anything that stands in a cell."""

from __future__ import annotations

import pytest

from core.training.coding.redaction import redacted

KNOWN = 'The columns are "tenure_months" and "plan".\nraise ValueError("bad plan")'


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ('  File "/job/train.py", line 42, in fit_premium', '  File "/job/train.py", line 42, in fit_…'),
        ("ValueError: could not convert to float: 'Lovelace'", "ValueError: could not convert to float: '…'"),
        ("KeyError: 'tenure_months'", "KeyError: 'tenure_months'"),
        ("0  Ada  Lovelace  1815-12-10  4.999,5", "…  …  …  …-…-…  …"),
        ("bad plan: Premium Plus", "bad plan: … …"),
        ("Müller, Zürich 会社 😀 ٣٤ हिन्दी e\u0301", "…, … … … … …… ……"),
        ("aGVsbG8gd29ybGQ=", "…………………="),
        ('  File "/home/ada/train.py", line 42, in x', '  File "/…/…/train.…", line …, in x'),
        ("line 42", "line …"),
        ("\x1b[31mred\x1b[0m", "\x1b[…\x1b[……"),
    ],
)  # fmt: skip
def test_what_claude_does_not_know_is_blacked_out(line: str, left: str) -> None:
    (said,) = redacted([line], known=KNOWN)
    assert said.replace("…", "") == left.replace("…", "")
    assert ("…" in said) == ("…" in left)
