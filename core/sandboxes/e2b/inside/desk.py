"""Copied into a sandbox and asked there by the app: begins commands, tells what they print, ends them, looks at files.

A command outlives the connection that began it. It has a folder of its own below `runs/`: `log`, of one line of JSON
for each piece that it printed, and `end`, written once it has ended. So whoever asks later, and whoever lost contact,
reads on from any byte; and how it ended is what `end` says, never what a silence means.

Each command is an interpreter of its own, so what takes long to import is imported where it is needed.

The code runs as the same user, so all of this may be forged: whoever reads it believes nothing.
"""

from __future__ import annotations

import base64
import errno
import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WORK = HERE.parent / "work"
RUNS = HERE / "runs"
SOON_S = 0.03
LONGEST_END = 10_000
LOOK_S, BEAT_S = 20.0, 3.0  # one look at a log, and between two signs of life in it
KINDS = {
    stat.S_IFDIR: "folder", stat.S_IFLNK: "link", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket",
    stat.S_IFREG: "file",
}  # fmt: skip


def say(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def versions(names: list[str]) -> None:
    """Of the interpreter and of these packages; those that are not there are left out."""
    import importlib.metadata
    import platform

    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    say({"python": platform.python_version(), "versions": found})


def install(requirements: list[str]) -> None:
    """Where the folder of packages is not ours to write, pip takes the user's own."""
    options = ["--quiet", "--disable-pip-version-check", "--no-input"]
    environment = os.environ | {"PIP_BREAK_SYSTEM_PACKAGES": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, *requirements],
        env=environment, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    say({"code": done.returncode, "said": (done.stderr or done.stdout)[-600:]})


def begin(name: str, wanted: str) -> None:
    """Start a command of its own session; one that was begun before is left as it is."""
    folder = RUNS / name
    WORK.mkdir(exist_ok=True)
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        say({"begun": False})
        return
    (folder / "wanted").write_text(wanted)
    detached(HERE / "watch.py", name)
    say({"begun": True})


def follow(name: str, offset: int) -> None:
    """Tell the log from a byte on, and then the end; after a while, that there is to be another look."""
    folder = RUNS / name
    ends_at, beat_at, rest = time.monotonic() + LOOK_S, 0.0, b""
    with (folder / "log" if waited(folder / "log") else Path(os.devnull)).open("rb") as log:
        log.seek(offset)
        while True:
            is_over = (folder / "end").exists() or not watcher_lives(folder)
            while chunk := log.read(1 << 16):
                *lines, rest = (rest + chunk).split(b"\n")
                sys.stdout.write("".join(line.decode("ascii", "replace") + "\n" for line in lines))
                sys.stdout.flush()
            now = time.monotonic()
            if is_over:
                say({"end": ended(folder)})
                return
            if now > ends_at:
                say({"again": True})
                return
            if now > beat_at:
                say({"beat": True})
                beat_at = now + BEAT_S
            time.sleep(SOON_S)


def ended(folder: Path) -> Any:
    """What is written of its end; None where nothing is."""
    try:
        with (folder / "end").open("rb") as file:
            return json.loads(file.read(LONGEST_END))
    except (OSError, ValueError, RecursionError):
        return None


def waited(path: Path) -> bool:
    """Whether it is there, soon after a start."""
    for _ in range(200):
        if path.exists():
            return True
        time.sleep(SOON_S)
    return False


def watcher_lives(folder: Path) -> bool:
    try:
        pid = int((folder / "watcher").read_text())
        return b"watch.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False


def known(name: str) -> None:
    say({"known": (RUNS / name).is_dir()})


def tail(name: str) -> None:
    try:
        kept = (RUNS / name / "tail").read_bytes()[-16_384:]
    except OSError:
        kept = b""
    say({"tail": base64.b64encode(kept).decode()})


def end(name: str) -> None:
    """Have a command end with all that it has started, and wait until it has."""
    folder = RUNS / name
    (folder / "stop").touch()
    for _ in range(140):
        if (folder / "end").exists() or not watcher_lives(folder):
            break
        time.sleep(SOON_S)
    say({"ended": True})


def look(name: str) -> None:
    """What has this name in the folder of the code: its kind, size and how many names it has."""
    WORK.chmod(0o700)  # the code may have closed it
    try:
        found = os.lstat(WORK / name)
    except OSError as error:
        say({"kind": None, "problem": error.strerror})
        return
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
        (WORK / name).chmod(0o600)
    kind = KINDS.get(stat.S_IFMT(found.st_mode), "device")
    say({"kind": kind, "size": found.st_size, "names": found.st_nlink})


def take(staged: str, name: str) -> None:
    """Give a file that lies here its place in the folder of the code; what had this name is replaced."""
    WORK.mkdir(exist_ok=True)
    WORK.chmod(0o700)
    try:
        (HERE / staged).replace(WORK / name)
    except OSError as error:
        say({"taken": False, "problem": error.strerror})
    else:
        say({"taken": True})


def relay(port: int, name: str) -> None:
    """Let a port of this machine lead to a unix socket in the folder of the code; where it does already, it goes on."""
    import socket

    try:
        listening = socket.create_server(("0.0.0.0", port), backlog=64)  # noqa: S104  # to be reached is what it is for
    except OSError as error:
        say({"listens": error.errno == errno.EADDRINUSE})
        return
    detached(HERE / "relay.py", str(listening.fileno()), str(WORK / name), pass_fds=(listening.fileno(),))
    say({"listens": True})


def detached(script: Path, *arguments: str, pass_fds: tuple[int, ...] = ()) -> None:
    subprocess.Popen(
        [sys.executable, str(script), *arguments], cwd=WORK, start_new_session=True, pass_fds=pass_fds,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def main(command: str, *arguments: str) -> None:
    asked = [json.loads(argument) for argument in arguments]
    verbs = (versions, install, begin, known, follow, tail, end, look, take, relay)
    {one.__name__: one for one in verbs}[command](*asked)


if __name__ == "__main__":
    main(*sys.argv[1:])
