"""How messy files are read and how fast: `python -m benchmarks.reading [--mb N] [--out FILE]`.

Of the corpus in tests/core/uploads/corpus, how many files are read exactly by us, by CleverCSV and by DuckDB's
sniffer, the latter two judged leniently: their cells may be as the file spells them and names need not be clean.
Then, on files of 1 MB and of N MB, what detection costs and how fast a file is examined; in processor time, as others
may be at work. Exits non-zero below a floor.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import clevercsv
import duckdb

from core.uploads.csv import header as headers
from core.uploads.detect import detection
from core.uploads.detect.encodings import encoding
from core.uploads.report.examine import examine
from tests.core.uploads.corpus import first_half, reading, second_half
from tests.core.uploads.corpus.sample import Sample

RESULTS = Path(__file__).parent / "results" / "reading.json"
KINDS = (*first_half.KINDS, *second_half.KINDS)
LEAST_READ = 0.9
DETECTION_S = 0.2
REPEATS = 5
Rows = list[tuple[str, ...]]


def main() -> None:
    """Measure, print and keep."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mb", type=int, default=200)
    arguments.add_argument("--out", type=Path, default=RESULTS)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = count(Path(folder))
        speeds = [speed(Path(folder), name, mb) for name in ("plain", "messy") for mb in (1, given.mb)]
    report = {
        "corpus": counts,
        "speed": speeds,
        "load": round(os.getloadavg()[0], 1),
        "cores": os.cpu_count(),
    }
    given.out.write_text(json.dumps(report, indent=2) + "\n")
    ours = counts["read"]["ours"]
    slowest = max(one["detection_s"] for one in speeds)
    best_other = max(n for name, n in counts["read"].items() if name != "ours")
    if ours < LEAST_READ * counts["files"] or ours <= best_other or slowest > DETECTION_S:
        sys.exit(f"Below a floor: {ours} of {counts['files']} read, detection {slowest:.3f} s.")


def count(folder: Path) -> dict[str, Any]:
    """How many files of the corpus each reader reads exactly, and which kinds not."""
    readers: dict[str, Callable[[Sample, Path], bool]] = {
        "ours": lambda sample, folder: reading.difference(sample, folder) == "",
        "CleverCSV": lambda sample, folder: _is_right(_clevercsv, sample, folder),
        "DuckDB": lambda sample, folder: _is_right(_duckdb, sample, folder),
    }
    samples = list(reading.files(KINDS))
    found: dict[str, Any] = {"files": len(samples), "kinds": len(KINDS), "read": {}, "missed": {}}
    for name, reads in readers.items():
        missed = [sample.kind for sample in samples if not reads(sample, folder)]
        found["read"][name] = len(samples) - len(missed)
        found["missed"][name] = sorted(set(missed))
        print(f"{name:<10} reads {len(samples) - len(missed):>4} of {len(samples)} exactly", flush=True)
    return found


def _is_right(read: Callable[[Path], tuple[tuple[str, ...], Rows]], sample: Sample, folder: Path) -> bool:
    path = folder / "file.csv"
    path.write_bytes(sample.data)
    try:
        names, rows = read(path)
    except Exception as failed:  # noqa: BLE001  # whatever another reader fails with, it has not read the file
        del failed
        return False
    trimmed = [tuple(cell.strip() for cell in row) for row in rows]
    expected = [tuple(cell.strip() for cell in row) for row in sample.rows]
    if trimmed == expected:
        return not names or len(names) == len(sample.header)
    has_no_header = sample.kind == "no header"
    return has_no_header and [tuple(cell.strip() for cell in names), *trimmed] == expected


def _clevercsv(path: Path) -> tuple[tuple[str, ...], Rows]:
    first, *rows = (tuple(row) for row in clevercsv.read_table(str(path)))
    return headers.names(first), rows


def _duckdb(path: Path) -> tuple[tuple[str, ...], Rows]:
    with duckdb.connect() as connection:
        found = connection.sql(f"SELECT * FROM read_csv('{path}', all_varchar = true)")
        return tuple(found.columns), [tuple(cell or "" for cell in row) for row in found.fetchall()]


def speed(folder: Path, name: str, mb: int) -> dict[str, Any]:
    """Processor seconds of detection (the most of REPEATS) and of the whole examination of a file of so many MB."""
    path = folder / f"{name}-{mb}.csv"
    _write(path, name, mb)
    found = encoding.find(path, file_name=path.name)
    taken = []
    for _ in range(REPEATS):
        started = time.process_time()
        detection.of_encoding(path, found)
        taken.append(time.process_time() - started)
    started, cpu_before = time.perf_counter(), time.process_time()
    n_rows = examine(path, file_name=path.name).n_rows
    seconds = time.perf_counter() - started
    cpu_seconds = time.process_time() - cpu_before
    size_mb = path.stat().st_size / 1e6
    path.unlink()
    detected = max(taken)
    print(
        f"{name:<6}{size_mb:>6.0f} MB: detection {detected * 1000:>4.0f} ms, examined {size_mb / seconds:>4.0f} MB/s"
    )
    return {
        "file": name,
        "mb": round(size_mb, 1),
        "rows": n_rows,
        "detection_s": round(detected, 4),
        "examine_s": round(seconds, 3),
        "examine_cpu_s": round(cpu_seconds, 3),
        "mb_per_s": round(size_mb / seconds, 1),
    }


def _write(path: Path, name: str, mb: int) -> None:
    plain = "".join(
        f"{i:08d}-CUST,{'Yes' if i % 3 else 'No'},{i % 73},{i % 100}.{i % 10}5,{('DSL', 'Fiber optic', 'No')[i % 3]},"
        f"Month-to-month,Electronic check,{i * 7 % 9000}.25\n"
        for i in range(10_000)
    )
    messy = "".join(
        f"{i:08d};{'Ja' if i % 3 else 'Nein'};{i % 9 + 1}.{i % 1000:03d},50 €;{i % 100},5 %;München"
        + (";x\n" if i % 5 else "\n")
        for i in range(10_000)
    )
    above, header, part = {
        "plain": ("", "id,partner,tenure,monthly,internet,contract,payment,total\n", plain),
        "messy": ("Kunden\nStand 2024\n\n", "Nr;aktiv;Umsatz;Anteil;Ort;Notiz\n", messy),
    }[name]
    data = part.encode()
    with path.open("wb") as sink:
        sink.write((above + header).encode())
        for _ in range(max(1, mb * 1_000_000 // len(data))):
            sink.write(data)
        if above:
            sink.write("Summe;;99.999,00 €\nQuelle: eigene Bücher\n".encode())


if __name__ == "__main__":
    main()
