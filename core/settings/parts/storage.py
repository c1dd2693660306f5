"""Where files are kept."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from core.settings.part import EVERY_POOL
from core.settings.parts.data import DataSettings
from core.settings.parts.supabase import SupabaseSettings
from core.settings.values import StorageUrl, WebAddress


class StorageSettings(DataSettings, SupabaseSettings, pools=EVERY_POOL, secrets=("storage_url",)):
    storage_url: StorageUrl = Field(default="", description="Where files are kept; empty = DATA_DIR/files.")
    s3_endpoint_url: WebAddress = Field(
        default="", description="Endpoint of an s3:// STORAGE_URL; empty = Amazon's."
    )
    s3_links: bool = Field(
        default=True,
        description="Download straight from the bucket, with links that expire after five minutes.",
    )
    supabase_service_role_key: SecretStr = Field(
        default=SecretStr(""),
        validate_default=True,
        description="The Supabase project's secret key; STORAGE_URL=supabase:// needs it.",
    )

    @field_validator("supabase_service_role_key")
    @classmethod
    def _with_its_project(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        needed = info.data.get("storage_url") == "supabase://"
        if needed and not (info.data.get("supabase_url") and key.get_secret_value()):
            raise ValueError("STORAGE_URL=supabase:// needs this key and SUPABASE_URL")
        return key

    @property
    def files_dir(self) -> Path:
        """Root of the local storage backend."""
        if self.storage_url:
            return Path(self.storage_url.removeprefix("file://"))
        return self.data_dir / "files"

    @property
    def bucket(self) -> tuple[str, str]:
        """Bucket of an s3:// STORAGE_URL, and what its keys begin with: nothing, or a folder and a slash."""
        parts = urlsplit(self.storage_url)
        folder = parts.path.strip("/")
        return parts.netloc, f"{folder}/" if folder else ""
