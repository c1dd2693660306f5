"""No page hands a user's or a model's words to an element that reads Markdown, but through `links.escape`.

What those words are is taken from the tables: each column of text without a list of known values. How they are followed
through the whole program: `tests/markdown_lint`. What a browser makes of hostile words on every page is tried in
`tests/browser/test_users_words.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.db.tables import Base
from tests import markdown_lint
from tests.markdown_lint.program import Program

ROOT = Path(__file__).resolve().parents[1]
# What else is somebody's words, though no column: of failures, guesses and what a template asks for.
OTHER_WORDS = {"message", "hint", "problem", "reason", "why", "description", "formula", "content", "goal"}
PLAIN = {
    "category",
    "task",
    "means",
    "kind",
    "issuer",
    "code",
    "version",
    "begins",
    "isolation",
}  # columns that hold our own words alone


def _words() -> set[str]:
    """The names of all columns that hold what somebody wrote."""
    found = set(OTHER_WORDS)
    for table in Base.metadata.sorted_tables:
        known = " ".join(
            str(rule.sqltext) for rule in table.constraints if isinstance(rule, sa.CheckConstraint)
        )
        found |= {
            column.name
            for column in table.columns
            if type(column.type) in (sa.String, sa.Text) and f"{column.name} IN" not in known
        }
    return {name for name in found if not name.endswith(("_key", "_sha256", "_hash", "_id"))} - PLAIN


WORDS = _words()


def _sources() -> dict[str, str]:
    paths = [path for folder in ("core", "pages") for path in (ROOT / folder).rglob("*.py")]
    named = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}
    return {name.removesuffix(".__init__"): path.read_text("utf-8") for name, path in named.items()}


def violations(source: str) -> list[str]:
    """Of a page with this text, beside a module of another room and one that draws."""
    other = "def named(row):\n    return row.name\ndef counted(row):\n    return len(row.name)\n"
    drawing = "def drawn(text):\n    st.caption(text)\n"
    modules = {"pages.page": source, "core.other": other, "core.ui.drawing": drawing}
    return markdown_lint.violations(Program(modules, words=WORDS))


def test_words_are_escaped_where_they_are_drawn() -> None:
    assert markdown_lint.violations(Program(_sources(), words=WORDS)) == []


@pytest.mark.parametrize(
    "source",
    [
        "st.caption(row.name)",
        "st.markdown(f'**{row.file_name}** is new')",
        "st.button(x, help=row.description)",
        "def draw(row):\n    text = f'of {row.name}'\n    with st.container():\n        st.caption(text)",
        "st.caption(' · '.join(['a', row.name]))",
        "st.warning(error.message + ' Again?')",
        "st.pills('Which', [row.name])",
        "st.error(job.reason['message'])",
        "column.metric(label=row.target, value=3)",
        "st.caption('a' if new else row.name)",
        "st.caption(', '.join(one for one in [row.name]))",
        "def named(row):\n    return f'of {row.name}'\nst.caption(named(row))",
        "def drawn(text):\n    st.caption(text)\ndrawn(f'of {row.name}')",
        "def drawn(n, *, text):\n    st.caption(text)\ndef outer(text):\n    drawn(3, text=text)\nouter(row.name)",
        "def given(text):\n    return f'of {text}'\nst.caption(given(row.name))",
        "for name in [row.name]:\n    st.caption(name)",
        "a, b = row.name, 3\nst.caption(a)",
        "st.selectbox('Which', rows, help=row.name)",
        "class Line:\n    text: str\ndef draw(line: Line):\n    st.caption(line.text)\ndraw(Line(row.name))",
        "class Line:\n    n: int\n    text: str\ndef draw(all: list[Line]):\n    for line in all:\n"
        "        st.caption(line.text)\ndraw([Line(1, text=row.name)])",
        "from core.other import named\nst.caption(named(row))",
        "from core import other\nst.caption(other.named(row))",
        "from core.ui import drawing\ndrawing.drawn(row.name)",
    ],
)
def test_words_that_are_drawn_as_they_came_are_found(source: str) -> None:
    assert violations(source) != []


@pytest.mark.parametrize(
    "source",
    [
        "st.caption(links.escape(row.name))",
        "st.text(row.name)",
        "st.selectbox('Which', [row.name])",
        "st.selectbox(f'Role of {row.name}', roles, label_visibility='collapsed')",
        "st.caption('known' if row.name == 'a' else 'new')",
        "st.caption(' · '.join(links.escape(one) for one in [row.name]))",
        "st.caption(formatting.count(len(row.name), 'letter'))",
        "def drawn(text):\n    st.caption(text)\ndrawn(links.escape(row.name))",
        "def drawn(n, text):\n    st.caption(n)\ndrawn(3, row.name)",
        "a, b = row.name, 3\nst.caption(b)",
        "class Line:\n    text: str\ndef draw(line: Line):\n    st.caption(line.text)\n"
        "draw(Line(links.escape(row.name)))",
        "from core import other\nst.caption(other.counted(row))",
    ],
)
def test_words_that_are_text_or_escaped_are_not(source: str) -> None:
    assert violations(source) == []
