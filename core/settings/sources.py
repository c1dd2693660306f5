"""Where settings come from beside the environment and `.env`, and the error of one that can't be used."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, InitSettingsSource

from core.errors import Internal

SECRETS_FILE = Path(".streamlit/secrets.toml")


class WrongSetting(Internal):
    """A setting has a value that can't be used."""

    code = "wrong_setting"
    message = "The setting {name} can't be used: {problem}."
    hint = "Correct it in the environment, in .env or in .streamlit/secrets.toml, then start again."
    name: str
    problem: str


class SecretsFile(InitSettingsSource):
    """Top-level values of `.streamlit/secrets.toml`, upper or lower case."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        values: dict[str, Any] = {}
        if SECRETS_FILE.is_file():
            try:
                content = tomllib.loads(SECRETS_FILE.read_text("utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise WrongSetting(
                    name=str(SECRETS_FILE), problem=f"it is not valid TOML ({error})"
                ) from error
            values = {name.lower(): value for name, value in content.items() if not isinstance(value, dict)}
        super().__init__(settings_cls, init_kwargs=values)
