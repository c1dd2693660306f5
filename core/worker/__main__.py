"""`python -m core.worker`: take tasks until told to stop, then end them or hand them back within DRAIN_S.

`python -m core.worker scale` prints as JSON what an autoscaler asks for; `python -m core.worker dask` serves the Dask
cluster of the settings.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime

from core import db, logs, queue, rooms, settings, storage
from core.db import migrate
from core.errors import AppError
from core.worker import service


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m core.worker",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", nargs="?", choices=["run", "scale", "dask"], default="run")
    verb = parser.parse_args(arguments).verb
    try:
        config = settings.current()
        logs.configure(config)
        rooms.load()
        if verb == "dask":
            from core.worker import cluster  # brings all that scores, which only a worker's children need

            cluster.serve(config)
        database = db.connect_configured(config)
        if verb == "scale":
            with db.session_scope(db.WORKER) as session:
                found = queue.scale(session, slots_each=config.workers, now=datetime.now(UTC))
            print(json.dumps(found.to_json()))
            return 0
        migrate.upgrade(database)
        storage.sweep(config.staging_dir)
    except AppError as error:
        print(error, file=sys.stderr)
        return 1
    return service.run(config, slots=max(1, config.workers), modules=rooms.task_modules())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
