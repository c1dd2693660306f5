"""The environment, read once into one typed object; a wrong value stops the start with one line."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from core.errors import AppError

MAY_HOLD_SECRETS = frozenset(
    {
        *("DATABASE_URL", "USER_DATABASE_URL", "STORAGE_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        *("OIDC_CLIENT_SECRET", "SUPABASE_ANON_KEY", "SUPABASE_JWT_SECRET", "SUPABASE_SERVICE_ROLE_KEY"),
    }
)  # their values are never shown
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
POSTGRES = ("postgresql://", "postgresql+psycopg://", "postgres://")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SECRETS_FILE = Path(".streamlit/secrets.toml")


class WrongSetting(AppError):
    """A setting has a value that can't be used."""

    code = "wrong_setting"
    says = "The setting {name} can't be used: {problem}."
    cure = "Correct it in the environment, in .env or in .streamlit/secrets.toml, and start again."
    name: str
    problem: str


class Settings(BaseSettings):
    """Every setting of the product; with nothing set, everything is embedded.

    Sources, strongest first: the environment, `.env`, `.streamlit/secrets.toml`.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    port: int = Field(default=8501, ge=1, le=65535, description="Port of pages and API.")
    listen_address: str = Field(
        default="127.0.0.1", description="Where PORT is opened; any but loopback asks for sign-in."
    )
    data_dir: Path = Field(default=Path("data"), description="Folder of the embedded database and files.")
    workers: int = Field(default=1, ge=0, le=16, description="Embedded workers; 0 = none, work by hand.")
    database_url: str = Field(default="", description="SQLite or Postgres; empty = SQLite in DATA_DIR.")
    user_database_url: str = Field(
        default="", description="The same Postgres by a login for pages and API alone; empty = DATABASE_URL."
    )
    database_pooler: Literal["", "transaction"] = Field(
        default="", description="`transaction` where such a pooler stands in between; empty = found out."
    )
    storage_url: str = Field(default="", description="Where files are kept; empty = DATA_DIR/files.")
    s3_endpoint_url: str = Field(default="", description="Server of an s3:// STORAGE_URL; empty = Amazon's.")
    s3_links: bool = Field(
        default=True, description="Downloads come straight from the bucket, by links of five minutes."
    )
    predictions_queue_url: str = Field(
        default="", description="A standard queue of SQS that carries tasks to workers; empty = the database."
    )
    sqs_endpoint_url: str = Field(
        default="", description="Server of PREDICTIONS_QUEUE_URL; empty = Amazon's."
    )
    aws_region: str = Field(default="", description="Empty = what AWS's own files or the machine say.")
    aws_access_key_id: str = Field(default="", description="Empty = AWS's own files, or the machine's role.")
    aws_secret_access_key: SecretStr = Field(
        default=SecretStr(""), description="The secret that belongs to it."
    )
    supabase_url: str = Field(
        default="", description="The Supabase project, as https://my-project.supabase.co."
    )
    supabase_service_role_key: SecretStr = Field(
        default=SecretStr(""),
        validate_default=True,
        description="The project's secret key; STORAGE_URL=supabase:// needs it.",
    )
    app_url: str = Field(default="", description="The address people open; empty = loopback and PORT.")
    trusted_proxies: str = Field(
        default="", description="Addresses or networks whose forwarded headers count, by commas."
    )
    allow_anonymous: bool = Field(
        default=False, description="Let everybody who can reach the app do everything, without sign-in."
    )
    oidc_issuer: str = Field(default="", description="The OpenID Connect provider that people sign in with.")
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
    dask_scheduler_address: str = Field(
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

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url and not url.startswith(("sqlite:///", *POSTGRES)):
            raise ValueError("it must start with sqlite:/// or postgresql://")
        return url

    @field_validator("user_database_url")
    @classmethod
    def _known_user_database(cls, url: str) -> str:
        if url and not url.startswith(POSTGRES):
            raise ValueError("it must start with postgresql://, as DATABASE_URL does then")
        return url

    @field_validator("storage_url")
    @classmethod
    def _known_storage(cls, url: str) -> str:
        if url.startswith("s3://"):
            if not _BUCKET.fullmatch(urlsplit(url).netloc):
                raise ValueError("it must name a bucket, as s3://my-bucket or s3://my-bucket/folder")
        elif url.startswith("supabase://"):
            if url != "supabase://":
                raise ValueError("it must be supabase:// alone: the buckets have names of their own")
        elif url and not url.startswith("file://"):
            raise ValueError("it must start with file://, s3:// or supabase://")
        return url

    @field_validator("listen_address")
    @classmethod
    def _an_ip_address(cls, address: str) -> str:
        try:
            return str(ip_address(address))
        except ValueError as error:
            raise ValueError("it must be an IP address such as 127.0.0.1 or 0.0.0.0") from error

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, listed: str) -> str:
        try:
            return ",".join(str(ip_network(network)) for network in split(listed))
        except ValueError as error:
            raise ValueError("it must list addresses or networks, such as 10.0.0.0/8") from error

    @field_validator("oidc_client_id")
    @classmethod
    def _with_its_issuer(cls, client_id: str, info: ValidationInfo) -> str:
        if bool(client_id) != bool(info.data.get("oidc_issuer")):
            raise ValueError("OIDC_ISSUER and OIDC_CLIENT_ID are set together or not at all")
        return client_id

    @field_validator("predictions_queue_url")
    @classmethod
    def _a_standard_queue(cls, url: str) -> str:
        if url.endswith(".fifo"):
            raise ValueError("it must be a standard queue: the database keeps order and repeats apart")
        if url and not urlsplit(url).path.strip("/"):
            raise ValueError("it must name a queue: https://sqs.eu-central-1.amazonaws.com/123/my-queue")
        return url

    @field_validator(
        *("app_url", "s3_endpoint_url", "sqs_endpoint_url", "predictions_queue_url", "supabase_url"),
        "oidc_issuer",
    )
    @classmethod
    def _an_address(cls, url: str) -> str:
        if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
            raise ValueError("it must be an address such as https://desk.example.org")
        return url

    @field_validator("supabase_service_role_key")
    @classmethod
    def _with_its_project(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        needed = info.data.get("storage_url") == "supabase://"
        if needed and not (info.data.get("supabase_url") and key.get_secret_value()):
            raise ValueError("STORAGE_URL=supabase:// needs it, and SUPABASE_URL")
        return key

    @field_validator("dask_scheduler_address")
    @classmethod
    def _a_scheduler(cls, address: str) -> str:
        parts = urlsplit(address)
        if address and (parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port):
            raise ValueError("it must be an address such as tls://scheduler:8786")
        if parts.scheme == "tcp" and parts.hostname not in LOOPBACK:
            raise ValueError("whoever reaches Dask can run code on it: beyond this machine it must be tls://")
        return address

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
        """Add Streamlit's secrets file as the weakest source."""
        return init_settings, env_settings, dotenv_settings, _SecretsFile(settings_cls)


class _SecretsFile(InitSettingsSource):
    """Top-level values of `.streamlit/secrets.toml`, upper or lower case."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        values: dict[str, Any] = {}
        if SECRETS_FILE.is_file():
            try:
                content = tomllib.loads(SECRETS_FILE.read_text("utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise WrongSetting(name=str(SECRETS_FILE), problem=f"it is not TOML ({error})") from error
            values = {name.lower(): value for name, value in content.items() if not isinstance(value, dict)}
        super().__init__(settings_cls, init_kwargs=values)


def _with_driver(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return url if scheme in ("", "sqlite") else f"postgresql+psycopg://{rest}"


def split(listed: str) -> list[str]:
    """What a setting lists with commas between."""
    return [one.strip() for one in listed.split(",") if one.strip()]


def read(**overrides: Any) -> Settings:
    """Read the settings afresh. Raises WrongSetting, naming the first that can't be used."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "?"
        problem = first["msg"].removeprefix("Value error, ")
        shown = f"{problem[0].lower()}{problem[1:]}"
        if name not in MAY_HOLD_SECRETS:
            shown += f", not {first.get('input')!r}"
        raise WrongSetting(name=name, problem=shown) from error


@cache
def current() -> Settings:
    """The settings of this process, read on first use."""
    return read()
