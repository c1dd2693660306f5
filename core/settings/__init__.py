"""The environment, read once into one typed object; a wrong value stops the start with one line."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from pydantic import ValidationError

from core.settings.part import Part
from core.settings.settings import Settings, may_hold_secret
from core.settings.sources import WrongSetting
from core.settings.values import LOOPBACK, split

__all__ = [
    "LOOPBACK",
    "Settings",
    "WrongSetting",
    "confine",
    "current",
    "may_hold_secret",
    "part",
    "read",
    "split",
]

PartType = TypeVar("PartType", bound=Part)


def read(**overrides: Any) -> Settings:
    """Read the settings afresh. Raises WrongSetting, naming the first that can't be used."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        problem = first["msg"].removeprefix("Value error, ")
        begins_with_a_name = problem[:2].isupper()
        shown = problem if begins_with_a_name else f"{problem[0].lower()}{problem[1:]}"
        if not may_hold_secret(name) and first.get("input") not in (None, ""):
            shown += f", not {first.get('input')!r}"
        raise WrongSetting(name=name.upper(), problem=shown) from error


_files: dict[str, None] = {}


def confine() -> None:
    """Have `current` read the environment alone, before its first use: a child of ours is to find no more in a file."""
    _files["_env_file"] = None


@cache
def current() -> Settings:
    """The settings of this process, read on first use."""
    return read(**_files)


def part(settings: Settings, kind: type[PartType]) -> PartType:
    """The same settings, as those of one room: with the types that its part states."""
    assert isinstance(settings, kind)
    return settings
