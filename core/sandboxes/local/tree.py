"""What the processes of a sandbox use: looked at through the sandbox's own `/proc`, which lists them and nobody else.

Memory is what nobody gets back while they live: pages of their own, shared ones, what was swapped out, and the tables
that name pages. Pages of files are not counted, as the system drops them when it needs room. What processes share after
a fork is counted to each; only where that would go past a limit, it is worth the time to divide it among them.

Nothing here trusts a name, as code chooses those of its processes and files: `RssAnon: 0` is a good name for a thread.
And a process whose first thread has ended looks empty, while others go on in it. A program that can't be read keeps
its open files from a plain user, and one with very many areas of memory would cost more to look at than to run: both
are taken for what they are.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.sandboxes.local import removal
from core.sandboxes.local.command import FIRST_TO_GO, NICENESS

COUNTED: Final = ("RssAnon", "RssShmem", "VmSwap", "VmPTE")
DIVIDED: Final = ("Pss_Anon", "Pss_Shmem", "SwapPss")
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
KIB: Final = 1024
MOST_OPEN_FILES: Final = (
    1_024  # of all processes together: what waits in sockets is memory that nobody counts
)
MAPS_BYTES: Final = 1 << 20  # some 10,000 areas of memory; Python with its libraries has less than a thousand
OWN: Final = frozenset({"1", "2"})  # bubblewrap's
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True)
class Seen:
    """What all processes together had at one moment.

    unlinked_bytes: of files that have no name any more. n_hidden: processes of which nobody may see what they have
    open. has_endless_maps: one has very many areas of memory.
    """

    n_tasks: int = 0
    memory_bytes: int = 0
    cpu_s: float = 0.0
    n_open_files: int = 0
    unlinked_bytes: int = 0
    n_hidden: int = 0
    has_endless_maps: bool = False


class Tree:
    """The processes of a sandbox. first_pid: its first one, by the number that this process knows it by.

    device: of the sandbox's folder, of which files without a name count. file_bytes: the most that one may have.
    """

    def __init__(self, first_pid: int, *, device: int, file_bytes: int) -> None:
        self._first_pid, self._device, self._file_bytes = first_pid, device, file_bytes
        self._proc: int | None = None
        self._ticks: dict[tuple[str, str], int] = {}

    def close(self) -> None:
        if self._proc is not None:
            os.close(self._proc)
            self._proc = None

    def look(self) -> Seen:
        """Raises OSError where it can't be looked at."""
        if self._proc is None and (proc := self._opened()) is not None:
            self._proc = proc
        if self._proc is None:
            return Seen()
        n_tasks = memory = n_open = n_hidden = 0
        is_endless = False
        unlinked: dict[int, int] = {}
        for pid in self._pids():
            with suppress(OSError):  # it has ended in between
                n_threads = self._count(pid)
                n_tasks += n_threads
                living = self._living(pid, n_threads)
                memory += self._sum(f"{living}/status", COUNTED)
                self._step_back(pid)
                try:
                    n_open += self._open_files(living, unlinked, MOST_OPEN_FILES - n_open)
                    is_endless |= self._mapped_files(living, unlinked)
                except PermissionError:
                    n_hidden += pid not in OWN
        cpu_s = sum(self._ticks.values()) / TICKS_PER_S
        return Seen(n_tasks, memory, cpu_s, n_open, sum(unlinked.values()), n_hidden, is_endless)

    def divided_memory(self) -> int:
        """The same memory, but what several share is counted once. Takes longer."""
        total = 0
        for pid in self._pids():
            with suppress(FileNotFoundError, ProcessLookupError):
                living = self._living(pid, self._count(pid))
                tables = self._sum(f"{living}/status", COUNTED[-1:])
                try:
                    total += tables + self._sum(f"{living}/smaps_rollup", DIVIDED)
                except PermissionError:
                    total += self._sum(f"{living}/status", COUNTED)
        return total

    def _opened(self) -> int | None:
        """The sandbox's `/proc`, once it has one: before, the place means the host's."""
        try:
            proc = os.open(f"/proc/{self._first_pid}/root/proc", FOLDER)
        except (FileNotFoundError, ProcessLookupError, NotADirectoryError):
            return None
        if os.fstat(proc).st_dev == Path("/proc").stat().st_dev:
            os.close(proc)
            return None
        return proc

    def _pids(self) -> list[str]:
        return [] if self._proc is None else [name for name in removal.names(self._proc) if name.isdigit()]

    def _read(self, name: str, at_most: int = -1) -> str:
        descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._proc)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(at_most).decode("ascii", errors="replace")

    def _count(self, pid: str) -> int:
        """Notes how much processor time it has used; how many threads it has."""
        fields = self._read(f"{pid}/stat").rpartition(")")[2].split()
        self._ticks[pid, fields[19]] = int(fields[11]) + int(fields[12])
        return int(fields[17])

    def _living(self, pid: str, n_threads: int) -> str:
        """Where to look for what a process has: its first thread may have ended before the others."""
        if n_threads > 1 and self._read(f"{pid}/stat").rpartition(")")[2].split()[0] in "ZX":
            for thread in self._names(f"{pid}/task"):
                if thread != pid:
                    return f"{pid}/task/{thread}"
        return pid

    def _sum(self, name: str, wanted: tuple[str, ...]) -> int:
        """Of lines such as `RssAnon:     3072 kB` those wanted, in bytes."""
        lines = (line.partition(":") for line in self._read(name).splitlines())
        return KIB * sum(int(rest.split()[0]) for key, _, rest in lines if key in wanted)

    def _step_back(self, pid: str) -> None:
        """Put it behind everything else again, should it have come forward.

        Its session, where the system shares processors out among sessions first; and itself, where memory runs out.
        """
        for name, wanted in (("autogroup", NICENESS), ("oom_score_adj", FIRST_TO_GO)):
            with suppress(FileNotFoundError, BlockingIOError, PermissionError):
                if self._read(f"{pid}/{name}").split()[-1:] != [wanted]:
                    descriptor = os.open(f"{pid}/{name}", os.O_WRONLY | os.O_CLOEXEC, dir_fd=self._proc)
                    try:
                        os.write(descriptor, wanted.encode())
                    finally:
                        os.close(descriptor)

    def _open_files(self, pid: str, unlinked: dict[int, int], at_most: int) -> int:
        """How many files it has open; notes the size of those that have no name."""
        n = 0
        for found in self._stats(f"{pid}/fd"):
            n += 1
            if n > at_most:
                break
            self._note(found, unlinked)
        return n

    def _mapped_files(self, pid: str, unlinked: dict[int, int]) -> bool:
        """Notes files without a name that it has in memory, open or not; whether it has too many areas of memory.

        Where only root may ask for their size, each is taken for as large as a file may be.
        """
        maps = self._read(f"{pid}/maps", MAPS_BYTES)
        for line in maps.splitlines() if "(deleted)" in maps else ():
            place, _, _, _, inode, *name = line.split(None, 5)
            if name and name[0].endswith("(deleted)") and int(inode) not in unlinked:
                try:
                    self._note(os.stat(f"{pid}/map_files/{_plain(place)}", dir_fd=self._proc), unlinked)
                except PermissionError:
                    unlinked[int(inode)] = self._file_bytes
        return len(maps) >= MAPS_BYTES

    def _note(self, found: os.stat_result, unlinked: dict[int, int]) -> None:
        if stat.S_ISREG(found.st_mode) and not found.st_nlink and found.st_dev == self._device:
            unlinked[found.st_ino] = found.st_blocks * 512

    def _names(self, folder: str) -> list[str]:
        descriptor = os.open(folder, FOLDER, dir_fd=self._proc)
        try:
            return removal.names(descriptor)
        finally:
            os.close(descriptor)

    def _stats(self, folder: str) -> Iterator[os.stat_result]:
        for name in self._names(folder):
            with suppress(OSError):
                yield os.stat(f"{folder}/{name}", dir_fd=self._proc)


def _plain(place: str) -> str:
    """A range of addresses as `map_files` names it, without zeros in front."""
    return "-".join(f"{int(end, 16):x}" for end in place.split("-"))
