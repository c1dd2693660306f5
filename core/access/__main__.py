"""`python -m core.access adopt <email>`: hand the local user's work over to somebody who has signed in."""

from __future__ import annotations

import sys

from core import db, private_files, rooms, settings
from core.access.work_transfer import adopt
from core.db import migrate
from core.errors import AppError, counted


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0] != "adopt":
        print("usage: python -m core.access adopt <email>", file=sys.stderr)
        return 2
    private_files.from_now_on()
    rooms.load()
    try:
        migrate.upgrade(db.connect_configured(settings.current()))
        handed_over = adopt(arguments[1])
    except AppError as error:
        print(error, file=sys.stderr)
        return 1
    told = ", ".join(counted(n, noun.removesuffix("s")) for noun, n in handed_over.items())
    print(f"Handed over to {arguments[1]}: {told}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
