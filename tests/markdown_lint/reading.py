"""What the text of an expression is made of: somebody's words, what callers give, what makers of a dataclass give."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.markdown_lint.program import UNKNOWN, Function, PagesClass, Program

KEEPS_TEXT: Final = ("join", "format", "strip", "capitalize", "removesuffix", "replace", "lower", "upper")
DEEPEST: Final = 6  # names after which a value's class is no longer looked for


@dataclass(frozen=True)
class Word:
    """Somebody's word, as the source names it."""

    said: str


@dataclass(frozen=True)
class Parameter:
    """Whatever a function's caller gives."""

    function: Function
    name: str


@dataclass(frozen=True)
class Field:
    """Whatever the maker of a dataclass gives. of: the class, dotted; empty where it is not known."""

    of: str
    name: str


Drawn = Word | Parameter | Field


class Reading:
    """What the expressions of one function draw."""

    def __init__(self, program: Program, function: Function, seen: frozenset[object] = frozenset()) -> None:
        self._program, self._function, self._seen = program, function, seen
        self._given = _given(function.node)

    def raw(self, node: ast.AST) -> Iterator[Drawn]:
        """All that it is made of, but what is escaped or ours."""
        words = self._program.words
        match node:
            case ast.Call():
                yield from self._of_call(node)
            case ast.Attribute(value=ast.Subscript(value=ast.Name(id=name))) if name.isupper():
                return  # of a constant, which is ours
            case ast.Attribute(value=value, attr=attr) if attr in (of := self._class(value))[1]:
                yield Field(of[0], attr)
            case ast.Attribute(attr=attr) if attr in words:
                yield Word(ast.unparse(node))
            case ast.Attribute(attr=attr) if (
                attr in self._program.fields and self._function.module in self._program.drawing
            ):
                yield Field("", attr)
            case ast.Subscript(slice=ast.Constant(value=str(key))) if key in words:
                yield Word(ast.unparse(node))
            case ast.Subscript(value=ast.Call() as call, slice=ast.Constant(value=int(place))):
                yield from self._of_call(call, place)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int(place))) if (
                name in self._given
            ):
                for value in self._given[name]:
                    for one in value.elts if isinstance(value, ast.Tuple | ast.List) else [value]:
                        is_part = isinstance(one, ast.Tuple) and place < len(one.elts)
                        yield from self.raw(one.elts[place] if is_part else one)
            case ast.Subscript(value=ast.Name() as value):
                yield from self.raw(value)
            case ast.Name(id=name):
                yield from self._of_name(node, name)
            case ast.GeneratorExp(elt=part) | ast.ListComp(elt=part) | ast.SetComp(elt=part):
                yield from self.raw(part)
            case ast.IfExp():
                yield from self.raw(node.body)
                yield from self.raw(node.orelse)
            case ast.Compare() | ast.Subscript() | ast.Attribute():
                return
            case _:
                for part in ast.iter_child_nodes(node):
                    yield from self.raw(part)

    def _class(self, value: ast.AST, depth: int = 0) -> PagesClass:
        """The pages' own class of a value, or of the parts of a list."""
        program, module = self._program, self._function.module
        match value:
            case ast.Name(id="self" | "cls") if (
                owner := module.owners.get(id(self._function.node))
            ) is not None:
                return program.pages_class(module, ast.Name(owner))
            case ast.Name(id=name) if (annotation := self._function.annotation(name)) is not None:
                return program.pages_class(module, annotation)
            case ast.Name(id=name) if depth < DEEPEST:
                found = [self._class(one, depth + 1) for one in self._given.get(name, [])]
                return next((one for one in found if one is not UNKNOWN), UNKNOWN)
            case ast.Call(func=func) if (called := program.function(module, func)) is not None:
                returns = called.node.returns if not isinstance(called.node, ast.Module) else None
                return program.pages_class(called.module, returns)
            case ast.Call(func=func):
                return program.pages_class(module, func)
            case ast.Attribute(value=of, attr=attr) if depth < DEEPEST:
                _, fields, origin = self._class(of, depth + 1)
                return program.pages_class(origin, fields[attr]) if origin and attr in fields else UNKNOWN
        return UNKNOWN

    def _of_name(self, node: ast.Name, name: str) -> Iterator[Drawn]:
        if name in self._seen:
            return
        if name in self._given:
            inner = Reading(self._program, self._function, self._seen | {name})
            for value in self._given[name]:
                yield from inner.raw(value)
        elif (function := self._program.function(self._function.module, node)) is not None:
            yield from self._given_back(function, None)
        if name in self._function.parameters:
            yield Parameter(self._function, name)

    def _of_call(self, call: ast.Call, place: int | None = None) -> Iterator[Drawn]:
        if _is_safe(call):
            return
        if isinstance(call.func, ast.Attribute) and call.func.attr in KEEPS_TEXT:
            for part in (call.func.value, *call.args, *(one.value for one in call.keywords)):
                yield from self.raw(part)
        elif (function := self._program.called(self._function.module, call)) is not None:
            yield from self._given_back(function, call, place)
        elif isinstance(call.func, ast.Name) and call.func.id in ("str", "sorted", "list", "tuple", "set"):
            for part in call.args:
                yield from self.raw(part)

    def _given_back(
        self, function: Function, call: ast.Call | None, place: int | None = None
    ) -> Iterator[Drawn]:
        """By a function: its own words, and those of its parameters that a call gives. place: of a pair's part."""
        if function in self._seen:
            return
        inner = Reading(self._program, function, self._seen | {function})
        for value in function.returned():
            is_part = place is not None and isinstance(value, ast.Tuple)
            for one in inner.raw(value.elts[place] if is_part else value):
                if not (isinstance(one, Parameter) and one.function is function):
                    yield one
                elif call is not None:
                    for handed in function.given(call, one.name):
                        yield from self.raw(handed)


def _is_safe(call: ast.Call) -> bool:
    """Whether what a call gives is ours: escaped, or made of numbers."""
    named = ast.unparse(call.func)
    return named.rpartition(".")[2] in ("escape", "join_escaped") or named.startswith(
        ("formatting.", "len", "round")
    )


def _given(function: ast.AST) -> dict[str, list[ast.AST]]:
    """What a function's names were given, in all places."""
    found: dict[str, list[ast.AST]] = {}

    def bind(target: ast.AST, value: ast.AST) -> None:
        match target, value:
            case ast.Name(id=name), _:
                found.setdefault(name, []).append(value)
            case ast.Tuple(elts=names), ast.Tuple(elts=values) if len(names) == len(values):
                for one, part in zip(names, values, strict=True):
                    bind(one, part)
            case ast.Tuple(), ast.IfExp(body=one, orelse=other):
                bind(target, one)
                bind(target, other)
            case ast.Tuple(elts=names), ast.Call() | ast.Name():
                for place, one in enumerate(names):
                    bind(one, ast.Subscript(value, ast.Constant(place), ast.Load()))
            case ast.Tuple(elts=names), _:
                for one in names:
                    bind(one, value)

    def bind_each(target: ast.AST, values: ast.AST) -> None:
        if isinstance(values, ast.Tuple | ast.List):
            for value in values.elts:
                bind(target, value)
        else:
            bind(target, values)

    for node in ast.walk(function) if not isinstance(function, ast.Module) else _statements(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    bind(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                bind(target, value)
            case ast.NamedExpr(target=target, value=value) | ast.AugAssign(target=target, value=value):
                bind(target, value)
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                bind_each(target, value)
    return found


def _statements(module: ast.Module) -> Iterator[ast.AST]:
    """A module's own, without those of its functions and classes."""
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
