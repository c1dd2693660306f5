"""What the dead have left, where even their notes are missing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from core.sandboxes import Backend, Limits, LocalBackend, Reason, stopping
from core.sandboxes.local import command, folders, removal, seccomp
from tests.servers.waiting import wait_for


def half_of(place: command.Place) -> int:
    """Start a sandbox whose starter dies in that moment; the process that waits for its other half, for ever."""
    filter_fd, filter_in = os.pipe()
    told, info_fd = os.pipe()
    with os.fdopen(filter_in, "wb") as target:
        target.write(seccomp.program())
    os.close(told)  # as the death of whoever wanted to read it does
    line = command.line(
        place, ("sleep", "60"), env={}, limits=Limits(), cpu_s=None, seccomp_fd=filter_fd, info_fd=info_fd
    )
    outer = subprocess.Popen(line, env={}, cwd="/", pass_fds=(filter_fd, info_fd), umask=0o022)
    for descriptor in (filter_fd, info_fd):
        os.close(descriptor)
    outer.wait()
    [(left, name)] = folders._started_for(place.folder.parent)
    assert name == place.folder.name
    return left.pid


def test_the_half_of_a_sandbox_whose_starter_died_is_swept(backend: Backend, tmp_path: Path) -> None:
    assert isinstance(backend, LocalBackend)
    root = tmp_path / "sandboxes"
    uid = 1_900_000_001 if os.geteuid() == 0 else None
    mine = folders.new(root, labels={}, uid=uid)
    folder = mine.rename(root / f"{'0' * 32}-{'1' * 12}")  # of an owner that nobody knows any more
    left = half_of(command.Place(folder, uid))
    assert folders.identity(left) is not None
    assert backend.sweep() == 1
    wait_for(lambda: folders.identity(left) is None, what="the end of what had waited")
    assert not folder.exists()

    folders.new(root, labels={}, uid=uid).rename(folder)
    late = half_of(command.Place(folder, uid))
    removal.remove(folder)  # it began after another sweep
    assert backend.sweep() == 0
    wait_for(lambda: folders.identity(late) is None, what="the end of what had begun too late")


def test_a_sandbox_starts_whatever_else_is_open(backend: Backend) -> None:
    """An app with a thousand readers has that many open files."""
    opened = [os.open("/dev/null", os.O_RDONLY) for _ in range(1_100)]
    try:
        with stopping(backend.create(labels={}, limits=Limits())) as sandbox:
            assert sandbox.run(("true",)).reason is Reason.OK
    finally:
        for descriptor in opened:
            os.close(descriptor)
