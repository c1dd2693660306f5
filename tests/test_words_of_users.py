"""No page hands a user's or a model's words to an element that reads Markdown, but through `links.escape`.

What those words are is taken from the tables: each column of text without a list of known values. The lint follows an
element's text through f-strings, choices, joins, the names that its function gave to them, and functions of the same
module; not through parameters or functions of other modules. What a browser makes of hostile words on every page is
tried in `tests/browser/test_users_words.py`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.db.tables import Base

ROOT = Path(__file__).resolve().parents[1]
# Which arguments an element reads as Markdown: those that stand first, and those that are named.
FIRST = {
    **dict.fromkeys(("markdown", "caption", "header", "subheader", "title", "badge", "toast"), 1),
    **dict.fromkeys(("info", "warning", "error", "success", "dialog", "spinner", "status"), 1),
    **dict.fromkeys(("button", "download_button", "link_button", "form_submit_button", "popover", "expander"), 1),
    **dict.fromkeys(("checkbox", "toggle", "selectbox", "multiselect", "text_input", "text_area"), 1),
    **dict.fromkeys(("number_input", "slider", "file_uploader", "tabs", "metric", "date_input"), 1),
    **dict.fromkeys(("radio", "pills", "segmented_control"), 2),  # their options too
    "page_link": 0,
    "progress": 0,
    "write": 99,
    "leave": 1,  # a notice, drawn as a toast by the next run
}  # fmt: skip
NAMED = {"label", "body", "help", "caption", "captions", "text", "title"}
OF_OPTIONS = dict.fromkeys(("radio", "pills", "segmented_control"), ("options", "format_func"))
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


def _is_safe(call: ast.Call) -> bool:
    """Whether what a call gives is ours: escaped, or made of numbers. Others are looked into by their arguments."""
    named = ast.unparse(call.func)
    return named.rpartition(".")[2] in ("escape", "join_escaped") or named.startswith(
        ("formatting.", "len", "round")
    )


def raw(
    node: ast.AST, given: Mapping[str, list[ast.expr]], seen: frozenset[str] = frozenset()
) -> Iterator[str]:
    """The unescaped words that an expression draws, as the source names them."""
    match node:
        case ast.Call() if _is_safe(node):
            return
        case ast.Call(func=ast.Attribute(attr="join" | "format" | "strip" | "capitalize" | "removesuffix")):
            for part in ast.iter_child_nodes(node):
                yield from raw(part, given, seen)
        case ast.Call(func=ast.Name(id=name)) if f"{name}()" in given and f"{name}()" not in seen:
            for value in given[f"{name}()"]:
                yield from raw(value, given, seen | {f"{name}()"})
        case ast.Call():
            return  # of another module, which is not looked into
        case ast.Attribute(attr=attr) if attr in WORDS:
            yield ast.unparse(node)
        case ast.Subscript(slice=ast.Constant(value=str(key))) if key in WORDS:
            yield ast.unparse(node)
        case ast.Name(id=name) if name in given and name not in seen:
            for value in given[name]:
                yield from raw(value, given, seen | {name})
        case ast.IfExp():
            yield from raw(node.body, given, seen)
            yield from raw(node.orelse, given, seen)
        case ast.GeneratorExp(elt=part, generators=[one]) | ast.ListComp(elt=part, generators=[one]):
            bound = {one.target.id: [one.iter]} if isinstance(one.target, ast.Name) else {}
            yield from raw(part, {**given, **bound}, seen)
        case ast.Compare() | ast.Subscript() | ast.Attribute():
            return
        case _:
            for part in ast.iter_child_nodes(node):
                yield from raw(part, given, seen)


def _given(function: ast.AST) -> dict[str, list[ast.expr]]:
    """What a function's names were given, in all places."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(value)
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                for one, value in zip(names, values, strict=False):
                    if isinstance(one, ast.Name):
                        found.setdefault(one.id, []).append(value)
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                found.setdefault(name, []).append(value)
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                found.setdefault(name, []).append(value)
    return found


def _returned(function: ast.FunctionDef) -> list[ast.expr]:
    """What a function of the module may give back."""
    return [
        node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None
    ]


def _drawn(call: ast.Call) -> Iterator[ast.expr]:
    """The arguments of an element that it reads as Markdown."""
    assert isinstance(call.func, ast.Attribute)
    element = call.func.attr
    options = OF_OPTIONS.get(element, ())
    by_name = {one.arg: one.value for one in call.keywords if one.arg}
    visibility = by_name.get("label_visibility")
    is_unseen = (
        isinstance(visibility, ast.Constant) and visibility.value == "collapsed"
    )  # for screen readers alone
    for n, argument in enumerate(call.args[: FIRST[element]]):
        if not (n == 0 and is_unseen):
            yield argument
    for name, value in by_name.items():
        if name in options or (name in NAMED and not (name == "label" and is_unseen)):
            yield value


def violations(source: str) -> Iterator[str]:
    """Line and words of each element that draws words as they came."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    returned = {f"{one.name}()": _returned(one) for one in functions}
    told = set()
    for function in [*functions, tree]:
        given = returned | (_given(function) if isinstance(function, ast.FunctionDef) else {})
        for node in ast.walk(function):
            if not (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in FIRST
            ):
                continue
            for argument in _drawn(node):
                told |= {(node.lineno, node.func.attr, words) for words in raw(argument, given)}
    for line, element, words in sorted(told):
        yield f"line {line}: {element} draws {words}"


FILES = [path for folder in ("core/ui", "pages") for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_are_escaped_where_they_are_drawn(path: Path) -> None:
    assert list(violations(path.read_text("utf-8"))) == []


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
    ],
)
def test_words_that_are_drawn_as_they_came_are_found(source: str) -> None:
    assert list(violations(source)) != []


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
    ],
)
def test_words_that_are_text_or_escaped_are_not(source: str) -> None:
    assert list(violations(source)) == []
