"""What a user has named can't write our markdown."""

from __future__ import annotations

import re

import pytest

from core.ui import links


@pytest.mark.parametrize(
    "name", ["a*b*.csv", "[x](http://evil)", ":red[x]", "$x$", "`code`", "<b>", "# head"]
)
def test_every_sign_that_markdown_reads_is_escaped(name: str) -> None:
    escaped = links.escape(name)
    assert escaped.replace("\\", "").replace(links.WORD_JOINER, "") == name
    assert all(escaped[place - 1] == "\\" for place, sign in enumerate(escaped) if sign in "*[]()`$#<:")


@pytest.mark.parametrize(
    "name", ["http://example.org", "see HTTPS://example.org", "www.example.org", "a,Www.b"]
)
def test_addresses_are_kept_from_becoming_links(name: str) -> None:
    """Markdown's reader looks for these in the text that is left once all signs are read."""
    shown = links.escape(name).replace("\\", "")
    assert not re.search(r"https?://|www\.", shown, re.IGNORECASE)
    assert shown.replace(links.WORD_JOINER, "") == name


def test_an_e_mail_address_can_be_copied_as_it_is() -> None:
    assert links.escape("ada@example.org").replace("\\", "") == "ada@example.org"
