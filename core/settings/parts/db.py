"""The database."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.settings.part import EVERY_POOL, Part
from core.settings.parts.data import DataSettings
from core.settings.values import DatabaseUrl, PostgresUrl


class DatabaseSettings(DataSettings, pools=EVERY_POOL, secrets=("database_url",)):
    database_url: DatabaseUrl = Field(
        default="", description="SQLite or Postgres; empty = SQLite in DATA_DIR."
    )
    database_pooler: Literal["", "transaction"] = Field(
        default="", description="`transaction` behind a pooler in transaction mode; empty = detected."
    )

    @property
    def database(self) -> str:
        """The database's SQLAlchemy URL, with its driver."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir / 'model_desk.sqlite3'}"
        return _with_driver(self.database_url)


class UserDatabaseSettings(Part, secrets=("user_database_url",)):
    user_database_url: PostgresUrl = Field(
        default="",
        description="The same Postgres with a separate login for pages and API; empty = DATABASE_URL.",
    )

    @property
    def user_database(self) -> str:
        """The same for the login that users' transactions have to themselves; empty where there is none."""
        return _with_driver(self.user_database_url)


def _with_driver(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return url if scheme in ("", "sqlite") else f"postgresql+psycopg://{rest}"
