"""Every regular expression of ours takes linear time, whatever text it is given from outside.

The patterns are found in the source, with the methods that are called on them. For each repetition in one, a text is
made that gets so far, repeats, and then can't match; of twice the length, it may cost three times as much at most.
"""

from __future__ import annotations

import ast
import gc
import importlib
import re
import re._constants as op  # type: ignore[import-not-found]  # the parser of `re` itself
import re._parser as parser  # type: ignore[import-not-found]
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.uploads.csv import number_formats
from core.uploads.dates import texts
from core.uploads.detect.columns import cell_patterns

ROOT = Path(__file__).resolve().parents[1]
METHODS = ("search", "match", "fullmatch", "sub", "split", "findall", "finditer")
LENGTHS = (2_000, 4_000, 8_000, 16_000)
# What doubles with each character would not end at the others; step by step, it is seen on a quick machine too.
SHORT, MOST_SHORT_S = (16, 20, 24, 28, 32, 36), 0.02
# Where only so many characters of a text are looked at, which is said beside the pattern.
BOUNDED = {
    "core.uploads.csv.number_formats._CELL": number_formats._LONGEST,
    **{f"core.uploads.dates.texts.{name}": texts.LONGEST for name in ("_DAYS[3]", "_DAYS[4]", "_MONTHS[0]")},
    "core.uploads.detect.columns.cell_patterns._NOTE": cell_patterns._LOOKED_AT,
    "core.uploads.detect.columns.cell_patterns._TOTAL": cell_patterns._LOOKED_AT,
}
MOST_TIMES = 3.0
N_AGAIN = 4  # others work on this machine too
UNNOTICED_S = 0.003  # what costs less is not looked at: clocks are not so fine


@dataclass(frozen=True)
class Used:
    """A pattern and one way in which it is used. where: its module and name."""

    where: str
    pattern: re.Pattern[Any]
    method: str


def modules() -> Iterator[tuple[str, ast.Module]]:
    for folder in ("core", "pages"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            source = path.read_text("utf-8")
            if "import re\n" in source:
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts), ast.parse(source)


def of_a_call(call: ast.Call) -> tuple[str, ast.expr | None]:
    """The method of `re` that is called, and its pattern; "" for other calls."""
    is_re = (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "re"
    )
    return (call.func.attr, call.args[0] if call.args else None) if is_re else ("", None)  # type: ignore[attr-defined]


def used() -> list[Used]:
    """All patterns: those that are kept under a name, and those that are given to a function of `re` as a literal."""
    found, calls = [], dict[str, set[str]]()
    trees = list(modules())
    for _, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in METHODS:
                name = (
                    node.value.attr
                    if isinstance(node.value, ast.Attribute)
                    else getattr(node.value, "id", "")
                )
                calls.setdefault(name, set()).add(node.attr)
    for module, tree in trees:
        for node in ast.walk(tree):
            method, pattern = of_a_call(node) if isinstance(node, ast.Call) else ("", None)
            if method in METHODS and isinstance(pattern, ast.Constant):
                found.append(Used(f"{module}:{node.lineno}", re.compile(pattern.value), method))  # type: ignore[attr-defined]
        if module.startswith("core."):
            for name, value in vars(importlib.import_module(module)).items():
                if isinstance(value, re.Pattern):
                    found += [
                        Used(f"{module}.{name}", value, one) for one in sorted(calls.get(name, {"search"}))
                    ]
                elif isinstance(value, tuple):
                    kept = list(kept_in(value))
                    found += [Used(f"{module}.{name}[{n}]", one, "finditer") for n, one in enumerate(kept)]
    return list({(one.pattern, one.method): one for one in found}.values())


def kept_in(values: tuple[Any, ...]) -> Iterator[re.Pattern[Any]]:
    """The patterns of a list of them, or of pairs."""
    for value in values:
        if isinstance(value, re.Pattern):
            yield value
        elif isinstance(value, tuple):
            yield from kept_in(value)


def example(nodes: Any) -> str:
    """A short text that such nodes match."""
    return "".join(_example(kind, value) for kind, value in nodes)


def _example(kind: Any, value: Any) -> str:
    if kind in (op.LITERAL, op.NOT_LITERAL):
        return chr(value) if kind is op.LITERAL else ("a" if value != ord("a") else "b")
    if kind is op.ANY:
        return "a"
    if kind is op.IN:
        return _member(value)
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        low, _, body = value
        return example(body) * min(low, 50)
    if kind is op.SUBPATTERN:
        return example(value[-1])
    if kind is op.ATOMIC_GROUP:
        return example(value)
    if kind is op.BRANCH:
        return example(value[1][0])
    return ""


def _member(items: Any) -> str:
    """A character of a class."""
    if items[0][0] is op.NEGATE:
        inside = items[1:]
        return next(one for one in 'aA0 .-/"\n;,é' if not any(_holds(item, one) for item in inside))
    kind, value = items[-1]
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.RANGE:
        return chr(value[0])
    return {op.CATEGORY_DIGIT: "0", op.CATEGORY_SPACE: " ", op.CATEGORY_WORD: "a"}.get(value, "a")


def _holds(item: Any, one: str) -> bool:
    kind, value = item
    if kind is op.LITERAL:
        return ord(one) == value
    if kind is op.RANGE:
        return value[0] <= ord(one) <= value[1]
    return {op.CATEGORY_DIGIT: one.isdigit(), op.CATEGORY_SPACE: one.isspace(), op.CATEGORY_NOT_WORD: not one.isalnum(),
            op.CATEGORY_WORD: one.isalnum()}.get(value, False)  # fmt: skip


def repeated(nodes: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """(what comes before, what is repeated) for each repetition without a narrow bound."""
    for kind, value in nodes:
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            _, high, body = value
            if high > 8:
                yield before, example(body) or "a"
                branches = [branch for inner, options in body if inner is op.BRANCH for branch in options[1]]
                yield from ((before, example(branch) or "a") for branch in branches)
            yield from repeated(body, before)
        elif kind is op.SUBPATTERN:
            yield from repeated(value[-1], before)
        elif kind is op.ATOMIC_GROUP:
            yield from repeated(value, before)
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from repeated(branch, before)
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            yield from repeated(value[1], before)
        before += _example(kind, value)


def hostile(pattern: re.Pattern[Any]) -> set[tuple[str, str, str]]:
    """(head, what is repeated, end) of texts that a pattern may despair of."""
    flags = pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
    pumps = set(repeated(list(parser.parse(pattern.pattern, flags))))
    pumps |= {("", one) for one in (" ", "a", "0", '"', "\\a", "a ", "\n", "(", "'")}
    pumps |= {
        (before, "\n") for before, _ in set(pumps)
    }  # a line's end is a blank, and any sign where DOTALL holds
    pumps |= {("", before + one) for before, one in set(pumps) if before}  # the whole, again and again
    return {(before, one, end) for before, one in pumps for end in ("", "\0", "!\n")}


@contextmanager
def no_garbage_collected() -> Iterator[None]:
    """The collector would go through all that the tests hold, whenever a pattern has found enough."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def cost(used: Used, text: str) -> float:
    """Seconds of the processor, the least of three."""
    subject: Any = text.encode("utf-8", "replace") if isinstance(used.pattern.pattern, bytes) else text
    call = getattr(used.pattern, used.method)
    found = []
    for _ in range(3):
        with no_garbage_collected():
            began = time.thread_time()
            if used.method == "sub":
                call(b"" if isinstance(subject, bytes) else "", subject)
            elif used.method == "finditer":
                deque(call(subject), maxlen=0)
            else:
                call(subject)
            found.append(time.thread_time() - began)
        if found[-1] > 1:
            break
    return min(found)


def growth(used: Used, head: str, pump: str, end: str) -> str:
    """In words, where the cost grows faster than the text; else ""."""
    for short in SHORT:
        if cost(used, head + pump * (short // len(pump) + 1) + end) > MOST_SHORT_S:
            return f"{head[:20]!r} + {pump!r}… of {short} takes too long"
    texts = [head + pump * (n // len(pump)) + end for n in LENGTHS]
    if (bound := BOUNDED.get(used.where)) is not None:
        took = cost(used, texts[0][:bound])
        return "" if took < UNNOTICED_S else f"{head[:20]!r} + {pump!r}… of {bound}: {took:.4f} s"
    for shorter, longer in pairwise(texts):
        if (after := cost(used, longer)) < UNNOTICED_S:
            continue
        before = cost(used, shorter)
        again = ((cost(used, shorter), cost(used, longer)) for _ in range(N_AGAIN))
        if after > MOST_TIMES * before and all(more > MOST_TIMES * less for less, more in again):
            return f"{head[:20]!r} + {pump!r}… of {len(longer):,}: {after:.4f} s, of half {before:.4f} s"
    return ""


FOUND = used()


def test_the_patterns_are_found() -> None:
    assert len(FOUND) > 40
    assert any(one.where.startswith("core.api.http.downloads") for one in FOUND)
    assert {one.where for one in FOUND} >= BOUNDED.keys()
    assert sum(one.where.startswith("core.generation.quality.credentials._KEYS[") for one in FOUND) > 15


@pytest.mark.parametrize("one", FOUND, ids=lambda one: f"{one.where}.{one.method}")
def test_a_pattern_takes_linear_time(one: Used) -> None:
    slow = [said for text in sorted(hostile(one.pattern)) if (said := growth(one, *text))]
    assert slow == []


@pytest.mark.parametrize(
    "pattern", [r"bytes=\s*(\d{0,99})\s*-", r"(a+)+b", r"\s+$", r"(?:a|aa)*c", r"\[[^]]*\]x"]
)
def test_one_that_does_not_is_found(pattern: str) -> None:
    one = Used("here", re.compile(pattern), "search")
    assert any(growth(one, *text) for text in sorted(hostile(one.pattern)))
