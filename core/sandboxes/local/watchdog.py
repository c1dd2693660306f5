"""Looks at a running sandbox several times a second, and ends what goes past a bound of all its processes together.

What single processes may do is held by the kernel at once; what they do together is seen here, and what was done until
then is bounded by how often this looks. Where the machine itself is about to run out of memory or disk, sandboxes end
first, whoever is to blame: not all that the kernel does for a process is counted anywhere.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

from core.sandboxes.local import disk
from core.sandboxes.local.command import FOLDERS
from core.sandboxes.local.tree import MOST_OPEN_FILES, Seen, Tree
from core.sandboxes.protocol import MIB, Limits, Reason

EVERY_S: Final = 0.25
EVERY_S_NEAR_A_BOUND: Final = 0.05
LEAST_FREE_MEMORY: Final = 192 * MIB
LEAST_FREE_DISK: Final = 512 * MIB
LEAST_FREE_SHARE: Final = 0.02  # of a disk that is small
DISK_SHARE: Final = 0.1  # of the time is spent on counting files at most

Verdict = tuple[Reason, str]


class Watchdog:
    """Watches until `close`. end(reason, message): called from a thread of its own, once, where a bound is passed.

    deadline(): until when the sandbox lives. wall_s, cpu_s: of this command. free_memory(),
    free_disk(folder): bytes that the machine has left.
    """

    def __init__(
        self,
        first_pid: int,
        folder: Path,
        *,
        limits: Limits,
        wall_s: float | None,
        cpu_s: float | None,
        deadline: Callable[[], float],
        end: Callable[[Reason, str], None],
        free_memory: Callable[[], int] = lambda: _free_memory(),
        free_disk: Callable[[Path], int] = disk.free,
    ) -> None:
        self._tree = Tree(first_pid, device=folder.stat().st_dev, file_bytes=limits.file_bytes)
        self._folder, self._limits = folder, limits
        self._wall_s, self._cpu_s, self._deadline, self._end = wall_s, cpu_s, deadline, end
        self._free_memory, self._free_disk = free_memory, free_disk
        self._begun_at = self._disk_at = monotonic()
        self._is_over = threading.Event()
        self._had_hidden = False
        self.peak_memory_bytes = 0
        self.seen = Seen()
        self._thread = threading.Thread(target=self._watch, name="sandbox watchdog", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._tree.close()

    def _watch(self) -> None:
        every_s = EVERY_S_NEAR_A_BOUND  # what begins with a burst is seen early
        while not self._is_over.wait(every_s):
            try:
                verdict = self._look()
            except Exception as error:  # noqa: BLE001  # what can't be watched must not run
                verdict = (Reason.LOST, f"The sandbox could not be watched any more ({error}).")
            if verdict is not None:
                self._end(*verdict)
                return
            every_s = EVERY_S_NEAR_A_BOUND if self._is_near_a_bound() else EVERY_S

    def _look(self) -> Verdict | None:
        self.seen = self._tree.look()
        self.peak_memory_bytes = max(self.peak_memory_bytes, self.seen.memory_bytes)
        return self._time() or self._processes() or self._memory() or self._disk()

    def _is_near_a_bound(self) -> bool:
        return self.seen.memory_bytes > self._limits.memory_bytes / 4

    def _time(self) -> Verdict | None:
        now = monotonic()
        if self._wall_s is not None and now - self._begun_at > self._wall_s:
            return Reason.TIME_LIMIT, f"It took longer than {self._wall_s:,.0f} seconds."
        if self._cpu_s is not None and self.seen.cpu_s > self._cpu_s:
            return Reason.TIME_LIMIT, f"It used more than {self._cpu_s:,.0f} seconds of processor time."
        if now > self._deadline():
            return Reason.TIME_LIMIT, "The sandbox's time was over."
        return None

    def _processes(self) -> Verdict | None:
        if self.seen.n_tasks > self._limits.n_processes:
            most = self._limits.n_processes
            return Reason.TOO_MANY_PROCESSES, f"It had more than {most:,} processes and threads at once."
        if self.seen.n_open_files >= MOST_OPEN_FILES:
            return Reason.TOO_MANY_PROCESSES, f"Its processes had more than {MOST_OPEN_FILES:,} open files."
        if self.seen.n_hidden and self._had_hidden:  # twice, as a process that just begins is hidden too
            return Reason.TOO_MANY_PROCESSES, "One of its processes hid what it had open."
        self._had_hidden = bool(self.seen.n_hidden)
        return None

    def _memory(self) -> Verdict | None:
        most = self._limits.memory_bytes
        if self.seen.memory_bytes > most and self._tree.divided_memory() > most:
            return Reason.OOM, f"It needed more than {most / 1e6:,.0f} MB of memory."
        if self.seen.has_endless_maps:
            return Reason.OOM, "One of its processes had too many areas of memory."
        if self._free_memory() < LEAST_FREE_MEMORY:
            return Reason.OOM, "The machine was about to run out of memory."
        return None

    def _disk(self) -> Verdict | None:
        limits, begun_at = self._limits, monotonic()
        if begun_at < self._disk_at:
            return None
        found = disk.used((self._folder / name for name in FOLDERS), most_files=limits.n_files)
        if found.n_bytes + self.seen.unlinked_bytes > limits.disk_bytes:
            return Reason.DISK, f"It wrote more than {limits.disk_bytes / 1e6:,.0f} MB."
        if found.n_files > limits.n_files:
            return Reason.DISK, f"It made more than {limits.n_files:,} files."
        if found.is_too_deep:
            return Reason.DISK, f"It made more than {disk.DEEPEST} folders in each other."
        if self._free_disk(self._folder) < min(
            LEAST_FREE_DISK, LEAST_FREE_SHARE * shutil.disk_usage(self._folder).total
        ):
            return Reason.MACHINE_DISK, "The machine's disk was about to run full."
        now = monotonic()
        self._disk_at = now + (now - begun_at) / DISK_SHARE - EVERY_S
        return None


def _free_memory() -> int:
    """What the machine can still give to processes, in bytes."""
    for line in Path("/proc/meminfo").read_text("ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return LEAST_FREE_MEMORY
