"""The environment, read once into one typed object; a wrong value stops the start with one line."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import ValidationError

from core.settings.fields import Settings
from core.settings.sources import WrongSetting
from core.settings.values import LOOPBACK, split

__all__ = [
    "LOOPBACK",
    "MAY_HOLD_SECRETS",
    "Settings",
    "WrongSetting",
    "confine",
    "current",
    "read",
    "split",
]

MAY_HOLD_SECRETS = frozenset(
    {
        *("DATABASE_URL", "USER_DATABASE_URL", "STORAGE_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        *("OIDC_CLIENT_SECRET", "SUPABASE_ANON_KEY", "SUPABASE_JWT_SECRET", "SUPABASE_SERVICE_ROLE_KEY"),
    }
)  # their values are never shown


def read(**overrides: Any) -> Settings:
    """Read the settings afresh. Raises WrongSetting, naming the first that can't be used."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "?"
        problem = first["msg"].removeprefix("Value error, ")
        begins_with_a_name = problem[:2].isupper()
        shown = problem if begins_with_a_name else f"{problem[0].lower()}{problem[1:]}"
        if name not in MAY_HOLD_SECRETS and first.get("input") not in (None, ""):
            shown += f", not {first.get('input')!r}"
        raise WrongSetting(name=name, problem=shown) from error


_files: dict[str, None] = {}


def confine() -> None:
    """Have `current` read the environment alone, before its first use: a child of ours is to find no more in a file."""
    _files["_env_file"] = None


@cache
def current() -> Settings:
    """The settings of this process, read on first use."""
    return read(**_files)
