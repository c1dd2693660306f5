"""Typed variables of a template: what they may hold, and whether given values fit."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, Final

from core.generation.templates import values
from core.generation.templates.errors import (
    ParamsUnfit,
    ValueUnfit,
    VariableMissing,
    VariablesUnfit,
    VariableUnknown,
)
from core.generation.templates.values import Kind, Unfit, Value

MOST_VARIABLES: Final = 30
MOST_OPTIONS: Final = 100
LONGEST_NAME: Final = 40
LONGEST_OPTION: Final = 200
LONGEST_DESCRIPTION: Final = 300
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
RESERVED: Final = frozenset(
    {"and", "or", "not", "in", "is", "if", "elif", "else", "endif", "true", "false", "none", "self", "loop"}
)
_FIELDS: Final = frozenset({"name", "kind", "required", "default", "options", "description"})


@dataclass(frozen=True)
class Variable:
    """One variable of a template.

    default: what it is where no value is given; None is empty. options: what a choice may be. description: what to
    write there, for people.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = True
    default: Value = None
    options: tuple[str, ...] = ()
    description: str = ""

    @property
    def label(self) -> str:
        """The name as a person reads it: `support_channel` → "Support channel"."""
        words = " ".join(self.name.split("_")).strip()
        return words[:1].upper() + words[1:]

    def to_json(self) -> dict[str, Any]:
        """As a template's row keeps it."""
        return {**asdict(self), "kind": self.kind.value, "options": list(self.options)}


def parse(described: object) -> tuple[Variable, ...]:
    """Variables from JSON, a list of objects. Raises VariablesUnfit, which names all that is wrong."""
    if not isinstance(described, list | tuple):
        raise VariablesUnfit(problems='Variables must be a list of objects, such as [{"name": "topic"}].')
    if len(described) > MOST_VARIABLES:
        raise VariablesUnfit(
            problems=f"There are {len(described):,} variables; a template has at most {MOST_VARIABLES}."
        )
    found: list[Variable] = []
    problems: list[str] = []
    for n, one in enumerate(described, start=1):
        try:
            found.append(_parsed(one, taken={other.name.lower() for other in found}))
        except Unfit as error:
            called = one.get("name") if isinstance(one, Mapping) else None
            label = f" ('{values.shown(called)}')" if isinstance(called, str) and called else ""
            problems.append(f"Variable {n}{label} {error}.")
    if problems:
        raise VariablesUnfit(problems=" ".join(problems))
    return tuple(found)


def check(variables: Sequence[Variable], params: Mapping[str, object]) -> dict[str, Value]:
    """The typed value of each variable, defaults for those that have none; None where it is empty.

    A blank text is no value. Raises VariableMissing, VariableUnknown, ValueUnfit, or ParamsUnfit where several of these
    hold; each names all that is wrong.
    """
    typed: dict[str, Value] = {}
    missing: list[str] = []
    unfit: list[str] = []
    for variable in variables:
        given = params.get(variable.name)
        if is_blank(given):
            typed[variable.name] = variable.default
            if variable.required:
                missing.append(variable.name)
            continue
        try:
            typed[variable.name] = values.read(given, kind=variable.kind, options=variable.options)
        except Unfit as error:
            unfit.append(f"'{variable.name}' {error}")
    known = {variable.name for variable in variables}
    unknown = [name for name in params if name not in known]
    if missing or unknown or unfit:
        raise _refusal(variables, missing=missing, unknown=unknown, unfit=unfit)
    return typed


def is_blank(given: object) -> bool:
    """Whether it is no value: nothing, or a text of nothing but spaces."""
    return given is None or (isinstance(given, str) and not given.strip())


def lacking(variables: Sequence[Variable], names: frozenset[str]) -> list[str]:
    """The required variables that are not among the names."""
    return [variable.name for variable in variables if variable.required and variable.name not in names]


def _refusal(
    variables: Sequence[Variable], *, missing: list[str], unknown: list[str], unfit: list[str]
) -> ParamsUnfit:
    problems, remedies = [], []
    kinds: list[type[ParamsUnfit]] = []
    if missing:
        kinds.append(VariableMissing)
        problems.append(f"{values.listed(missing)} {'has' if len(missing) == 1 else 'have'} no value.")
        remedies.append("Give each required variable a value.")
    if unknown:
        kinds.append(VariableUnknown)
        problems.append(f"The template has no variable {values.listed(unknown)}.")
        known = [variable.name for variable in variables]
        near = get_close_matches(unknown[0][:LONGEST_NAME], known, n=1)
        remedies.append(
            f"Did you mean '{near[0]}'?" if near else f"Its variables are {values.listed(known) or 'none'}."
        )
    if unfit:
        kinds.append(ValueUnfit)
        problems.append(f"{'; '.join(unfit[: values.MOST_NAMED])}.")
        remedies.append("Correct these values.")
    kind = kinds[0] if len(kinds) == 1 else ParamsUnfit
    return kind(problems=" ".join(problems), remedy=" ".join(remedies))


def _parsed(one: object, *, taken: Collection[str]) -> Variable:
    """Raises Unfit."""
    if not isinstance(one, Mapping):
        raise Unfit('must be an object, such as {"name": "topic", "kind": "text"}')
    if extra := [str(key) for key in one if key not in _FIELDS]:
        raise Unfit(f"has no field {values.listed(extra)}; its fields are {', '.join(sorted(_FIELDS))}")
    name, kind = _name(one.get("name"), taken), _kind(one.get("kind", Kind.TEXT))
    required, default = one.get("required"), one.get("default")
    if isinstance(default, str) and not default.strip():
        default = None
    if required is None:
        required = default is None
    if not isinstance(required, bool):
        raise Unfit("must say whether it is required by true or false")
    if required and default is not None:
        raise Unfit("is required and has a default; drop one of the two")
    variable = Variable(name, kind, required, None, _options(one.get("options"), kind), _description(one))
    if default is None:
        return variable
    try:
        return Variable(
            name,
            kind,
            required,
            values.read(default, kind=kind, options=variable.options),
            variable.options,
            variable.description,
        )
    except Unfit as error:
        raise Unfit(f"has a default that does not fit: it {error}") from error


def _name(name: object, taken: Collection[str]) -> str:
    if not isinstance(name, str) or not name:
        raise Unfit("has no name")
    if not _NAME.fullmatch(name):
        raise Unfit(
            f"has a name that can't be used; use letters, digits and _, a letter first, at most {LONGEST_NAME}"
        )
    if name.lower() in RESERVED:
        raise Unfit("has a name that means something else in a template; choose another")
    if name.lower() in taken:
        raise Unfit("has a name that another one has; give each its own")
    return name


def _kind(kind: object) -> Kind:
    try:
        return Kind(str(kind))
    except ValueError:
        raise Unfit(
            f"is of an unknown kind '{values.shown(str(kind))}'; use text, number or choice"
        ) from None


def _options(options: object, kind: Kind) -> tuple[str, ...]:
    if kind is not Kind.CHOICE:
        if options:
            raise Unfit(f"has options but is of the kind {kind.value}; make it a choice, or drop them")
        return ()
    if not isinstance(options, list | tuple) or not options:
        raise Unfit("is a choice without options; list what it may be")
    if len(options) > MOST_OPTIONS:
        raise Unfit(f"has {len(options):,} options; at most {MOST_OPTIONS} are taken")
    found = [values.as_text(option).strip() for option in options]
    if not all(option and len(option) <= LONGEST_OPTION for option in found):
        raise Unfit(f"has an option that is empty or longer than {LONGEST_OPTION} characters")
    if len(set(found)) < len(found):
        raise Unfit("has the same option twice")
    return tuple(found)


def _description(one: Mapping[Any, Any]) -> str:
    text = one.get("description") or ""
    if not isinstance(text, str) or len(text) > LONGEST_DESCRIPTION or not values.is_storable(text):
        raise Unfit(f"must be described by text of at most {LONGEST_DESCRIPTION} characters")
    return " ".join(text.split())
