"""Places where code that nobody has read can run: the protocol, and this machine's own by bubblewrap.

Generated code runs in here or not at all.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from core.sandboxes.errors import (
    FileMissing,
    FileRefused,
    MachineDiskFull,
    SandboxDiskFull,
    SandboxLost,
    SandboxUnavailable,
)
from core.sandboxes.local.backend import LocalBackend
from core.sandboxes.protocol import (
    MIB,
    Backend,
    Ended,
    Limits,
    Listed,
    OnOutput,
    Process,
    Reason,
    Sandbox,
    Source,
    Usage,
    stopping,
)
from core.settings import Settings
from core.settings import part as settings_part
from core.settings.parts.sandboxes import SandboxSettings

__all__ = [
    "MIB",
    "Backend",
    "Ended",
    "FileMissing",
    "FileRefused",
    "Limits",
    "Listed",
    "LocalBackend",
    "MachineDiskFull",
    "OnOutput",
    "Process",
    "Reason",
    "Sandbox",
    "SandboxDiskFull",
    "SandboxLost",
    "SandboxUnavailable",
    "Source",
    "Usage",
    "configured",
    "configured_limits",
    "stopping",
]
MB = 1_000_000
PROJECT = Path(__file__).resolve().parents[2]


def configured(settings: Settings) -> Backend:
    """The backend that these settings name; the same one each time, as it knows what it has made."""
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
def _local(root: Path, data_dir: Path) -> LocalBackend:
    return LocalBackend(root, hidden=(PROJECT, data_dir.resolve()))
