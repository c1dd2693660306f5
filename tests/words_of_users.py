"""A lint over the whole program: which words of users reach an element that reads Markdown as they came.

Each element's text is followed through f-strings, choices, joins and names, through what functions of any module give
back, through parameters to whoever calls, and through fields of the pages' own dataclasses to whoever makes them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

# Which arguments an element reads as Markdown: those that stand first, and those that are named.
FIRST: Final = {
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
NAMED: Final = {"label", "body", "help", "caption", "captions", "text", "title"}
OF_OPTIONS: Final = dict.fromkeys(("radio", "pills", "segmented_control"), ("options", "format_func"))
KEEPS_TEXT: Final = ("join", "format", "strip", "capitalize", "removesuffix", "replace", "lower", "upper")
DEEPEST: Final = 6  # names after which a value's class is no longer looked for
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


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
PagesClass = tuple[str, dict[str, ast.expr], "Module | None"]  # its dotted name, its fields, where it stands
UNKNOWN: Final[PagesClass] = ("", {}, None)


@dataclass(frozen=True, eq=False)
class Function:
    """One function of the program; a module's own statements are one too."""

    module: Module
    node: FunctionNode | ast.Module

    def annotation(self, name: str) -> ast.expr | None:
        """Of a parameter."""
        of = self.node.args if not isinstance(self.node, ast.Module) else None
        all_ = (*of.posonlyargs, *of.args, *of.kwonlyargs) if of else ()
        return next((one.annotation for one in all_ if one.arg == name), None)

    @property
    def parameters(self) -> list[str]:
        if isinstance(self.node, ast.Module):
            return []
        of = self.node.args
        return [one.arg for one in (*of.posonlyargs, *of.args, *of.kwonlyargs)]

    def given(self, call: ast.Call, name: str) -> list[ast.expr]:
        """What a call gives to a parameter."""
        found = [one.value for one in call.keywords if one.arg == name]
        names = [one for one in self.parameters if one not in ("self", "cls")]
        if name in names and (place := names.index(name)) < len(call.args):
            found.append(call.args[place])
        return found

    def returned(self) -> list[ast.expr]:
        return [
            one.value for one in ast.walk(self.node) if isinstance(one, ast.Return | ast.Yield) and one.value
        ]


@dataclass(eq=False)
class Module:
    """name: dotted. imported: what its names stand for, dotted."""

    name: str
    tree: ast.Module
    imported: dict[str, str] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, dict[str, ast.expr]] = field(
        default_factory=dict
    )  # their fields, as they are annotated

    def __post_init__(self) -> None:
        for node in ast.walk(self.tree):
            match node:
                case ast.Import(names=names):
                    self.imported |= {one.asname or one.name: one.name for one in names}
                case ast.ImportFrom(module=str(origin), names=names):
                    self.imported |= {one.asname or one.name: f"{origin}.{one.name}" for one in names}
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self.functions[node.name] = Function(self, node)
                case ast.ClassDef():
                    self.classes[node.name] = {
                        one.target.id: one.annotation
                        for one in node.body
                        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
                    }


class Program:
    """Modules by their dotted names. words: what columns and the like hold that somebody wrote, by attribute.

    drawing: the part of the program whose dataclasses are looked into, by the beginning of its modules' names.
    """

    def __init__(
        self, sources: Mapping[str, str], *, words: set[str], drawing: tuple[str, ...] = ("core.ui", "pages")
    ) -> None:
        self.words = words
        self.modules = {name: Module(name, ast.parse(text)) for name, text in sources.items()}
        self.drawing = [one for one in self.modules.values() if one.name.startswith(drawing)]
        self.fields = {
            name for one in self.drawing for fields in one.classes.values() for name in fields
        } - words

    def violations(self) -> list[str]:
        """Module, line and words of each place where somebody's word sets out to be drawn as it came."""
        told: set[tuple[str, int, str]] = set()
        sinks: set[Parameter | Field] = set()
        waiting = self._draw(self._elements(), told)
        while new := waiting - sinks:
            sinks |= new
            waiting = self._draw(self._handed_to(new), told)
        return [f"{name}, line {line}: draws {said}" for name, line, said in sorted(told)]

    def _draw(
        self, places: Iterable[tuple[Function, int, ast.expr]], told: set[tuple[str, int, str]]
    ) -> set[Parameter | Field]:
        """Note the words that these expressions hold; what else they are made of."""
        further: set[Parameter | Field] = set()
        for function, line, value in places:
            for one in Reading(self, function).raw(value):
                if isinstance(one, Word):
                    told.add((function.module.name, line, one.said))
                else:
                    further.add(one)
        return further

    def _calls(self) -> Iterator[tuple[Function, ast.Call]]:
        for module in self.drawing:
            inside: dict[int, Function] = {}
            for function in (
                Function(module, module.tree),
                *module.functions.values(),
            ):  # inner ones come later
                inside |= {id(node): function for node in ast.walk(function.node)}
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call):
                    yield inside[id(node)], node

    def _elements(self) -> Iterator[tuple[Function, int, ast.expr]]:
        for function, call in self._calls():
            if isinstance(call.func, ast.Attribute) and call.func.attr in FIRST:
                yield from (
                    (function, call.lineno, value) for value in _read_as_markdown(call, call.func.attr)
                )

    def _handed_to(self, sinks: set[Parameter | Field]) -> Iterator[tuple[Function, int, ast.expr]]:
        for function, call in self._calls():
            called, (made, fields, _) = (
                self.called(function.module, call),
                self.pages_class(function.module, call.func),
            )
            for one in sinks:
                if isinstance(one, Parameter) and called is one.function:
                    yield from (
                        (function, call.lineno, value) for value in one.function.given(call, one.name)
                    )
                elif isinstance(one, Field) and one.name in fields and one.of in ("", made):
                    by_name = [word.value for word in call.keywords if word.arg == one.name]
                    place = list(fields).index(one.name)
                    yield from (
                        (function, call.lineno, value) for value in [*by_name, *call.args[place : place + 1]]
                    )

    def called(self, module: Module, call: ast.Call) -> Function | None:
        return self.function(module, call.func)

    def function(self, module: Module, named: ast.expr) -> Function | None:
        """The function of the program that an expression names."""
        match named:
            case ast.Name(id=name) if name in module.functions:
                return module.functions[name]
            case ast.Name(id=name) if name in module.imported:
                return self._found(module.imported[name])
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in module.imported:
                return self._found(f"{module.imported[name]}.{attr}")
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=attr):
                return module.functions.get(attr)
        return None

    def _found(self, dotted: str) -> Function | None:
        origin, _, name = dotted.rpartition(".")
        module = self.modules.get(origin)
        if module is None:
            return None
        if name in module.functions:
            return module.functions[name]
        again = module.imported.get(name)  # a room's public face names what its modules define
        return self._found(again) if again and again != dotted else None

    def pages_class(self, module: Module, named: ast.expr | None) -> PagesClass:
        """The pages' own class that an expression or annotation names, of a list's parts too."""
        match named:
            case ast.Subscript(slice=part) | ast.BinOp(left=part):
                return self.pages_class(module, part)
            case ast.Tuple(elts=[*_, part]):
                return self.pages_class(module, part)
            case ast.Name(id=name) if name in module.classes and module in self.drawing:
                return f"{module.name}.{name}", module.classes[name], module
            case ast.Name(id=name):
                origin, _, name = module.imported.get(name, "").rpartition(".")
            case ast.Attribute(value=ast.Name(id=alias), attr=name):
                origin = module.imported.get(alias, "")
            case _:
                return UNKNOWN
        found = self.modules.get(origin)
        if found is None or found not in self.drawing or name not in found.classes:
            return UNKNOWN
        return f"{origin}.{name}", found.classes[name], found


class Reading:
    """What the expressions of one function draw."""

    def __init__(self, program: Program, function: Function, seen: frozenset[object] = frozenset()) -> None:
        self._program, self._function, self._seen = program, function, seen
        self._given = {} if isinstance(function.node, ast.Module) else _given(function.node)

    def raw(self, node: ast.AST) -> Iterator[Drawn]:
        """All that it is made of, but what is escaped or ours."""
        words = self._program.words
        match node:
            case ast.Call():
                yield from self._of_call(node)
            case ast.Attribute(value=value, attr=attr) if attr in (of := self._class(value))[1]:
                yield Field(of[0], attr)
            case ast.Attribute(attr=attr) if attr in words:
                yield Word(ast.unparse(node))
            case ast.Attribute(attr=attr) if attr in self._program.fields:
                yield Field("", attr)
            case ast.Subscript(slice=ast.Constant(value=str(key))) if key in words:
                yield Word(ast.unparse(node))
            case ast.Subscript(value=ast.Call() as call, slice=ast.Constant(value=int(place))):
                yield from self._of_call(call, place)
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
            case ast.Tuple(elts=names), ast.Call():
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

    for node in ast.walk(function):
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


def _read_as_markdown(call: ast.Call, element: str) -> Iterator[ast.expr]:
    """The arguments of an element that it reads as Markdown."""
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
