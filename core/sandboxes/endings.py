"""What an exit code says, where nothing of ours has ended the command."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Final

from core.sandboxes.protocol import Ended, Reason, Usage

BY_SIGNAL: Final = 128  # what is above says which signal has ended it
# What Python says last where the kernel has refused something, as it refuses what is past a bound of one process.
LAST_WORDS: Final = {
    "MemoryError": (Reason.OOM, "It needed more memory than one process may have."),
    "[Errno 27] File too large": (Reason.DISK, "It wrote a file that was too large."),
    "[Errno 28] No space left": (Reason.MACHINE_DISK, "There was no space left for its files."),
    "can't start new thread": (Reason.TOO_MANY_PROCESSES, "It began more processes and threads than it may."),
}


def of(
    code: int, *, usage: Usage, last_words: str, cpu_limit_s: float | None, was_killed_for_memory: bool
) -> Ended:
    """code: of the outermost process; below 0 where a signal has ended that. last_words: the end of its errors."""
    if code < 0:
        return Ended(Reason.LOST, None, f"The sandbox was killed from outside (signal {-code}).", usage)
    if code == 0:
        return Ended(Reason.OK, code, "It ended well.", usage)
    reason, message = Reason.EXIT_NONZERO, f"It ended with exit code {code}."
    killed_by = code - BY_SIGNAL
    if killed_by == signal.SIGKILL and was_killed_for_memory:
        reason, message = Reason.OOM, "The machine ran out of memory."
    elif (
        killed_by in (signal.SIGKILL, signal.SIGXCPU)
        and cpu_limit_s
        and (usage.cpu_s or 0) > 0.9 * cpu_limit_s
    ):
        reason, message = (
            Reason.TIME_LIMIT,
            f"It used more than {cpu_limit_s:,.0f} seconds of processor time.",
        )
    elif killed_by == signal.SIGXFSZ:
        reason, message = LAST_WORDS["[Errno 27] File too large"]
    elif killed_by > 0:
        message = f"It was ended by signal {killed_by}{_named(killed_by)}."
    else:
        found = next((said for words, said in LAST_WORDS.items() if words in last_words), None)
        reason, message = found or (reason, message)
    return Ended(reason, code, message, usage)


def n_kills_for_memory() -> int:
    """How many processes the system has killed for want of memory since it was started."""
    for line in Path("/proc/vmstat").read_text("ascii").splitlines():
        if line.startswith("oom_kill "):
            return int(line.split()[1])
    return 0


def _named(number: int) -> str:
    try:
        return f" ({signal.Signals(number).name})"
    except ValueError:
        return ""
