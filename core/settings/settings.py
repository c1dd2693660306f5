"""Every setting of the product in one object, put together of each room's part."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core.settings import parts
from core.settings.sources import SecretsFile

if TYPE_CHECKING:  # what everybody may ask by name; a room that adds a part asks for it by core.settings.part
    from core.settings.parts.access import AccessSettings
    from core.settings.parts.app import AppSettings
    from core.settings.parts.aws import AwsSettings
    from core.settings.parts.db import DatabaseSettings, UserDatabaseSettings
    from core.settings.parts.logs import LogSettings
    from core.settings.parts.models import ModelSettings
    from core.settings.parts.predictions import DistributedScoringSettings, PredictionSettings
    from core.settings.parts.queue import QueueSettings
    from core.settings.parts.storage import StorageSettings
    from core.settings.parts.system import SystemSettings
    from core.settings.parts.uploads import UploadSettings
    from core.settings.parts.worker import WorkerSettings

    class AllParts(
        AccessSettings, AppSettings, AwsSettings, DatabaseSettings, UserDatabaseSettings, LogSettings,
        ModelSettings, PredictionSettings, DistributedScoringSettings, QueueSettings, StorageSettings, SystemSettings,
        UploadSettings, WorkerSettings,
    ): ...  # fmt: skip
else:
    AllParts = type("AllParts", parts.bases(), {})


class Settings(AllParts, BaseSettings):
    """Every setting of the product; with nothing set, everything is embedded.

    Sources, strongest first: the environment, `.env`, `.streamlit/secrets.toml`.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    def environment(
        self, *, pools: Collection[str] | None = None, inherited: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """These settings as environment variables, for another process of ours.

        pools: only those that children of these pools need. inherited: what else that process finds, an environment
        of which no setting is handed on.
        """
        needed = [part for part in parts.found() if pools is None or part.is_for(pools)]
        names = {name for part in needed for name in part.own_fields()}
        values = self.model_dump(mode="json", exclude_none=True, include=names)
        for name in values:
            if isinstance(secret := getattr(self, name), SecretStr):
                values[name] = secret.get_secret_value()
        fields = type(self).model_fields
        others = {name: text for name, text in (inherited or {}).items() if name.lower() not in fields}
        return others | {name.upper(): str(value) for name, value in values.items()}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # we have no such files
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Add Streamlit's secrets file as the weakest source, unless no file is to be read at all."""
        if dotenv_settings.env_file is None:  # type: ignore[attr-defined]  # the source of `.env`
            return init_settings, env_settings
        return init_settings, env_settings, dotenv_settings, SecretsFile(settings_cls)


def may_hold_secret(name: str) -> bool:
    """Whether the value of the setting `name`, in lower case, is never shown."""
    return any(part.may_hold_secret(name) for part in parts.found())
