"""`python -m benchmarks.chaos_package`: trainings on one's own machine, and what can come between them and the app.

A real package in a real process tells a real app of N_ROWS rows, a fifth of them held out, while each fault of FAULTS
is at work, N_ROUNDS times with other moments: train.py or the app is killed (kill -9), something in between answers
408, 413, 425, 429, 5xx, a hotel's sign-in page or not at all, the app is out of reach, the token is revoked, the folder
runs twice at once, here or as a copy. Afterwards each held-out row and each point has to be in the app's database once,
as the code said it. Writes results/chaos_package.json; ends with 1 where anything is lost, twice or another's.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.faults.package_desk import (
    DEADLINE_S,
    N_POINTS,
    N_ROWS,
    Desk,
    begun,
    copied,
    killed_at_random,
    through,
    with_app_killed,
)
from tests.packages import Package, Ran, ended
from tests.servers.unreliable_front import UnreliableFront, standing
from tests.servers.wire import Wire

RESULTS = Path(__file__).parent / "results" / "chaos_package.json"
N_ROUNDS = 2
Fault = Callable[[Desk, random.Random, Counter[str]], Package]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=N_ROUNDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(FAULTS))
    chosen = parser.parse_args()
    began, wrong = time.monotonic(), []
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="model-desk-chaos-") as folder:
        desk = Desk(Path(folder))
        with desk.running():
            for name in [chosen.only] if chosen.only else FAULTS:
                figures[name], found = _rounds(desk, name, chosen.rounds, chosen.seed)
                wrong += found
                print(name, json.dumps(figures[name]), *found, sep="\n  ", flush=True)
    if not chosen.only:
        told = {"rows": N_ROWS, "points": N_POINTS, "rounds": chosen.rounds, "faults": figures}
        told |= {"n_wrong": len(wrong), "kills_of_the_app": desk.n_kills}
        told |= {"seconds": round(time.monotonic() - began, 1), "load": round(os.getloadavg()[0], 1)}
        RESULTS.write_text(json.dumps(told, indent=1) + "\n")
    return 1 if wrong else 0


def _rounds(desk: Desk, name: str, n: int, seed: int) -> tuple[dict[str, Any], list[str]]:
    met: Counter[str] = Counter()
    wrong: list[str] = []
    longest_s = 0.0
    for number in range(n):
        began = time.monotonic()
        try:
            package = FAULTS[name](desk, random.Random(f"{seed} {name} {number}"), met)
            wrong += [f"{name}, round {number}: {one}" for one in desk.wrong(package)]
        except (AssertionError, TimeoutError) as error:
            wrong.append(f"{name}, round {number}: {error}")
        longest_s = max(longest_s, time.monotonic() - began)
    return {"n_wrong": len(wrong), "longest_s": round(longest_s, 1), "met": dict(sorted(met.items()))}, wrong


def _require(ran: Ran, *codes: int) -> None:
    assert ran.code in codes, f"exit code {ran.code}: {ran.said[-600:]}"  # what a round has to show


def _killed(desk: Desk, chance: random.Random, met: Counter[str]) -> Package:
    """train.py is killed, again and again."""
    package = desk.package()
    _require(killed_at_random(package, chance, n_times=3), 0)
    met["kills of train.py"] += 3
    return package


def _app_killed(desk: Desk, chance: random.Random, met: Counter[str]) -> Package:
    package, before = desk.package(), desk.n_kills
    process = package.start()
    with_app_killed(desk, process, chance, n_times=2)
    _require(through(package, process), 0)
    met["kills of the app"] += desk.n_kills - before
    return package


def _front(desk: Desk, chance: random.Random, met: Counter[str]) -> Package:
    """What is in between answers anything but the truth, to every third call."""
    package = desk.package()
    with standing(UnreliableFront(desk.url, seed=chance.randrange(1_000_000))) as front:
        _require(through(package, package.start(MODEL_DESK_URL=front.url), MODEL_DESK_URL=front.url), 0)
    met.update(front.n_met)
    return package


def _strict_front_and_kills(desk: Desk, chance: random.Random, met: Counter[str]) -> Package:
    """It takes no large batch either, and train.py is killed."""
    package = desk.package()
    front = UnreliableFront(desk.url, seed=chance.randrange(1_000_000), share=0.2, is_strict=True)
    with standing(front):
        _require(killed_at_random(package, chance, n_times=2, MODEL_DESK_URL=front.url), 0)
    met.update(front.n_met)
    met["kills of train.py"] += 2
    return package


def _away(desk: Desk, chance: random.Random, met: Counter[str]) -> Package:
    """Nothing answers, from the start or in the middle, for a few seconds at a time."""
    package, secret = desk.package(), desk.token()[1]
    with Wire(desk.url) as wire:
        environment = {"MODEL_DESK_URL": wire.endpoint, "MODEL_DESK_TOKEN": secret}
        if chance.random() < 0.5:
            wire.vanish()
            process = package.start(**environment)
            time.sleep(chance.uniform(1.0, 6.0))
            wire.come_back()
            met["away from the start"] += 1
        else:
            process = package.start(**environment)
        for _ in range(2):
            time.sleep(chance.uniform(0.2, 2.0))
            wire.vanish()
            time.sleep(chance.uniform(0.2, 4.0))
            wire.lose_answers = 2
            wire.come_back()
            met["away"] += 1
        _require(through(package, process, **environment), 0)
    return package


def _revoked(desk: Desk, chance: random.Random, met: Counter[str]) -> Package:
    """The token is revoked in mid-run; what waits is sent by the next."""
    package, (token_id, secret) = desk.package(), desk.token()
    process = package.start(MODEL_DESK_TOKEN=secret)
    begun(desk, package)
    time.sleep(chance.uniform(0.0, 2.0))
    with desk.client() as client:
        client.delete(f"/api/tokens/{token_id}").raise_for_status()
    ran = ended(process, within_s=DEADLINE_S)
    _require(ran, 0, 2)  # 0 where it was quicker
    met["revoked in mid-run"] += ran.code == 2
    if ran.code == 2:
        _require(package.run("--send", MODEL_DESK_TOKEN=secret), 2)
        _require(package.run("--send", MODEL_DESK_TOKEN=desk.token()[1]), 0)
    return package


def _twice(desk: Desk, chance: random.Random, met: Counter[str]) -> Package:
    """The folder is started twice at once: one of them stops."""
    package = desk.package()
    first = package.start()
    time.sleep(chance.uniform(0.0, 0.5))
    both = [first, package.start()]
    codes = sorted(ended(process, within_s=DEADLINE_S).code for process in both)
    assert codes == [0, 4], codes  # what a round has to show
    met["stopped as the second"] += 1
    return package


def _copied(desk: Desk, chance: random.Random, met: Counter[str]) -> Package:
    """A copy of the folder is started while the first one runs: the one that was started last reports."""
    package = desk.package()
    first = package.start()
    begun(desk, package)
    time.sleep(chance.uniform(0.0, 1.5))
    copy = copied(package, desk.folder / f"{package.folder.name}-copy")
    second = copy.start()
    _require(through(copy, second), 0)
    _require(ended(first, within_s=DEADLINE_S), 0, 2)
    met["superseded"] += 1
    return copy


def _all_at_once(desk: Desk, chance: random.Random, met: Counter[str]) -> Package:
    """train.py is killed while the app is killed behind a front that answers anything."""
    package = desk.package()
    with standing(UnreliableFront(desk.url, seed=chance.randrange(1_000_000), share=0.2)) as front:
        process = package.start(MODEL_DESK_URL=front.url)
        with_app_killed(desk, process, chance, n_times=1)
        process.kill()
        process.communicate()
        ran = killed_at_random(package, chance, n_times=1, MODEL_DESK_URL=front.url)
        _require(ran, 0)
    met.update(front.n_met)
    return package


FAULTS: Final[dict[str, Fault]] = {
    "train.py killed": _killed,
    "app killed": _app_killed,
    "front that errs": _front,
    "front that takes little, and kills": _strict_front_and_kills,
    "app away": _away,
    "token revoked": _revoked,
    "run twice at once": _twice,
    "run as a copy too": _copied,
    "all at once": _all_at_once,
}

if __name__ == "__main__":
    sys.exit(main())
