"""The folders of sandboxes in `DATA_DIR/sandboxes`: whose each is, what runs in it, and what the dead have left.

A folder is named by its owner, a lock that the process holds which made it, and a random part. Its `record.json` says
what it is for, and which processes run in it, each by its id and the moment it was started: an id alone is given out
again.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from core import process_locks
from core.sandboxes.local import removal
from core.sandboxes.local.command import FOLDERS

RECORD: Final = "record.json"
GONE_S: Final = 5.0
SCANS: Final = 2


@dataclass(frozen=True)
class Started:
    """A process by what is never given out again. started: ticks since the machine was started."""

    pid: int
    started: int
    boot: str


@dataclass(frozen=True)
class Record:
    """What is known of a sandbox by whoever finds its folder."""

    labels: Mapping[str, str]
    since: datetime
    uid: int | None
    processes: tuple[Started, ...] = ()


def new(root: Path, *, labels: Mapping[str, str], uid: int | None) -> Path:
    """A new folder with places for the sandbox's files, which belong to its user. Raises OSError."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = root / f"{process_locks.owner(root)}-{secrets.token_hex(6)}"
    folder.mkdir(mode=0o700)
    try:
        write(folder, Record(labels=dict(labels), since=datetime.now(UTC), uid=uid))
        for name in FOLDERS:
            (folder / name).mkdir(mode=0o700)
            if uid is not None:
                os.chown(folder / name, uid, uid)
    except OSError:
        removal.remove(folder)
        raise
    return folder


def write(folder: Path, record: Record) -> None:
    """Keep the record, whole at any moment. Raises OSError."""
    text = json.dumps({**asdict(record), "since": record.since.isoformat()})
    fresh = folder / f"{RECORD}.new"
    fresh.write_text(text, "utf-8")
    fresh.replace(folder / RECORD)


def read(folder: Path) -> Record | None:
    """The record of a sandbox; None where there is none, or it is being made or removed."""
    try:
        told = json.loads((folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    processes = tuple(Started(**one) for one in told["processes"])
    return Record(told["labels"], datetime.fromisoformat(told["since"]), told["uid"], processes)


def found(root: Path) -> Iterator[Path]:
    """The folders of all sandboxes there are."""
    if root.is_dir():
        yield from (path for path in root.iterdir() if path.is_dir() and "-" in path.name)


def of_ref(root: Path, ref: str) -> Path | None:
    """The folder of a sandbox, if it is there."""
    return next((path for path in found(root) if path.name == ref), None)


def is_owned(folder: Path) -> bool:
    """Whether the process lives that made it."""
    owner = folder.name.partition("-")[0]
    if process_locks.is_pid(owner):
        return _lives(int(owner))
    return process_locks.is_held(process_locks.of_owners(folder.parent), owner)


def sweep(root: Path) -> int:
    """End and remove the sandboxes of processes that are gone; how many."""
    n, locks = 0, process_locks.of_owners(root)
    for owner in process_locks.of_the_dead(locks):
        n += sum(end(folder) for folder in found(root) if folder.name.startswith(f"{owner}-"))
    for folder in list(found(root)):
        owner = folder.name.partition("-")[0]
        if not is_owned(folder) and (process_locks.is_pid(owner) or not (locks / owner).exists()):
            n += end(folder)
    for name in {name for _, name in _started_for(root)}:  # since its folder was removed
        if not is_owned(root / name):
            end(root / name)
    return n


def end(folder: Path) -> bool:
    """End what runs in a sandbox and remove its folder; whether there was one to remove."""
    record = read(folder)
    for process in record.processes if record else ():
        kill(process)
    for _ in range(SCANS):  # any of them may have made another meanwhile
        for process, name in _started_for(folder.parent):
            if name == folder.name:
                kill(process)
    return removal.remove(folder)


def _started_for(root: Path) -> list[tuple[Started, str]]:
    """The processes of bubblewrap that were to bind a sandbox's folder, and its name.

    No record names one whose starter died in that moment: half of bubblewrap then waits for its other half, for ever.
    """
    before, behind = b"--bind\0" + os.fsencode(root.resolve()) + b"/", os.fsencode(f"/{FOLDERS[0]}") + b"\0"
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ends meanwhile, or is another user's
            name, is_one, _ = (path / "cmdline").read_bytes().partition(before)[2].partition(behind)
            if is_one and (process := identity(int(path.name))):
                found.append((process, os.fsdecode(name)))
    return found


def identity(pid: int) -> Started | None:
    """Which process has this id now; None where none has."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return None
    return Started(pid, int(fields[19]), boot)


def kill(process: Started) -> None:
    """Kill a process, if it still is that one, and wait for its end."""
    with suppress(OSError):
        descriptor = os.pidfd_open(process.pid)
        try:
            if identity(process.pid) == process:
                kill_by(descriptor)
                gone(descriptor, GONE_S)
        finally:
            os.close(descriptor)


def kill_by(pidfd: int) -> None:
    """Kill a process, unless it has ended."""
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def gone(pidfd: int, timeout_s: float) -> bool:
    """Wait for the end of a process: whether it came in time."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(max(0, round(timeout_s * 1_000))))


def others(root: Path) -> Sequence[int]:
    """The users of all sandboxes there are."""
    return [record.uid for folder in found(root) if (record := read(folder)) and record.uid is not None]


def _lives(pid: int) -> bool:
    return identity(pid) is not None
