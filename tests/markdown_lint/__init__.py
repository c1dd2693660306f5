"""A lint over the whole program: which words of users reach an element that reads Markdown as they came.

Each element's text is followed through f-strings, choices, joins and names, through what functions of any module give
back, through parameters to whoever calls, and through fields of the pages' own dataclasses to whoever makes them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from tests.markdown_lint.elements import FIRST, read_as_markdown
from tests.markdown_lint.program import Function, Program
from tests.markdown_lint.reading import Field, Parameter, Reading, Word


def violations(program: Program) -> list[str]:
    """Module, line and words of each place where somebody's word sets out to be drawn as it came."""
    told: set[tuple[str, int, str]] = set()
    sinks: set[Parameter | Field] = set()
    waiting = _draw(program, _elements(program), told)
    while new := waiting - sinks:
        sinks |= new
        waiting = _draw(program, _handed_to(program, new), told)
    return [f"{name}, line {line}: draws {said}" for name, line, said in sorted(told)]


def _draw(
    program: Program, places: Iterable[tuple[Function, int, ast.expr]], told: set[tuple[str, int, str]]
) -> set[Parameter | Field]:
    """Note the words that these expressions hold; what else they are made of."""
    further: set[Parameter | Field] = set()
    for function, line, value in places:
        for one in Reading(program, function).raw(value):
            if isinstance(one, Word):
                told.add((function.module.name, line, one.said))
            else:
                further.add(one)
    return further


def _calls(program: Program) -> Iterator[tuple[Function, ast.Call]]:
    for module in program.drawing:
        inside: dict[int, Function] = {}
        for function in (
            Function(module, module.tree),
            *module.functions.values(),
        ):  # inner ones come later
            inside |= {id(node): function for node in ast.walk(function.node)}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                yield inside[id(node)], node


def _elements(program: Program) -> Iterator[tuple[Function, int, ast.expr]]:
    for function, call in _calls(program):
        if isinstance(call.func, ast.Attribute) and call.func.attr in FIRST:
            yield from ((function, call.lineno, value) for value in read_as_markdown(call, call.func.attr))


def _handed_to(program: Program, sinks: set[Parameter | Field]) -> Iterator[tuple[Function, int, ast.expr]]:
    for function, call in _calls(program):
        called, (made, fields, _) = (
            program.called(function.module, call),
            program.pages_class(function.module, call.func),
        )
        for one in sinks:
            if isinstance(one, Parameter) and called is one.function:
                yield from ((function, call.lineno, value) for value in one.function.given(call, one.name))
            elif isinstance(one, Field) and one.name in fields and one.of in ("", made):
                by_name = [word.value for word in call.keywords if word.arg == one.name]
                place = list(fields).index(one.name)
                yield from (
                    (function, call.lineno, value) for value in [*by_name, *call.args[place : place + 1]]
                )
