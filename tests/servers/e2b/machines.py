"""The emulator's sandboxes: each an `envd.py` in a sandbox of this machine, with a life as E2B gives it."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.sandboxes import FileMissing, Limits, LocalBackend, Sandbox
from tests.servers.waiting import wait_for

ENVD = Path(__file__).with_name("envd.py")
MB = 1_000_000
SIZE = Limits(
    wall_s=None, cpu_s=None, memory_bytes=2_000 * MB, n_processes=300, disk_bytes=800 * MB, n_files=30_000,
    file_bytes=600 * MB, life_s=86_400,
)  # fmt: skip


@dataclass
class Machine:
    """One sandbox of the emulator."""

    id: str
    wanted: dict[str, Any]
    inner: Sandbox
    ends_at: float
    domain: str
    state: str = "running"
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    envd_token: str = field(default_factory=lambda: secrets.token_hex(8))
    traffic_token: str = field(default_factory=lambda: secrets.token_hex(8))
    egress: bool = True

    @property
    def is_open(self) -> bool:
        """Whether anybody may reach its ports."""
        return (self.wanted.get("network") or {}).get("allowPublicTraffic", True) is not False

    def told(self) -> dict[str, Any]:
        """As the API tells of it."""
        end_at = datetime.now(UTC) + timedelta(seconds=self.ends_at - time.monotonic())
        said = {
            "sandboxID": self.id, "templateID": self.wanted["templateID"], "clientID": "emulator", "alias": "base",
            "startedAt": self.started_at.isoformat(), "endAt": end_at.isoformat(), "cpuCount": 2, "memoryMB": 2000,
            "diskSizeMB": 800, "state": self.state, "envdVersion": "0.6.9", "envdAccessToken": self.envd_token,
            "metadata": self.wanted.get("metadata") or {}, "domain": self.domain,
        }  # fmt: skip
        return said | ({} if self.is_open else {"trafficAccessToken": self.traffic_token})

    def connected(self) -> socket.socket:
        """A connection to its agent. Raises OSError, FileMissing."""
        path = self.inner.expose("envd.sock")
        assert isinstance(path, str)
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
        except OSError:
            connection.close()
            raise
        return connection


@dataclass
class Image:
    """What a new one holds, as a template says at E2B: files of the user's home, and variables."""

    files: dict[str, bytes] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)


class Machines:
    """All of them. folder: where this machine's sandboxes have their files."""

    def __init__(self, folder: Path, domain: str, image: Image) -> None:
        self._backend, self._domain, self._image = LocalBackend(folder), domain, image
        self._known: dict[str, Machine] = {}
        self._by_key: dict[str, str] = {}
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        threading.Thread(target=self._age, daemon=True).start()

    def make(self, wanted: dict[str, Any], key: str | None) -> Machine:
        """A new one; the same for the same key."""
        with self._lock:
            if key is not None and (known := self._known.get(self._by_key.get(key, ""))) is not None:
                return known
            inner = self._backend.create(labels={"of": "the emulator"}, limits=SIZE)
            inner.put("envd.py", ENVD.read_bytes())
            for name, content in self._image.files.items():
                inner.put(name, content)
            process = inner.start(("python", "envd.py"), env=self._image.env | (wanted.get("envVars") or {}))
            made = Machine(
                f"i{secrets.token_hex(8)}",
                wanted,
                inner,
                time.monotonic() + wanted.get("timeout", 15),
                self._domain,
            )
            self._known[made.id] = made
            if key is not None:
                self._by_key[key] = made.id

        def is_up() -> bool:
            if process.poll() is not None:  # taken away while it started: whoever asked for it hears nothing
                raise ConnectionAbortedError(process.tail())
            try:
                made.connected().close()
            except (FileMissing, OSError):
                return False
            return True

        wait_for(is_up, every_s=0.01)
        return made

    def all(self) -> list[Machine]:
        with self._lock:
            return list(self._known.values())

    def get(self, machine_id: str) -> Machine | None:
        return self._known.get(machine_id)

    def kill(self, machine_id: str) -> bool:
        with self._lock:
            machine = self._known.pop(machine_id, None)
        if machine is not None:
            machine.inner.stop()
        return machine is not None

    def resume(self, machine: Machine) -> None:
        """Wake one that sleeps."""
        if machine.state == "paused":
            machine.state, machine.ends_at = "running", time.monotonic() + machine.wanted.get("timeout", 15)

    def expire(self, machine: Machine) -> None:
        """Its time is over: it sleeps, or is gone."""
        if machine.wanted.get("autoPause"):
            machine.state = "paused"
        else:
            self.kill(machine.id)

    def close(self) -> None:
        self._is_over.set()
        for machine in self.all():
            self.kill(machine.id)

    def _age(self) -> None:
        while not self._is_over.wait(0.1):
            for machine in self.all():
                if machine.state == "running" and time.monotonic() > machine.ends_at:
                    self.expire(machine)
