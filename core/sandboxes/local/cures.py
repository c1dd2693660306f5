"""Why there is no sandbox on a machine, and what somebody can do about it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.sandboxes.errors import SandboxUnavailable
from core.sandboxes.local import seccomp

CLOSED: Final = "are closed to its user"
LONGEST_COMPLAINT: Final = 300
PROGRAMS: Final = ("/usr/bin/prlimit", "/usr/bin/setpriv", "/usr/bin/choom", "/usr/bin/nice")
DOCUMENT: Final = "docs/deploy/README.md"


@dataclass(frozen=True)
class Host:
    """What decides here whether processes may be held.

    read(path): a file's first line, empty where there is none.
    """

    system: str = sys.platform
    machine: str = platform.machine()
    is_root: bool = os.geteuid() == 0
    read: Callable[[str], str] = lambda path: _first_line(path)
    exists: Callable[[str], bool] = lambda path: Path(path).exists()

    @property
    def is_container(self) -> bool:
        return (
            self.exists("/.dockerenv")
            or self.exists("/run/.containerenv")
            or self.exists("/var/run/secrets/kubernetes.io")
        )


def missing(host: Host | None = None) -> SandboxUnavailable | None:
    """What is known to be missing before anything is tried."""
    host = host or Host()
    if host.system != "linux":
        name = "macOS" if host.system == "darwin" else "This system"
        return SandboxUnavailable(
            problem=f"{name} can't hold programs back as Linux can",
            cure="Run the app on Linux, in a virtual machine for instance.",
        )
    if not seccomp.is_known(host.machine):
        return SandboxUnavailable(
            problem=f"there is no filter of system calls for {host.machine} processors",
            cure="Run the app on a machine with an x86-64 or ARM64 processor.",
        )
    if lacking := [path for path in PROGRAMS if not host.exists(path)]:
        return SandboxUnavailable(
            problem=f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing",
            cure="Install the package util-linux and coreutils.",
        )
    return None


def not_started(complaint: str, host: Host | None = None) -> SandboxUnavailable:
    """complaint: what was printed where the sandbox's own command has failed."""
    host = host or Host()
    said = " ".join(complaint.split())[:LONGEST_COMPLAINT]
    return SandboxUnavailable(
        problem=f"its command fails here ({said or 'it says nothing'})", cure=_cure(said, host)
    )


def _cure(said: str, host: Host) -> str:
    if "execvp" in said or CLOSED in said:
        folders = f"{sys.prefix} {sys.base_prefix}"
        return f"Let all users read and enter the interpreter and its packages: chmod -R go+rX {folders}."
    if host.is_container:
        flags = " ".join(
            f"--security-opt {name}=unconfined" for name in ("seccomp", "apparmor", "systempaths")
        )
        more = " --cap-add SYS_ADMIN --cap-add NET_ADMIN" if host.is_root else ""
        return f"Start the container with {flags}{more}; {DOCUMENT} says what each is for."
    if host.read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor keeps programs from making namespaces here. Give bubblewrap a profile that allows it: "
            f"{DOCUMENT} has one."
        )
    if host.read("/proc/sys/kernel/unprivileged_userns_clone") == "0":
        return "Allow plain users to make namespaces: sysctl -w kernel.unprivileged_userns_clone=1."
    if host.read("/proc/sys/user/max_user_namespaces") == "0":
        return "Allow namespaces: sysctl -w user.max_user_namespaces=10000."
    return f"See what a machine must allow in {DOCUMENT}; a unit of systemd may forbid it as well."


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").partition("\n")[0].strip()
    except OSError:
        return ""
