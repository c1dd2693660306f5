"""`python -m tests.servers.e2b FOLDER`: an emulator in a process of its own, until standard input ends.

It prints its settings as a line of JSON, then does what it is told, a word and perhaps an argument a line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from tests.servers.e2b import E2BServer


def main(folder: str) -> None:
    with E2BServer(Path(folder)) as server:
        print(json.dumps(server.settings | {"ssl_cert_file": server.ca}), flush=True)
        verbs: dict[str, Callable[..., object]] = {
            "alive": lambda: [machine.told() for machine in server.machines.all()],
            "asked": lambda: [f"{asked.method} {asked.path}" for asked in server.asked],
            "kill": server.machines.kill,
            "cut_off": server.cut_off,
            "join": server.faults.cut_off.discard,
            "restart": server.restart,
            "vanish": server.vanish,
            "come_back": server.come_back,
            "revoke": lambda: setattr(server.faults, "key_works", False),
            "restore": lambda: setattr(server.faults, "key_works", True),
            "refuse": lambda status, n="1": server.faults.next.extend([("/", int(status))] * int(n)),
        }
        for line in sys.stdin:
            word, *arguments = line.split()
            print(json.dumps(verbs[word](*arguments)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
