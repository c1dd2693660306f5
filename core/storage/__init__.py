"""Files under keys: the protocol, its errors, and the backend that the settings choose."""

from core.settings import Settings
from core.storage import disk_reserve
from core.storage.local import LocalStorage
from core.storage.protocol import (
    BATCH_LOGS,
    CONVERSATION_FILES,
    PLACES,
    BadKey,
    DiskFull,
    KeyTaken,
    Listed,
    NotStored,
    Storage,
    StorageUnavailable,
    Stored,
)
from core.storage.s3 import S3Storage
from core.storage.staging import Staging, stage, sweep
from core.storage.staging import check as check_staging
from core.storage.supabase import SupabaseStorage

__all__ = [
    "BATCH_LOGS",
    "CONVERSATION_FILES",
    "PLACES",
    "BadKey",
    "DiskFull",
    "KeyTaken",
    "Listed",
    "LocalStorage",
    "NotStored",
    "S3Storage",
    "Staging",
    "Storage",
    "StorageUnavailable",
    "Stored",
    "SupabaseStorage",
    "check_staging",
    "disk_reserve",
    "from_settings",
    "stage",
    "sweep",
]


def from_settings(settings: Settings) -> Storage:
    """The backend that `STORAGE_URL` names."""
    scheme = settings.storage_url.partition("://")[0]
    match scheme:
        case "s3":
            return S3Storage(settings)
        case "supabase":
            return SupabaseStorage(settings)
        case _:
            return LocalStorage(settings.files_dir)
