"""Sandboxes on this machine."""

from __future__ import annotations

import errno
import os
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Final

from core.sandboxes.errors import SandboxDiskFull, SandboxUnavailable
from core.sandboxes.local import command, cures, folders
from core.sandboxes.local.sandbox import LocalSandbox
from core.sandboxes.protocol import MIB, Limits, Listed, OnContact, Reason, stopping

VALID_S, FAILED_VALID_S = 60.0, 5.0
PROBE: Final = Limits(wall_s=30, memory_bytes=512 * MIB, disk_bytes=16 * MIB)
ANSWER: Final = "it holds"
# The user of a sandbox may be another than the app's, to whom packages are closed that were installed for one user.
LOOK: Final = f"""
import os, sysconfig
folder = sysconfig.get_path("purelib")
closed = [entry.name for entry in os.scandir(folder) if not os.access(entry.path, os.R_OK | os.X_OK * entry.is_dir())]
print(f"{{len(closed)}} packages in {{folder}} {cures.CLOSED}" if closed else {ANSWER!r})
"""
USERS: Final = range(1_900_000_000, 1_910_000_000)  # of nobody: no system gives these out
USERS_OF_A_CONTAINER: Final = range(50_000, 60_000)  # where a container knows no others


class LocalBackend:
    """See `Backend`. root: the folder of all sandboxes. hidden: what of the app is never to be seen inside."""

    name = "local"

    def __init__(
        self, root: Path, *, hidden: Sequence[Path] = (), now: Callable[[], float] = monotonic
    ) -> None:
        self._root, self._hidden, self._now = root, tuple(hidden), now
        self._lock = threading.Lock()
        self._mine: dict[str, LocalSandbox] = {}
        self._probed: tuple[float, SandboxUnavailable | None] | None = None

    @property
    def isolation(self) -> str:
        """See `Backend`."""
        user = "a user of its own" if os.geteuid() == 0 else "namespaces of its own"
        return f"On this machine, held by bubblewrap: {user}, no network, no files but its own, filtered system calls."

    def probe(self) -> None:
        """See `Backend`."""
        with self._lock:
            now = self._now()
            if self._probed is None or now > self._probed[0]:
                failure = self._failure()
                self._probed = now + (FAILED_VALID_S if failure else VALID_S), failure
            failure = self._probed[1]
        if failure is not None:
            raise failure

    def create(
        self,
        *,
        labels: Mapping[str, str],
        limits: Limits,
        key: str | None = None,
        on_contact: OnContact | None = None,
        on_created: Callable[[str], object] = lambda _ref: None,
    ) -> LocalSandbox:
        """See `Backend`. What is on this machine is never out of reach."""
        del key, on_contact
        if (lacking := cures.missing()) is not None:
            raise lacking
        uid = self._free_user() if os.geteuid() == 0 else None
        try:
            folder = folders.new(self._root, labels=labels, uid=uid)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise SandboxDiskFull(place=str(self._root)) from error
            raise SandboxUnavailable(
                problem=f"{self._root} can't be written ({error.strerror or error})",
                cure=f"Give the user that runs this permission to write {self._root}.",
            ) from error
        place = command.Place(folder.resolve(), uid, self._hidden)
        sandbox = LocalSandbox(place, limits=limits, forget=lambda ref: self._mine.pop(ref, None))
        self._mine[sandbox.ref] = sandbox
        on_created(sandbox.ref)
        return sandbox

    def find(self, *, labels: Mapping[str, str], limits: Limits, on_contact: OnContact | None = None) -> None:
        """See `Backend`. A sandbox dies with the process that made it."""
        del labels, limits, on_contact

    def list(self) -> Sequence[Listed]:
        """See `Backend`."""
        known = [
            Listed(folder.name, record.labels, record.since, folders.is_owned(folder))
            for folder in folders.found(self._root)
            if (record := folders.read(folder))
        ]
        return sorted(known, key=lambda one: one.since)

    def stop_ref(self, ref: str) -> None:
        """See `Backend`."""
        if (sandbox := self._mine.get(ref)) is not None:
            sandbox.stop()
        elif (folder := folders.of_ref(self._root, ref)) is not None:
            folders.end(folder)

    def sweep(self) -> int:
        """See `Backend`."""
        return folders.sweep(self._root)

    def _failure(self) -> SandboxUnavailable | None:
        """What keeps the very command from working that will run, if anything does."""
        printed: list[str] = []
        try:
            with stopping(self.create(labels={"for": "probe"}, limits=PROBE)) as sandbox:
                ended = sandbox.run(
                    ("python", "-I", "-c", LOOK),
                    on_output=lambda _source, line: printed.append(line),
                )
        except SandboxUnavailable as error:
            return error
        if ended.reason is Reason.OK and printed == [ANSWER]:
            return None
        return cures.not_started(" ".join(printed) or ended.message)

    def _free_user(self) -> int:
        """A user of nobody, and of no other sandbox."""
        users = USERS if _is_mapped(USERS.stop) else USERS_OF_A_CONTAINER
        taken = set(folders.others(self._root))
        return next(uid for _ in range(len(taken) + 1_000) if (uid := random.choice(users)) not in taken)  # noqa: S311


def _is_mapped(uid: int) -> bool:
    """Whether this process could be the user: a container knows a part of all users alone."""
    lines = Path("/proc/self/uid_map").read_text("ascii").splitlines()
    return any(int(first) <= uid < int(first) + int(n) for first, _, n in map(str.split, lines))
