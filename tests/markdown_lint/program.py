"""The source of a program: its modules, and which function or class a name stands for."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
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
    owners: dict[int, str] = field(default_factory=dict)  # of methods: their class

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
                    self.owners |= {id(one): node.name for one in node.body}
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
