"""Several Python processes that begin the same thing at the same moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.servers.waiting import PATIENCE_S

PROJECT = Path(__file__).resolve().parents[2]
# Imports once and splits then, as importing takes each process a second of processor. Whatever else the lines do before
# the moment, each process does for itself.
START = """
import ast, json, os, sys

wanted = json.loads(sys.argv[1])
lines = ast.parse(wanted["imports"]).body
imports = [line for line in lines if isinstance(line, (ast.Import, ast.ImportFrom))]
others = [line for line in lines if line not in imports]
names = {"__name__": "__main__"}
exec(compile(ast.Module(imports, []), "imports", "exec"), names)
begins, gate = os.pipe()
all_ready, ready = os.pipe()
processes = []
for number, program in enumerate(wanted["programs"]):
    if (process := os.fork()) == 0:
        for stream, kind in ((1, "said"), (2, "complained")):
            os.dup2(os.open(f"{wanted['folder']}/{number}.{kind}", os.O_WRONLY | os.O_CREAT), stream)
        os.close(gate)
        sys.argv = ["-c", *wanted["arguments"]]
        exec(compile(ast.Module(others, []), "imports", "exec"), names)
        os.close(ready)
        os.read(begins, 1)
        exec(compile(program, "program", "exec"), names)
        sys.exit()
    processes.append(process)
os.close(ready)
os.read(all_ready, 1)  # its end, once each has closed it or is over
os.close(gate)
print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes]))
"""


def at_once(
    *programs: str, arguments: Sequence[str] = (), imports: str = "", deadline_s: float = PATIENCE_S
) -> list[str]:
    """Run each program in a process of its own, all from one moment on; what each printed.

    imports: lines that every process runs before the moment.
    Raises AssertionError with the output of a process that failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = {"programs": programs, "imports": imports, "arguments": arguments, "folder": folder}
        launcher = subprocess.Popen(
            [sys.executable, "-c", START, json.dumps(wanted)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT,
            start_new_session=True,
        )  # fmt: skip
        try:
            codes, complaint = launcher.communicate(timeout=deadline_s)
        finally:
            if launcher.poll() is None:
                os.killpg(launcher.pid, signal.SIGKILL)
                launcher.communicate()
        assert launcher.returncode == 0, complaint
        for number, code in enumerate(json.loads(codes)):
            assert code == 0, (Path(folder) / f"{number}.complained").read_text("utf-8")
        return [
            (Path(folder) / f"{number}.said").read_text("utf-8").strip() for number in range(len(programs))
        ]
