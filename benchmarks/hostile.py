"""Files made to break a reader, at size: `python -m benchmarks.hostile [--only NAME] [--mb N] [--out FILE]`.

Each is written on the spot and goes through what the app does with an upload, in a process of its own: unpacking,
examining, reading once more as a user says, and where it is a table scoring it with a model of a few of its columns
and training on it. Said of each: what came of it, in how many seconds, and how much memory at the most. Exits
non-zero where something other than a result or a refusal of ours comes out, or a ceiling is passed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "hostile.json"
MOST_MB = 1500
LIMIT_MB = 2048
OF_ONE_GB = ("one line", "one line of cells", "one quoted cell", "blank lines")
MB = 1_000_000
Pieces = Iterator[bytes]


def repeated(piece: bytes, mb: int) -> Pieces:
    """The piece over and over, about so many MB."""
    several = piece * max(1, MB // len(piece))
    for _ in range(max(1, mb * MB // len(several))):
        yield several


def one_line(mb: int) -> Pieces:
    yield b"a,b\n"
    yield from repeated(b"x" * MB, mb)


def one_line_of_cells(mb: int) -> Pieces:
    yield from repeated(b"1,", mb)


def one_quoted_cell(mb: int) -> Pieces:
    yield b'a,b\n1,"'
    yield from repeated(b"some text, and a line\n", mb)
    yield b'"\n'


def quote_never_closed(mb: int) -> Pieces:
    yield b'a,b\n"1,2\n'
    yield from repeated(b"1,2\n", mb)


def doubled_quotes(mb: int) -> Pieces:
    yield b"a,b\n"
    yield from repeated(b'"' + b'""' * 500_000 + b'",1\n', mb)


def empty_lines(mb: int) -> Pieces:
    yield b"a,b\n1,2\n"
    yield from repeated(b"\n", mb)
    yield b"3,4\n"


def delimiters(mb: int) -> Pieces:
    yield b"a,b,c\n"
    yield from repeated(b",,\n", mb)


def only_delimiters(mb: int) -> Pieces:
    yield from repeated(b",", mb)


def wide(n_columns: int, n_rows: int) -> Callable[[int], Pieces]:
    def pieces(_mb: int) -> Pieces:
        yield ",".join(f"c{n}" for n in range(n_columns)).encode() + b"\n"
        for row in range(n_rows):
            yield ",".join(str(row * n % 97) for n in range(n_columns)).encode() + b"\n"

    return pieces


def categories(mb: int) -> Pieces:
    yield b"id,city,amount,churned\n"
    n = 0
    while n < mb * MB // 32:
        yield b"".join(
            b"K%07d,city %07d,%d,%s\n" % (i, i, i % 73, b"yes" if i % 3 else b"no")
            for i in range(n, n + 10_000)
        )
        n += 10_000


def numbers(mb: int) -> Pieces:
    yield b"prediction,probability,caution,amount,churned\n"
    odd = (
        b"1e999",
        b"0x10",
        b"NaN",
        b"inf",
        b"-inf",
        b"1_000",
        b"1e-999",
        b"-0",
        b"00012",
        b"9" * 400,
        b"1.2.3",
        b"+5",
    )
    yield from repeated(
        b"".join(
            b"%s,%d,%d.5,%s,%s\n" % (odd[i % 12], i % 7, i % 11, odd[i * 5 % 12], b"yn"[i % 2 :][:1])
            for i in range(1200)
        ),
        mb,
    )


def marks(mb: int) -> Pieces:
    yield "\u202ename,amount\ufeff,churned\n".encode()
    yield from repeated("\u202eAda\u202c,\ufeff1,yes\r\n\u200fBob,2,no\n\u2066Cy\u2069,3,yes\r".encode(), mb)


def late_surprise(mb: int) -> Pieces:
    yield b"a,b,churned\n"
    yield from repeated(b"1,2,yes\n3,4,no\n", mb)
    yield b"1.234,5,\xff\n"


def long_names(_mb: int) -> Pieces:
    yield b",".join(b"n" * 100_000 + b"%d" % n for n in range(20)) + b"\n"
    for row in range(1000):
        yield b",".join(b"%d" % (row * n) for n in range(20)) + b"\n"


def every_byte(mb: int) -> Pieces:
    yield from repeated(bytes(range(256)), mb)


def nul_bytes(mb: int) -> Pieces:
    yield b"a,b\n1,2\n"
    yield from repeated(b"\0", mb)


def surrogates(mb: int) -> Pieces:
    yield b"\xff\xfe" + "a,b\n".encode("utf-16-le")
    yield from repeated(b"x\x00,\x00\x3d\xd8\n\x00", mb)


def wtf8(mb: int) -> Pieces:
    yield b"a,b\n"
    yield from repeated(b"1,\xed\xa0\xbd\n", mb)


def not_rows(mb: int) -> Pieces:
    yield b"region,amount\n"
    yield from repeated(b"region,amount\nNorth,1\nTotal,1\n", mb)


def ragged(mb: int) -> Pieces:
    yield b"a,b,c,churned\n"
    yield from repeated(b"1\n1,2\n1,2,3,yes,,,,,\n1,2,3,no\n", mb)


def backslashes(mb: int) -> Pieces:
    yield b"a,b,churned\n"
    yield from repeated(b'"say \\"hi\\"",\\\\,yes\n"1\\,2",\\N,no\n', mb)


PLAIN: dict[str, Callable[[int], Pieces]] = {
    "one line": one_line,
    "one line of cells": one_line_of_cells,
    "one quoted cell": one_quoted_cell,
    "quote never closed": quote_never_closed,
    "cells of doubled quotes": doubled_quotes,
    "blank lines": empty_lines,
    "rows of delimiters": delimiters,
    "a line of delimiters": only_delimiters,
    "4,096 columns": wide(4096, 2000),
    "10,000 columns": wide(10_000, 1000),
    "distinct categories": categories,
    "odd numbers, names of ours": numbers,
    "direction marks, BOMs, mixed line ends": marks,
    "a wrong byte at the end": late_surprise,
    "names of 100,000 characters": long_names,
    "every byte value": every_byte,
    "NUL bytes": nul_bytes,
    "half surrogates in UTF-16": surrogates,
    "half surrogates in UTF-8": wtf8,
    "headers and totals again": not_rows,
    "ragged rows": ragged,
    "backslash escapes": backslashes,
}


def gzip_bomb(path: Path, _mb: int) -> None:
    path.write_bytes(gzip.compress(bytes(100 * MB), mtime=0) * 100)


def gzip_bomb_of_rows(path: Path, _mb: int) -> None:
    path.write_bytes(gzip.compress(b"1,2\n" * (25 * MB), mtime=0) * 30)


def gzip_of_nothing(path: Path, _mb: int) -> None:
    path.write_bytes(gzip.compress(b"", mtime=0) * 5_000_000)


def gzip_of_a_csv(path: Path, mb: int) -> None:
    with gzip.open(path, "wb", 1) as sink:
        for piece in categories(mb):
            sink.write(piece)


def zip_bomb(path: Path, _mb: int) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("bomb.csv", "w", force_zip64=True) as sink,
    ):
        for piece in repeated(bytes(MB), 5000):
            sink.write(piece)


def zip_of_many(path: Path, _mb: int) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(200_000):
            archive.writestr(f"{n}.csv", b"")


PACKED: dict[str, Callable[[Path, int], None]] = {
    "gzip bomb of zeros, 10 GB": gzip_bomb,
    "gzip bomb of rows, 3 GB": gzip_bomb_of_rows,
    "5,000,000 gzip files in a row": gzip_of_nothing,
    "a CSV in a gzip file": gzip_of_a_csv,
    "zip bomb of zeros, 5 GB": zip_bomb,
    "a zip of 200,000 files": zip_of_many,
}


def main() -> None:
    """Measure, print and keep."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mb", type=int, default=200, help="1,000 for those of one line or cell")
    arguments.add_argument("--only", help="those whose name contains this")
    arguments.add_argument("--out", type=Path, default=RESULTS)
    arguments.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one:
        print(json.dumps(tried(given.one)))
        return
    missed = []
    for name in [*PLAIN, *PACKED]:
        if given.only and given.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            write(name, path, max(given.mb, 1000) if name in OF_ONE_GB else given.mb)
            one = {"mb": round(path.stat().st_size / MB, 1), **in_a_child(path)}
        keep(name, one, given.out)
        print(line(name, one), flush=True)
        if one["peak_mb"] > MOST_MB or any("!" in step["came"] for step in one["steps"]):
            missed.append(name)
    if missed:
        sys.exit(f"Neither a result nor a refusal within bounds: {', '.join(missed)}")


def keep(name: str, one: dict[str, Any], out: Path) -> None:
    """Put one file's figures in the place of its former ones."""
    known = json.loads(out.read_text()) if out.exists() else {}
    known[name] = {**one, "load": round(os.getloadavg()[0], 1)}
    out.write_text(json.dumps(known, indent=2) + "\n")


def write(name: str, path: Path, mb: int) -> None:
    """The file of this name."""
    if name in PACKED:
        PACKED[name](path, mb)
        return
    with path.open("wb") as sink:
        for piece in PLAIN[name](mb):
            sink.write(piece)


def in_a_child(path: Path) -> dict[str, Any]:
    """What came of the file in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.hostile", "--one", str(path)]
    ran = subprocess.run(command, capture_output=True, check=False, text=True)
    if ran.returncode:
        reason = ran.stderr.strip().splitlines()[-1:] or [f"ended by signal {-ran.returncode}"]
        return {"steps": [{"step": "child", "came": f"! {reason[0]}", "s": 0.0}], "peak_mb": 0.0}
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def line(name: str, one: dict[str, Any]) -> str:
    """For a person."""
    steps = "; ".join(f"{step['step']} {step['s']:.1f} s: {step['came']}" for step in one["steps"])
    return f"{name:<40}{one['mb']:>7.0f} MB {one['peak_mb']:>6.0f} MB peak  {steps}"


def tried(path: Path) -> dict[str, Any]:
    """What each step made of the file at `path`."""
    from benchmarks import hostile_steps

    steps = hostile_steps.run(path, limit_mb=LIMIT_MB)
    return {"steps": steps, "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)}


if __name__ == "__main__":
    main()
