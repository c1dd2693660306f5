"""What the text of a prompt may hold: variables in braces, and parts that depend on them. Nothing else.

A template is a program, and its author need not mean well. Jinja's sandbox keeps it away from Python's insides, not
from loops of 10⁸ rounds or texts of 300 MB. So the syntax tree is looked through before anything is compiled, and only
what is named here passes: `{{ topic }}`, and `{% if %}` with comparisons, `and`, `or`, `not`, `in`. Without loops,
calls, filters and arithmetic a template takes no longer than its text is long.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.generation.templates.errors import TemplateRefused
from core.generation.templates.values import Kind, listed, shown
from core.generation.templates.variables import Variable

MOST_PARTS: Final = 2_000  # pieces of text, variables and conditions
DEEPEST: Final = 20
IN_TAGS: Final = "_in_tags_"  # what stands before a variable's name where it is written into the prompt
ORDERINGS: Final = frozenset({"gt", "gteq", "lt", "lteq"})
SIMPLER: Final = 'A prompt may hold {{ variable }} and {% if variable == "…" %} … {% else %} … {% endif %}.'
_CALLED: Final[Mapping[type[nodes.Node], str]] = {
    nodes.For: "holds a loop",
    nodes.Call: "calls something",
    nodes.Filter: "uses a filter",
    nodes.Getattr: "looks inside a value",
    nodes.Getitem: "looks inside a value",
    nodes.Include: "includes another file",
    nodes.Import: "imports something",
    nodes.FromImport: "imports something",
    nodes.Extends: "extends another template",
    nodes.Block: "holds a block",
    nodes.Macro: "defines a macro",
    nodes.CallBlock: "calls something",
    nodes.FilterBlock: "uses a filter",
    nodes.Assign: "sets a variable",
    nodes.AssignBlock: "sets a variable",
    nodes.With: "sets a variable",
    nodes.Test: "uses a test with 'is'",
    nodes.Concat: "joins values",
    nodes.CondExpr: "holds a condition inside braces",
    nodes.Dict: "holds a dictionary",
    nodes.BinExpr: "calculates",
    nodes.UnaryExpr: "calculates",
}

environment: Final = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, cache_size=0
)
environment.globals.clear()
environment.filters.clear()
environment.tests.clear()


def parse(text: str, variables: Iterable[Variable]) -> nodes.Template:
    """The syntax tree of a prompt that uses each of these variables and no other. Raises TemplateRefused.

    Where a variable is written out, its name begins with IN_TAGS.
    """
    tree = _tree(text)
    walk = _Walk({variable.name: variable for variable in variables})
    try:
        walk.body(tree.body, depth=0)
    except RecursionError as error:
        raise _refused(1, "is nested too deeply", SIMPLER) from error
    if unused := [name for name in walk.variables if name not in walk.used]:
        problem = f"and all others never use the variable {listed(unused)}"
        raise _refused(1, problem, "Write {{ " + unused[0] + " }} where its value belongs, or drop it.")
    return tree


def names(text: str) -> list[str]:
    """What a prompt writes in braces or asks for in conditions, in its order. Raises TemplateRefused."""
    tree = _tree(text)
    try:
        found = [name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"]
    except RecursionError as error:
        raise _refused(1, "is nested too deeply", SIMPLER) from error
    return list(dict.fromkeys(found))


def _tree(text: str) -> nodes.Template:
    try:
        return environment.parse(text)
    except TemplateSyntaxError as error:
        said = str(error.message or "it can't be read").rstrip(".")
        remedy = f"Each {{{{ needs its }}}}, each {{% if %}} its {{% endif %}}. {SIMPLER}"
        raise _refused(error.lineno, f"can't be read: {said}", remedy) from error
    except RecursionError as error:
        raise _refused(1, "is nested too deeply", SIMPLER) from error
    except (ValueError, OverflowError, MemoryError) as error:  # a number of thousands of digits, for one
        raise _refused(1, "or a later one holds a value that can't be read", SIMPLER) from error


def _refused(line: int, problem: str, remedy: str) -> TemplateRefused:
    return TemplateRefused(line_id=line, problem=problem, remedy=remedy)


class _Walk:
    """Looks through a syntax tree, notes which variables it uses, and refuses what is not allowed."""

    def __init__(self, variables: Mapping[str, Variable]) -> None:
        self.variables = variables
        self.used: set[str] = set()
        self._n_parts = 0

    def body(self, parts: Iterable[nodes.Node], *, depth: int) -> None:
        """What is written one after another."""
        for part in parts:
            self._count(part, depth)
            match part:
                case nodes.Output():
                    for written in part.nodes:
                        self._written(written, depth)
                case nodes.If():
                    self._test(part.test, depth + 1)
                    self.body(part.body, depth=depth + 1)
                    self.body(part.elif_, depth=depth)
                    self.body(part.else_, depth=depth + 1)
                case _:
                    raise self._not_allowed(part)

    def _written(self, written: nodes.Node, depth: int) -> None:
        self._count(written, depth)
        match written:
            case nodes.TemplateData():
                return
            case nodes.Name(ctx="load"):
                self._variable(written)
                written.name = IN_TAGS + written.name
            case _:
                raise self._not_allowed(written)

    def _test(self, test: nodes.Node, depth: int) -> None:
        self._count(test, depth)
        match test:
            case nodes.Name(ctx="load"):
                self._variable(test)
            case nodes.Not():
                self._test(test.node, depth + 1)
            case nodes.And() | nodes.Or():
                self._test(test.left, depth + 1)
                self._test(test.right, depth + 1)
            case nodes.Compare(ops=[nodes.Operand() as operand]):
                self._comparison(test.expr, operand, depth)
            case nodes.Compare():
                raise _refused(
                    test.lineno, "compares several values at once", "Join two comparisons by 'and'."
                )
            case _:
                raise self._not_allowed(test)

    def _comparison(self, left: nodes.Expr, operand: nodes.Operand, depth: int) -> None:
        right = operand.expr
        self._count(right, depth)
        if operand.op in ("in", "notin"):
            options = right.items if isinstance(right, nodes.List | nodes.Tuple) else [right]
            is_listed = isinstance(right, nodes.List | nodes.Tuple)
            if not is_listed or not all(_is_constant(option) for option in options):
                remedy = 'List what it may be: {% if tone in ["warm", "calm"] %}.'
                raise _refused(right.lineno, "uses 'in' without a list of values", remedy)
            self._operand(left)
            return
        for side in (left, right):
            self._operand(side)
            if operand.op in ORDERINGS:
                self._require_number(side)

    def _operand(self, side: nodes.Node) -> None:
        match side:
            case nodes.Name(ctx="load"):
                self._variable(side)
            case _ if _is_constant(side):
                return
            case _:
                raise self._not_allowed(side)

    def _require_number(self, side: nodes.Node) -> None:
        """What is not a number, or may be empty, can't be larger or smaller than anything."""
        if isinstance(side, nodes.Name):
            variable = self.variables[side.name]
            if variable.kind is not Kind.NUMBER:
                problem = f"compares '{side.name}' by size, which is no number"
                raise _refused(side.lineno, problem, "Use == or 'in', or make it a number.")
            if not variable.required and variable.default is None:
                problem = f"compares '{side.name}' by size, which may be empty"
                raise _refused(side.lineno, problem, "Make it required, or give it a default.")
        elif isinstance(side, nodes.Const) and not isinstance(side.value, int | float):
            raise _refused(side.lineno, "compares by size with what is no number", "Use == or 'in'.")

    def _variable(self, name: nodes.Name) -> None:
        if name.name not in self.variables:
            near = get_close_matches(name.name[:100], list(self.variables), n=1)
            known = listed(list(self.variables)) or "none yet"
            remedy = f"Did you mean '{near[0]}'?" if near else f"Add it to the variables, which are {known}."
            problem = f"uses '{shown(name.name)}', which is not among the variables"
            raise _refused(name.lineno, problem, remedy)
        self.used.add(name.name)

    def _count(self, part: nodes.Node, depth: int) -> None:
        self._n_parts += 1
        if self._n_parts > MOST_PARTS:
            raise _refused(part.lineno, f"comes after more than {MOST_PARTS:,} parts", "Shorten the prompt.")
        if depth > DEEPEST:
            raise _refused(part.lineno, "is nested too deeply", "Use fewer conditions inside conditions.")

    def _not_allowed(self, part: nodes.Node) -> TemplateRefused:
        words = next(
            (said for kind, said in _CALLED.items() if isinstance(part, kind)), "holds what it can't"
        )
        return _refused(part.lineno, f"{words}, which a prompt can't do", SIMPLER)


def _is_constant(node: nodes.Node) -> bool:
    """Whether it is a text, a number that isn't infinite, true, false or none; a number may have a minus."""
    if isinstance(node, nodes.Neg):
        return _is_constant(node.node) and isinstance(node.node, nodes.Const) and _is_number(node.node.value)
    if not isinstance(node, nodes.Const):
        return False
    return node.value is None or isinstance(node.value, str | bool) or _is_number(node.value)


def _is_number(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
