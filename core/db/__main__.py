"""`python -m core.db upgrade`: bring the configured database to the newest schema."""

from __future__ import annotations

import gc

if __name__ == "__main__":
    gc.disable()  # until all is loaded

import sys

from core import db, private_files, settings
from core.db import migrate
from core.errors import AppError


def main(arguments: list[str]) -> int:
    if arguments != ["upgrade"]:
        print("usage: python -m core.db upgrade", file=sys.stderr)
        return 2
    private_files.from_now_on()
    gc.enable()
    try:
        database = db.connect_configured(settings.current())
        migrate.upgrade(database)
    except AppError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{database.label}: at revision {migrate.revision(database)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
