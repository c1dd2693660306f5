"""Files under keys: the protocol, its errors, and the backend that the settings choose."""

from core.settings import Settings
from core.storage.local import LocalStorage
from core.storage.protocol import BadKey, DiskFull, KeyTaken, NotStored, Storage, StorageUnavailable, Stored
from core.storage.s3 import S3Storage
from core.storage.staging import Staging, stage, sweep
from core.storage.staging import check as check_staging

__all__ = [
    "BadKey",
    "DiskFull",
    "KeyTaken",
    "LocalStorage",
    "NotStored",
    "S3Storage",
    "Staging",
    "Storage",
    "StorageUnavailable",
    "Stored",
    "check_staging",
    "from_settings",
    "stage",
    "sweep",
]


def from_settings(settings: Settings) -> Storage:
    """The backend that `STORAGE_URL` names."""
    return (
        S3Storage(settings) if settings.storage_url.startswith("s3://") else LocalStorage(settings.files_dir)
    )
