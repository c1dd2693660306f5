"""`python -m core.system`: the System page's checks in the shell; exit code 1 when something is broken.

`python -m core.system prepare` first makes what is missing and may be made, such as buckets and the queue.
`python -m core.system probe TABLE [COLUMN]` tells what exists of it and what the database's role may do with it;
exit code 1 when it does not exist, or the role may not even read it.
`python -m core.system rows TABLE [COLUMN=VALUE]` prints a table's newest rows, or those with this value, as JSON.
`python -m core.system backup FOLDER` copies the database, the list of stored files and, where they are on this machine,
the files; the app may run meanwhile. `python -m core.system restore FOLDER` brings them back, where nothing is yet.
`python -m core.system sweep` removes stored files older than a day that nothing in the database refers to, at once.
"""

from __future__ import annotations

import gc

if __name__ == "__main__":
    gc.disable()  # until all is loaded

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from core import db, private_files, queue, rooms, settings, storage
from core.errors import AppError, counted
from core.settings import Settings
from core.system import checks, database_checks, installation, probe, rows, unreferenced_files
from core.system.backups import backup, restore

MARKS = {checks.State.OK: "ok    ", checks.State.WARN: "look  ", checks.State.BROKEN: "BROKEN"}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m core.system",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", nargs="?", choices=[*VERBS], default="check")
    parser.add_argument(
        "what",
        nargs="?",
        help="for probe, rows: a table (probe: or schema.table); for backup, restore: a folder",
    )
    parser.add_argument("column", nargs="?", help="for probe: one of its columns; for rows: COLUMN=VALUE")
    parser.add_argument(
        "--limit", type=int, default=rows.LIMIT, help="for rows: how many at most (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")
    options = parser.parse_args(arguments)
    if (needed := VERBS[options.verb]) and options.what is None:
        parser.error(f"{options.verb} needs {needed}")
    if not needed and options.what is not None:
        parser.error(f"{options.verb} takes no name")
    private_files.from_now_on()
    rooms.load()
    gc.enable()
    try:
        config = settings.current()
        if options.verb == "probe":
            return show(options, list(probe.probe(config, options.what, options.column)))
        if options.verb == "rows":
            return print_rows(config, options)
        if options.verb in COMMANDS:
            return COMMANDS[options.verb](config, Path(options.what or ""))
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


def print_rows(config: Settings, options: argparse.Namespace) -> int:
    """A JSON list with a row a line; on stderr what it leaves out."""
    if missing := list(database_checks.missing(config)):
        return show(options, missing)
    found = rows.read(config, options.what, options.column, limit=options.limit)
    lines = ",\n ".join(json.dumps(row, ensure_ascii=False) for row in found.rows)
    print(f"[{lines}]")
    if found.n_left_out:
        print(
            f"{counted(found.n_left_out, 'row was|rows were')} left out. Add --limit, or COLUMN=VALUE.",
            file=sys.stderr,
        )
    return 0


def back_up(config: Settings, folder: Path) -> int:
    """Exit code 1 where the backup lacks files that the database speaks of."""
    made = backup.make(config, folder, tell=print)
    what = "The database and" if made.database == "sqlite" else "The list of"
    print(
        f"{what} {counted(made.n_files, 'file')} ({made.size_bytes / 1e6:,.1f} MB) are in {folder.resolve()}."
    )
    return name_missing(made.missing)


def bring_back(config: Settings, folder: Path) -> int:
    """Exit code 1 where files are missing that the database speaks of."""
    done = restore.restore(config, folder, tell=print)
    what = "The database and" if done.made.database == "sqlite" else "Of the backup,"
    kept = f"; {done.n_kept:,} were there already" if done.n_kept else ""
    print(f"{what} {counted(done.n_written, 'file')} restored, as of {done.made.made_at}{kept}.")
    if done.n_others:
        print(
            f"{counted(done.n_others, 'stored file is|stored files are')} not in the backup. What nothing refers to is "
            "removed after a day."
        )
    return name_missing(done.missing)


def name_missing(keys: Sequence[str]) -> int:
    for key in keys:
        print(f"missing: {key}", file=sys.stderr)
    return 1 if keys else 0


def sweep(config: Settings, _: Path) -> int:
    """Remove what nothing refers to, however much it is: whoever asks has looked."""
    db.connect_configured(config)
    files = storage.from_settings(config)
    installation.require_alone(files)
    found = unreferenced_files.find(files)
    n_removed = unreferenced_files.remove(files, found.keys) + unreferenced_files.remove_unfinished(files)
    n_young = found.n - len(found.keys)
    later = f" {counted(n_young, 'other is|others are')} younger than a day." if n_young else ""
    print(f"{counted(n_removed, 'file')} removed that nothing refers to.{later}")
    return 0


VERBS = {
    "check": "",
    "prepare": "",
    "probe": "a table",
    "rows": "a table",
    "backup": "a folder that does not exist yet",
    "restore": "the folder of a backup",
    "sweep": "",
}
COMMANDS: dict[str, Callable[[Settings, Path], int]] = {
    "backup": back_up,
    "restore": bring_back,
    "sweep": sweep,
}


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
