"""Every setting there is, what it means, and what follows from them together."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core.settings.sources import SecretsFile
from core.settings.values import (
    DatabaseUrl,
    IpAddress,
    Networks,
    PostgresUrl,
    QueueUrl,
    SchedulerAddress,
    StorageUrl,
    WebAddress,
)


class Settings(BaseSettings):
    """Every setting of the product; with nothing set, everything is embedded.

    Sources, strongest first: the environment, `.env`, `.streamlit/secrets.toml`.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    port: int = Field(default=8501, ge=1, le=65535, description="Port of pages and API.")
    listen_address: IpAddress = Field(
        default="127.0.0.1", description="Where PORT is opened; any but loopback asks for sign-in."
    )
    data_dir: Path = Field(default=Path("data"), description="Folder of the embedded database and files.")
    workers: int = Field(default=1, ge=0, le=16, description="Embedded workers; 0 = none, work by hand.")
    database_url: DatabaseUrl = Field(
        default="", description="SQLite or Postgres; empty = SQLite in DATA_DIR."
    )
    user_database_url: PostgresUrl = Field(
        default="", description="The same Postgres by a login for pages and API alone; empty = DATABASE_URL."
    )
    database_pooler: Literal["", "transaction"] = Field(
        default="", description="`transaction` where such a pooler stands in between; empty = found out."
    )
    storage_url: StorageUrl = Field(default="", description="Where files are kept; empty = DATA_DIR/files.")
    s3_endpoint_url: WebAddress = Field(
        default="", description="Server of an s3:// STORAGE_URL; empty = Amazon's."
    )
    s3_links: bool = Field(
        default=True, description="Downloads come straight from the bucket, by links of five minutes."
    )
    predictions_queue_url: QueueUrl = Field(
        default="", description="A standard queue of SQS that carries tasks to workers; empty = the database."
    )
    sqs_endpoint_url: WebAddress = Field(
        default="", description="Server of PREDICTIONS_QUEUE_URL; empty = Amazon's."
    )
    aws_region: str = Field(default="", description="Empty = what AWS's own files or the machine say.")
    aws_access_key_id: str = Field(default="", description="Empty = AWS's own files, or the machine's role.")
    aws_secret_access_key: SecretStr = Field(
        default=SecretStr(""), description="The secret that belongs to it."
    )
    supabase_url: WebAddress = Field(
        default="", description="The Supabase project, as https://my-project.supabase.co."
    )
    supabase_service_role_key: SecretStr = Field(
        default=SecretStr(""),
        validate_default=True,
        description="The project's secret key; STORAGE_URL=supabase:// needs it.",
    )
    app_url: WebAddress = Field(default="", description="The address people open; empty = loopback and PORT.")
    trusted_proxies: Networks = Field(
        default="", description="Addresses or networks whose forwarded headers count, by commas."
    )
    allow_anonymous: bool = Field(
        default=False, description="Let everybody who can reach the app do everything, without sign-in."
    )
    oidc_issuer: WebAddress = Field(
        default="", description="The OpenID Connect provider that people sign in with."
    )
    oidc_client_id: str = Field(
        default="", validate_default=True, description="This app's name at that provider."
    )
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="And its secret there, if any.")
    oidc_vouches_for_email: bool = Field(
        default=False, description="The provider's addresses count without `email_verified` (Entra ID)."
    )
    supabase_anon_key: SecretStr = Field(
        default=SecretStr(""),
        description="The project's publishable (anon) key; with it, people sign in there.",
    )
    supabase_jwt_secret: SecretStr = Field(
        default=SecretStr(""), description="Only where the project still signs with a shared secret (HS256)."
    )
    admin_emails: str = Field(default="", description="Who is an admin from the first sign-in on, by commas.")
    allowed_emails: str = Field(
        default="",
        description="Who may sign in: addresses or @domains, by commas; empty = all whom it lets in.",
    )
    session_idle_hours: float = Field(
        default=8, gt=0, le=168, description="Hours without a click until one is signed out."
    )
    session_hours: float = Field(
        default=72, gt=0, le=720, description="Hours after which everybody signs in again."
    )
    max_upload_mb: int = Field(default=2048, ge=1, description="Largest upload, in MB of 1,000,000 bytes.")
    sync_max_mb: int = Field(default=50, ge=1, description="Largest file that is scored while one waits.")
    upload_silence_s: float = Field(
        default=60.0, gt=0, description="Seconds until an upload that sends nothing is given up."
    )
    lease_s: float = Field(default=30.0, gt=0, description="Seconds until a silent worker loses its task.")
    silence_s: float = Field(default=300.0, gt=0, description="Seconds until a silent child is replaced.")
    keep_tasks_days: int = Field(
        default=30, ge=1, description="Days until a task that ended and that nothing shows is forgotten."
    )
    dask_scheduler_address: SchedulerAddress = Field(
        default="", description="Dask cluster that shares out large files, as tls://host:8786; empty = none."
    )
    large_file_mb: int = Field(
        default=200, ge=1, description="Predictions of larger files are shared out over the Dask cluster."
    )
    dask_tls_ca: str = Field(default="", description="File of the authority whose certificates Dask trusts.")
    dask_tls_cert: str = Field(default="", description="File of this process's certificate for Dask.")
    dask_tls_key: str = Field(
        default="", validate_default=True, description="File of the key of that certificate."
    )
    drain_s: float = Field(
        default=20.0, ge=0, description="Seconds that a worker told to end goes on with what it has begun."
    )
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line shown."
    )
    sample: bool = Field(default=True, description="Make the sample file and its model on first start.")

    @field_validator("oidc_client_id")
    @classmethod
    def _with_its_issuer(cls, client_id: str, info: ValidationInfo) -> str:
        if bool(client_id) != bool(info.data.get("oidc_issuer")):
            raise ValueError("OIDC_ISSUER and OIDC_CLIENT_ID are set together or not at all")
        return client_id

    @field_validator("supabase_service_role_key")
    @classmethod
    def _with_its_project(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        needed = info.data.get("storage_url") == "supabase://"
        if needed and not (info.data.get("supabase_url") and key.get_secret_value()):
            raise ValueError("STORAGE_URL=supabase:// needs it, and SUPABASE_URL")
        return key

    @field_validator("dask_tls_key")
    @classmethod
    def _with_its_certificates(cls, key: str, info: ValidationInfo) -> str:
        needed = str(info.data.get("dask_scheduler_address")).startswith("tls://")
        if needed and not (key and info.data.get("dask_tls_ca") and info.data.get("dask_tls_cert")):
            raise ValueError(
                "a tls:// DASK_SCHEDULER_ADDRESS needs DASK_TLS_CA, DASK_TLS_CERT and DASK_TLS_KEY"
            )
        return key

    @property
    def database(self) -> str:
        """The database's SQLAlchemy URL, with its driver."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir.resolve() / 'model_desk.sqlite3'}"
        return _with_driver(self.database_url)

    @property
    def user_database(self) -> str:
        """The same for the login that users' transactions have to themselves; empty where there is none."""
        return _with_driver(self.user_database_url)

    @property
    def files_dir(self) -> Path:
        """Root of the local storage backend."""
        if self.storage_url:
            return Path(self.storage_url.removeprefix("file://"))
        return self.data_dir.resolve() / "files"

    @property
    def bucket(self) -> tuple[str, str]:
        """Bucket of an s3:// STORAGE_URL, and what its keys begin with: nothing, or a folder and a slash."""
        parts = urlsplit(self.storage_url)
        folder = parts.path.strip("/")
        return parts.netloc, f"{folder}/" if folder else ""

    @property
    def aws_identity(self) -> dict[str, str | None]:
        """Who we are to Amazon, as boto3 takes it; None where it looks for itself, as for a machine's role."""
        return {
            "region_name": self.aws_region or None,
            "aws_access_key_id": self.aws_access_key_id or None,
            "aws_secret_access_key": self.aws_secret_access_key.get_secret_value() or None,
        }

    @property
    def staging_dir(self) -> Path:
        """Where bytes wait on this machine until they are known to be good."""
        return self.data_dir.resolve() / "staging"

    @property
    def url(self) -> str:
        """The address people open, without a last slash."""
        return (self.app_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def reached_at(self) -> str:
        """The address at which this machine reaches the app: an unspecified one stands for all of its own."""
        address = ip_address(self.listen_address)
        if not address.is_unspecified:
            return self.listen_address
        return "127.0.0.1" if address.version == 4 else "::1"

    @property
    def has_oidc(self) -> bool:
        """Whether people sign in with an OpenID Connect provider."""
        return bool(self.oidc_issuer and self.oidc_client_id)

    @property
    def has_supabase_auth(self) -> bool:
        """Whether people sign in with an e-mail address and password at Supabase."""
        return bool(self.supabase_url and self.supabase_anon_key.get_secret_value())

    @property
    def has_sign_in(self) -> bool:
        """Whether anybody has to sign in; otherwise whoever asks is the local user."""
        return self.has_oidc or self.has_supabase_auth

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for a child process of ours."""
        values = self.model_dump(mode="json", exclude_none=True)
        for name in values:
            if isinstance(secret := getattr(self, name), SecretStr):
                values[name] = secret.get_secret_value()
        return {name.upper(): str(value) for name, value in values.items()}

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


def _with_driver(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return url if scheme in ("", "sqlite") else f"postgresql+psycopg://{rest}"
