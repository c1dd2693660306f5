"""What a sandbox at E2B is told of a command: words, variables and bounds, as `inside/watch.py` reads them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Final

from core.sandboxes.protocol import Limits

PLAIN: Final = {
    "LANG": "C.UTF-8", "TZ": "UTC", "USER": "sandbox",
    "LOGNAME": "sandbox", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}  # fmt: skip


def wanted(
    argv: Sequence[str], env: Mapping[str, str], limits: Limits, *, wall_s: float | None, is_server: bool
) -> str:
    """One word of a command line. is_server: whether it goes on, and its output is kept as a tail."""
    bounds = {
        "wall_s": wall_s, "cpu_s": None if is_server else limits.cpu_s, "memory_bytes": limits.memory_bytes,
        "n_processes": limits.n_processes, "disk_bytes": limits.disk_bytes, "n_files": limits.n_files,
        "file_bytes": limits.file_bytes, "output_bytes": None if is_server else limits.output_bytes,
        "output_lines": limits.output_lines,
    }  # fmt: skip
    wanted = {"argv": list(argv), "env": PLAIN | dict(env), "bounds": bounds}
    return base64.b64encode(json.dumps(wanted).encode()).decode()
