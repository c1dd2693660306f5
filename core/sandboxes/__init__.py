"""Places where code that nobody has read can run: the protocol, this machine's own by bubblewrap, and E2B's.

Generated code runs in here or not at all.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import sqlalchemy as sa

from core import db
from core.db.tables.installation import InstallationRow
from core.sandboxes.e2b.backend import E2BBackend
from core.sandboxes.e2b.connection import Account
from core.sandboxes.errors import (
    FileMissing,
    FileRefused,
    MachineDiskFull,
    SandboxDiskFull,
    SandboxLost,
    SandboxUnavailable,
    SandboxUnreachable,
)
from core.sandboxes.local.backend import LocalBackend
from core.sandboxes.protocol import (
    MIB,
    Address,
    Backend,
    Ended,
    Limits,
    Listed,
    OnContact,
    OnOutput,
    Process,
    Reason,
    Sandbox,
    Source,
    Usage,
    WebAddress,
    stopping,
)
from core.settings import Settings
from core.settings import part as settings_part
from core.settings.parts.e2b import E2BSettings
from core.settings.parts.sandboxes import SandboxSettings

__all__ = [
    "MIB",
    "Address",
    "Backend",
    "E2BBackend",
    "Ended",
    "FileMissing",
    "FileRefused",
    "Limits",
    "Listed",
    "LocalBackend",
    "MachineDiskFull",
    "OnContact",
    "OnOutput",
    "Process",
    "Reason",
    "Sandbox",
    "SandboxDiskFull",
    "SandboxLost",
    "SandboxUnavailable",
    "SandboxUnreachable",
    "Source",
    "Usage",
    "WebAddress",
    "configured",
    "configured_limits",
    "stopping",
]
MB = 1_000_000
PROJECT = Path(__file__).resolve().parents[2]


def configured(settings: Settings) -> Backend:
    """The backend that these settings name; the same one each time, as it knows what it has made."""
    remote = settings_part(settings, E2BSettings)
    if (key := remote.e2b_api_key.get_secret_value()) != "":
        account = Account(
            key, remote.e2b_domain, remote.e2b_template, remote.e2b_api_url, remote.e2b_sandbox_url
        )
        return _at_e2b(account, remote.e2b_private, settings.database)
    config = settings_part(settings, SandboxSettings)
    return _local(config.sandboxes_dir, config.data_dir)


def configured_limits(settings: Settings) -> Limits:
    """The bounds that whoever runs the app has set, to be narrowed with `dataclasses.replace` for what is run."""
    config = settings_part(settings, SandboxSettings)
    return Limits(
        memory_bytes=config.sandbox_memory_mb * MB,
        disk_bytes=config.sandbox_disk_mb * MB,
        file_bytes=config.sandbox_disk_mb * MB,
    )


@cache
def _at_e2b(account: Account, is_private: bool, database_url: str) -> E2BBackend:
    return E2BBackend(account, installation=partial(_installation, database_url), is_private=is_private)


@cache
def _installation(_database_url: str) -> str:
    """What marks the sandboxes of this database's installation."""
    with db.session_scope(db.WORKER) as session:
        return str(session.execute(sa.select(InstallationRow.id)).scalar_one())


@cache
def _local(root: Path, data_dir: Path) -> LocalBackend:
    return LocalBackend(root, hidden=(PROJECT, data_dir.resolve()))
