"""Whether another process would write the very bytes that this one would."""

from __future__ import annotations

from dataclasses import dataclass

from core import settings, storage
from core.models import versions
from core.predictions import code_hash
from core.settings import Settings

# Of the code as this process has loaded it, whatever is installed meanwhile.
CODE_SHA256 = code_hash.sha256()


@dataclass(frozen=True)
class ProcessFingerprint:
    """What decides a result's bytes in a process, and whether it reads the same storage.

    upload_bytes: of the file to be scored, as its storage has it; None where it has none.
    """

    code: str | None
    libraries: tuple[tuple[str, str], ...]
    machine: tuple[tuple[str, str], ...]
    upload_bytes: int | None

    @classmethod
    def of(cls, config: Settings, upload_key: str) -> ProcessFingerprint:
        """Of a process with these settings. Raises StorageUnavailable."""
        try:
            found = storage.from_settings(config).stat(upload_key).size_bytes
        except storage.NotStored:
            found = None
        machine, libraries = code_hash.machine(), versions.installed()
        return cls(CODE_SHA256, tuple(sorted(libraries.items())), tuple(sorted(machine.items())), found)

    def difference(self, other: ProcessFingerprint) -> str:
        """In what the other differs first; empty where in nothing."""
        for name in ("code", "libraries", "machine"):
            if getattr(self, name) != getattr(other, name):
                return {"machine": "kind of machine"}.get(name, name)
        return "" if self.upload_bytes == other.upload_bytes else "storage"


def local_fingerprint(upload_key: str) -> ProcessFingerprint:
    """Of the process that is asked. Raises StorageUnavailable."""
    return ProcessFingerprint.of(settings.current(), upload_key)
