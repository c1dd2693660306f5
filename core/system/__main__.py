"""`python -m core.system`: the System page's checks in the shell; exit code 1 when something is broken.

`python -m core.system prepare` first makes what is missing and may be made, such as buckets and the queue.
`python -m core.system probe TABLE [COLUMN]` tells what exists of it and what the database's role may do with it;
exit code 1 when it does not exist, or the role may not even read it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from core import private_files, queue, rooms, settings, storage
from core.errors import AppError
from core.system import checks, probe

MARKS = {checks.State.OK: "ok    ", checks.State.WARN: "look  ", checks.State.BROKEN: "BROKEN"}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m core.system",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", nargs="?", choices=["check", "prepare", "probe"], default="check")
    parser.add_argument("table", nargs="?", help="for probe: a table, or schema.table")
    parser.add_argument("column", nargs="?", help="for probe: one of its columns")
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")
    options = parser.parse_args(arguments)
    if (options.verb == "probe") != (options.table is not None):
        parser.error("probe needs a table; no other verb takes one")
    private_files.from_now_on()
    rooms.load()
    try:
        config = settings.current()
        if options.verb == "probe":
            return show(options, list(probe.probe(config, options.table, options.column)))
        if options.verb == "prepare":
            files = storage.from_settings(config)
            made = "was created" if files.prepare() else "already exists, or is created with the first file"
            print(f"The storage ({files.label}) {made}.")
            if config.predictions_queue_url:
                line = queue.SqsQueue(config)
                print(f"The queue {line.label} {'was created' if line.prepare() else 'already exists'}.")
    except AppError as error:
        print(error, file=sys.stderr)
        return 1
    return show(options, checks.run(config))


def show(options: argparse.Namespace, found: Sequence[checks.Check]) -> int:
    """Print what was found; the exit code."""
    if options.json:
        print(json.dumps([check.to_json() for check in found], indent=2))
    else:
        for check in found:
            print(f"{MARKS[check.state]}  {check.part:<9} {check.name:<10} {check.message}")
            if check.hint:
                print(f"{'':<8}→ {check.hint}")
    return 1 if checks.worst(found) is checks.State.BROKEN else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
