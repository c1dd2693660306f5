"""Copied into a sandbox: runs one command there, notes what it prints, and ends it where it goes past a bound.

What one process may do is held by the kernel; what all do together is looked at several times a second. The virtual
machine around it is the bound that holds whatever the code does to this process.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import resource
import selectors
import signal
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WORK = HERE.parent / "work"
LOOK_S, LOOK_DISK_S = 0.05, 0.25
CHUNK = 1 << 15
TAIL_BYTES, SLOW_S = 16_384, 0.05
SUBREAPER = 36  # of prctl: what is orphaned below becomes a child of this process
MAPPED = 4 << 30  # bytes that Python with its libraries maps beyond what it uses
PAGE, TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
Verdict = tuple[str, str]


def processes() -> dict[int, list[str]]:
    """What /proc says of each process, behind its name: state, parent, …"""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text(errors="replace")
            except OSError:
                continue
            found[int(folder.name)] = text.rpartition(")")[2].split()
    return found


def below(pid: int) -> dict[int, list[str]]:
    """All that descends from a process, without itself."""
    known = processes()
    children: dict[int, list[int]] = {}
    for one, fields in known.items():
        children.setdefault(int(fields[1]), []).append(one)
    found, todo = {}, list(children.get(pid, ()))
    while todo:
        one = todo.pop()
        found[one] = known[one]
        todo += children.get(one, ())
    return found


def kill_all() -> None:
    """End whatever descends from this process, also what begins meanwhile."""
    for _ in range(100):
        living = [pid for pid, fields in below(os.getpid()).items() if fields[0] != "Z"]
        for pid in living:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        reap()
        if not living:
            return
        time.sleep(0.01)


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def memory_of(pids: Iterable[int]) -> int:
    """Bytes that these processes have for themselves."""
    total = 0
    for pid in pids:
        try:
            _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
        except (OSError, ValueError):
            continue
        total += max(0, int(resident) - int(shared)) * PAGE
    return total


def disk_of(folders: Iterable[str], most_files: int) -> tuple[int, int]:
    """Bytes and number of all files below these folders."""
    n_bytes = n_files = 0
    todo = list(folders)
    while todo and n_files <= most_files:
        try:
            entries = list(os.scandir(todo.pop()))
        except OSError:
            continue
        for entry in entries:
            n_files += 1
            try:
                n_bytes += entry.stat(follow_symlinks=False).st_blocks * 512
            except OSError:
                continue
            if entry.is_dir(follow_symlinks=False):
                todo.append(entry.path)
    return n_bytes, n_files


class Watch:
    """Of one command, as `wanted` says it: argv, env, bounds, and whether its output is kept as a tail alone."""

    def __init__(self, name: str) -> None:
        self.folder = HERE / "runs" / name
        self.wanted: dict[str, Any] = json.loads(base64.b64decode((self.folder / "wanted").read_text()))
        self.bounds: dict[str, Any] = self.wanted["bounds"]
        self.began = time.monotonic()
        self.n_bytes = self.n_lines = 0
        self.peak = 0
        self.cpu_s = 0.0
        self.disk_at = 0.0
        self.verdict: Verdict | None = None
        self.tail = b""
        self.env = {
            "PATH": os.pathsep.join(os.get_exec_path()),
            "HOME": str(WORK),
            "PYTHONUSERBASE": site.getuserbase(),  # where packages may have come in
            "TMPDIR": tempfile.gettempdir(),
            **self.wanted["env"],
        }

    def limit(self) -> None:
        """Bounds of single processes; run in the child before the command."""
        os.setsid()
        bounds = {
            resource.RLIMIT_AS: self.bounds["memory_bytes"] + MAPPED,
            resource.RLIMIT_FSIZE: self.bounds["file_bytes"],
            resource.RLIMIT_CORE: 0,
        }
        for kind, bound in bounds.items():
            _, hard = resource.getrlimit(kind)
            most = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
            resource.setrlimit(kind, (most, most))
        os.nice(10)

    def run(self) -> None:
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
        (self.folder / "watcher").write_text(str(os.getpid()))
        argv = [sys.executable if self.wanted["argv"][0] == "python" else self.wanted["argv"][0]]
        code, problem = None, ""
        with (self.folder / "log").open("ab", buffering=0) as log:
            try:
                child = subprocess.Popen(
                    [*argv, *self.wanted["argv"][1:]], env=self.env, cwd=WORK, preexec_fn=self.limit,
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                )  # fmt: skip
            except OSError as error:
                problem = str(error)
            else:
                code = self.attend(child, log)
        self.finish(code, problem)

    def attend(self, child: subprocess.Popen[bytes], log: Any) -> int | None:
        """Read and look until the command has ended or is to end, and until nothing of it is left."""
        with selectors.DefaultSelector() as selector:
            for pipe, source in ((child.stdout, "stdout"), (child.stderr, "stderr")):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ, source)
            while child.poll() is None and self.verdict is None:
                for key, _ in selector.select(LOOK_S):
                    if not self.take(key, log):
                        selector.unregister(key.fileobj)
                if not selector.get_map():
                    time.sleep(LOOK_S)
                self.verdict = self.verdict or self.passed()
            kill_all()
            for key in list(selector.get_map().values()):
                while self.take(key, log):
                    pass
        child.wait()
        return None if self.verdict else child.returncode

    def take(self, key: selectors.SelectorKey, log: Any) -> bool:
        """Note what there is to read; False where there is no more."""
        try:
            chunk = os.read(key.fd, CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            return False
        if self.bounds["output_bytes"] is None:
            self.tail = (self.tail + chunk)[-TAIL_BYTES:]
            part = self.folder / "tail.part"
            part.write_bytes(self.tail)
            part.replace(self.folder / "tail")
            time.sleep(SLOW_S)
            self.n_bytes += len(chunk)
            return True
        left = self.bounds["output_bytes"] - self.n_bytes
        self.n_bytes += len(chunk)
        self.n_lines += chunk.count(b"\n")
        if left > 0:
            said = {"source": key.data, "data": base64.b64encode(chunk[:left]).decode()}
            log.write(json.dumps(said).encode() + b"\n")
        if self.n_bytes > self.bounds["output_bytes"]:
            self.verdict = "output", f"It printed more than {self.bounds['output_bytes']:,} bytes."
        elif self.n_lines > self.bounds["output_lines"]:
            self.verdict = "output", f"It printed more than {self.bounds['output_lines']:,} lines."
        return self.verdict is None or left > 0

    def passed(self) -> Verdict | None:
        """The bound that was passed, if any."""
        bounds, now = self.bounds, time.monotonic()
        if (self.folder / "stop").exists():
            return "stopped", "It was stopped."
        living = below(os.getpid())
        self.cpu_s = max(self.cpu_s, sum(sum(map(int, one[11:15])) for one in living.values()) / TICKS)
        memory = memory_of(living)
        self.peak = max(self.peak, memory)
        n_tasks = sum(int(one[17]) for one in living.values())
        if bounds["wall_s"] is not None and now - self.began > bounds["wall_s"]:
            return "time_limit", f"It took longer than {bounds['wall_s']:,.0f} seconds."
        if bounds["cpu_s"] is not None and self.cpu_s > bounds["cpu_s"]:
            return "time_limit", f"It used more than {bounds['cpu_s']:,.0f} seconds of processor time."
        if n_tasks > bounds["n_processes"]:
            return (
                "too_many_processes",
                f"It had more than {bounds['n_processes']:,} processes and threads at once.",
            )
        if memory > bounds["memory_bytes"]:
            return "oom", f"It needed more than {bounds['memory_bytes'] / 1e6:,.0f} MB of memory."
        if now < self.disk_at:
            return None
        n_bytes, n_files = disk_of({str(WORK), self.env["TMPDIR"], "/dev/shm"}, bounds["n_files"])  # noqa: S108
        self.disk_at = time.monotonic() + LOOK_DISK_S
        if n_bytes > bounds["disk_bytes"]:
            return "disk", f"It wrote more than {bounds['disk_bytes'] / 1e6:,.0f} MB."
        if n_files > bounds["n_files"]:
            return "disk", f"It made more than {bounds['n_files']:,} files."
        return None

    def finish(self, code: int | None, problem: str) -> None:
        """Write how it ended, whole or not at all."""
        reason, message = self.verdict or (None, problem)
        said = {
            "reason": reason, "message": message, "code": code, "wall_s": time.monotonic() - self.began,
            "cpu_s": self.cpu_s, "peak_memory_bytes": self.peak, "output_bytes": self.n_bytes,
        }  # fmt: skip
        part = self.folder / "end.part"
        part.write_text(json.dumps(said))
        part.replace(self.folder / "end")


if __name__ == "__main__":
    Watch(sys.argv[1]).run()
