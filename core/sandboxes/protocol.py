"""What a sandbox is: a place where code that nobody has read can run, and reach nothing but what it was given.

A `Backend` makes sandboxes. Each is a folder of files with a bound on everything; commands run in it one after the
other, or side by side:

    backend = sandboxes.configured(settings)
    backend.probe()                                   # SandboxUnavailable names the cure
    with sandboxes.stopping(backend.create(labels={"training_job": str(id)}, limits=Limits(wall_s=900))) as sandbox:
        sandbox.put("train.py", source)
        ended = sandbox.run(("python", "train.py"), on_output=log, stop=job.stop_requested)
        if ended.reason is Reason.OK:
            sandbox.get("model.bin", staged, max_bytes=500_000_000)

Inside, `python` is the interpreter with the app's libraries; the app's own code is not there, nor its files, settings,
network and other processes. Whatever comes out was written by the code: names, output and files are to be taken for
text and bytes, never for instructions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Literal, Protocol

Source = Literal["stdout", "stderr"]
OnOutput = Callable[[Source, str], None]
OnContact = Callable[
    [datetime | None], None
]  # since when it is out of reach, before each further try; None = reached again
MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of one sandbox; what goes past one of them is stopped, and `Ended.reason` says which.

    wall_s, cpu_s: of one command, its children included; None = no bound, for a server. memory_bytes: of all its
    processes together. n_processes: and threads, at once. disk_bytes, n_files: all below its folder, `$TMPDIR` and
    `/dev/shm`. file_bytes: one file; a longer write fails in the code. output_bytes, output_lines: printed by
    one command. life_s: how long the sandbox lives from its making, or from `renew` on, whatever runs in it.
    """

    wall_s: float | None = 900.0
    cpu_s: float | None = 1_800.0
    memory_bytes: int = 2_048 * MIB
    n_processes: int = 64
    disk_bytes: int = 1_024 * MIB
    n_files: int = 10_000
    file_bytes: int = 512 * MIB
    output_bytes: int = 16 * MIB
    output_lines: int = 100_000
    life_s: float = 3_600.0


class Reason(StrEnum):
    """How a command ended. The code can bring about any of these but `stopped`, so none is proof of anything."""

    OK = "ok"  # exit code 0
    EXIT_NONZERO = "exit_nonzero"
    TIME_LIMIT = "time_limit"  # wall, processor, or the life of the sandbox
    OOM = "oom"
    DISK = "disk"
    MACHINE_DISK = "machine_disk"  # the machine's own was full, whoever has filled it
    OUTPUT = "output"
    TOO_MANY_PROCESSES = "too_many_processes"
    STOPPED = "stopped"  # we wanted it to end
    LOST = "lost"  # the sandbox itself went away: killed from outside, the machine restarted


@dataclass(frozen=True)
class Usage:
    """What a command has used, all its processes together; None where the backend can't tell.

    peak_memory_bytes: as the backend looks a few times a second, a short peak may be missing.
    """

    wall_s: float
    cpu_s: float | None = None
    peak_memory_bytes: int | None = None
    output_bytes: int = 0


@dataclass(frozen=True)
class Ended:
    """How a command ended. exit_code: None where it was stopped. message: a sentence for people."""

    reason: Reason
    exit_code: int | None
    message: str
    usage: Usage


@dataclass(frozen=True)
class WebAddress:
    """Where a server in a sandbox of another machine answers. url: scheme, host and port to connect to.

    host: the name by which it is asked for. headers: what a closed sandbox wants besides.
    """

    url: str
    host: str
    headers: Mapping[str, str]


Address = str | WebAddress  # the path of a unix socket on this machine, or an address on the web


class Process(Protocol):
    """A command that goes on while other things are done, such as a server."""

    def poll(self) -> Ended | None:
        """How it ended; None while it runs. Never waits."""

    def wait(self, timeout_s: float) -> Ended | None:
        """The same, once it has ended or after that many seconds."""

    def tail(self) -> str:
        """The last lines that it printed, both sources together; at most some kilobytes."""

    def stop(self) -> Ended:
        """End it with all its children; as `poll` where it has ended. Takes at most 5 seconds."""


class Sandbox(Protocol):
    """One sandbox. Any thread may call it; commands run until their ends, or until the sandbox is stopped."""

    @property
    def ref(self) -> str:
        """What finds it again: a short text for a row of the database."""

    def put(self, name: str, source: BinaryIO | bytes) -> None:
        """Write a file into the folder in which commands start; what had this name is replaced.

        name: letters, digits, `.`, `_` and `-`. Raises FileRefused, SandboxLost, SandboxDiskFull.
        """

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        on_output: OnOutput = ...,
        stop: Callable[[], bool] = ...,
        wall_s: float | None = None,
        name: str | None = None,
    ) -> Ended:
        """Run a command to its end, at most `wall_s` or else as long as the limits say.

        argv: `python` and other programs are found by name. env: added to the little that is there; never a secret.
        on_output(source, line): called from this thread as lines come, without their ends; what is longer than
        8,000 characters comes in pieces, and what can't be shown is replaced. stop(): asked from this thread about
        five times a second; True ends the command within 5 seconds with `stopped`. What either raises ends the
        command and comes out of here. name: what it is called; one that was begun in this sandbox before by that name
        is watched from its beginning on and not begun again, and what a
        callback raises does not end it.

        Raises SandboxLost, SandboxUnavailable, SandboxUnreachable.
        """

    def has_begun(self, name: str) -> bool:
        """Whether a command was begun in it by this name, by whoever. Raises as `run`."""

    def start(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> Process:
        """Begin a command that goes on until `stop`, or until the sandbox's life is over. Its output is kept as a tail.

        `wall_s`, `cpu_s` and the bounds of output do not hold for it; who prints much is slowed down. Raises as `run`.
        """

    def get(self, name: str, target: BinaryIO, *, max_bytes: int) -> int:
        """Copy a file that the code has left in the folder of `put`; how many bytes.

        Only a plain file with one name, of at most `max_bytes`: links, pipes, devices, folders are refused, and a file
        that grows meanwhile. Raises FileMissing, FileRefused, SandboxLost.
        """

    def expose(self, name: str) -> Address:
        """Where this process reaches the unix socket `name` of the folder of `put`: a short path, or a web address.

        It means the socket that is there now: ask again after a server has started anew. It is good until the
        sandbox is stopped. Raises FileMissing, FileRefused, SandboxLost.
        """

    def renew(self, life_s: float) -> None:
        """Let the sandbox live that many seconds from now on. Raises SandboxLost."""

    def leave(self) -> None:
        """Let go of it for whoever goes on with it, where the backend can; else as `stop`."""

    def stop(self) -> None:
        """End all that runs in it and remove its files, within 5 seconds. A second time does nothing."""


@dataclass(frozen=True)
class Listed:
    """A sandbox that is there, whoever has made it. is_owned: whether the process that made it still lives."""

    ref: str
    labels: Mapping[str, str]
    since: datetime
    is_owned: bool


class Backend(Protocol):
    """Makes sandboxes of one kind."""

    @property
    def name(self) -> str:
        """`local` or `e2b`, for a row of the database."""

    @property
    def isolation(self) -> str:
        """One sentence about what holds the code, for people."""

    def probe(self) -> None:
        """Make a sandbox and run something in it, as `run` would; may be answered by a look of a minute ago.

        Raises SandboxUnavailable, with the cure.
        """

    def create(
        self,
        *,
        labels: Mapping[str, str],
        limits: Limits,
        key: str | None = None,
        on_contact: OnContact | None = None,
        on_created: Callable[[str], object] = ...,
    ) -> Sandbox:
        """A new, empty sandbox. labels: what `list` tells of it.

        on_created(ref): called as soon as there is something to be found again, before it is made ready.
        key: the same asking again, after its answer was lost, gives the same sandbox. on_contact: hears of it where the
        sandbox is out of reach for a while. Raises SandboxUnavailable, SandboxDiskFull, SandboxUnreachable.
        """

    def find(
        self, *, labels: Mapping[str, str], limits: Limits, on_contact: OnContact | None = None
    ) -> Sandbox | None:
        """A sandbox with these labels that outlived the process that made it; None where none does, or can.

        Raises SandboxUnavailable, SandboxUnreachable.
        """

    def list(self) -> Sequence[Listed]:
        """All there are, of this installation on this machine, oldest first."""

    def stop_ref(self, ref: str) -> None:
        """Stop one by its reference, whoever has made it, within 5 seconds; one that is gone is left alone."""

    def sweep(self) -> int:
        """Stop and remove what processes that are gone have left; how many."""


@contextmanager
def stopping(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, which is stopped at the end whatever happens."""
    try:
        yield sandbox
    finally:
        sandbox.stop()
