"""`python -m tests.fuzz reader|multipart|archives FOLDER [libFuzzer's options]`: fuzz with atheris until it is stopped.

Needs `pip install atheris`, which is no requirement of anything else. FOLDER holds the inputs that were found to reach
new lines, and is filled from the corpus of messy files first where it is empty. Whatever is neither a result nor a
refusal of ours ends the run; libFuzzer writes the input beside. A useful call:

    nice -n 19 python -m tests.fuzz reader /tmp/seeds -max_total_time=900 -max_len=4096 -print_final_stats=1
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found,unused-ignore]  # installed by who fuzzes

with atheris.instrument_imports(
    include=["core.uploads", "core.api.http.multipart", "python_multipart", "zipfile"]
):
    from core.uploads.report import examine
    from tests.fuzz import targets

assert examine


def seeds(name: str) -> list[bytes]:
    """Inputs to begin with."""
    from tests.core.uploads.corpus import first_half, reading, second_half

    files = [sample.data for sample in reading.files((*first_half.KINDS, *second_half.KINDS))]
    match name:
        case "archives":
            return [gzip.compress(data, mtime=0) for data in files[:40]] + [
                targets.zipped(data) for data in files[:40]
            ]
        case "multipart":
            return [targets.form(data) for data in files[:60]]
        case _:
            return files


def main() -> None:
    """libFuzzer takes over the process and ends it."""
    name, folder, *options = sys.argv[1:]
    kept = Path(folder)
    kept.mkdir(parents=True, exist_ok=True)
    if not any(kept.iterdir()):
        for number, data in enumerate(seeds(name)):
            (kept / f"seed-{number}").write_bytes(data)
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as scratch:
        target = targets.TARGETS[name](Path(scratch))
        atheris.Setup([sys.argv[0], *options, str(kept)], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
