"""A disk of a few MB that really gets full, seen by one process and its children alone."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

from tests.servers.parts import lacking

SCRIPT = 'mount -t tmpfs -o size="$2",mode=700 none "$1" && shift 2 && exec "$@"'


AS_SOMEBODY = ("--user", "--map-root-user")


def on_small_disk(folder: Path, n_bytes: int, *, with_users: bool = False) -> list[str]:
    """What to put before a command so that `folder` is a disk of that size for it; lacking where nobody may mount one.

    with_users: for root alone; the command still knows the machine's users, as sandboxes want. Others see what is on it
    below `/proc/{pid}/root`.
    """
    user = () if with_users else AS_SOMEBODY
    if not _may_mount(user):
        lacking(f"a small disk: nobody may mount one here (unshare {' '.join(user)} --mount); allow that")
    folder.mkdir(parents=True, exist_ok=True)
    return [
        "unshare",
        *user,
        "--mount",
        "sh",
        "-c",
        SCRIPT,
        "sh",
        str(folder),
        str(n_bytes),
    ]


@cache
def _may_mount(user: tuple[str, ...]) -> bool:
    command = ["unshare", *user, "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return (
        shutil.which("unshare") is not None
        and subprocess.run(command, check=False, capture_output=True).returncode == 0
    )
