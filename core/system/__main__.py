"""`python -m core.system`: the System page's checks in the shell; exit code 1 when something is broken.

`python -m core.system prepare` first makes what is missing and may be made, such as the bucket.
"""

from __future__ import annotations

import argparse
import json
import sys

from core import settings, storage
from core.errors import AppError
from core.system import checks

MARKS = {checks.State.OK: "ok    ", checks.State.WARN: "look  ", checks.State.BROKEN: "BROKEN"}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m core.system",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", nargs="?", choices=["check", "prepare"], default="check")
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")
    options = parser.parse_args(arguments)
    try:
        config = settings.current()
        if options.verb == "prepare":
            files = storage.from_settings(config)
            made = "made" if files.prepare() else "is there already, or is made by the first file"
            print(f"The place for files ({files.label}) {made}.")
    except AppError as error:
        print(error, file=sys.stderr)
        return 1
    found = checks.run(config)
    if options.json:
        print(json.dumps([check.to_json() for check in found], indent=2))
    else:
        for check in found:
            print(f"{MARKS[check.state]}  {check.part:<9} {check.name:<10} {check.says}")
            if check.cure:
                print(f"{'':<8}→ {check.cure}")
    return 1 if checks.worst(found) is checks.State.BROKEN else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
