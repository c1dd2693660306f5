"""What a user has named can't write our markdown."""

from __future__ import annotations

import pytest

from core.ui import links


@pytest.mark.parametrize(
    "name", ["a*b*.csv", "[x](http://evil)", ":red[x]", "$x$", "`code`", "<b>", "# head"]
)
def test_every_sign_that_markdown_reads_is_escaped(name: str) -> None:
    escaped = links.escape(name)
    assert escaped.replace("\\", "") == name
    assert all(escaped[place - 1] == "\\" for place, sign in enumerate(escaped) if sign in "*[]()`$#<:")
