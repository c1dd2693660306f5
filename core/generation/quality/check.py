"""All checks of one conversation. Each is held to itself: one that fails is noted, and the others go on."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

from core import logs
from core.generation.quality import (
    credentials,
    languages,
    personal,
    repetition,
    residue,
    structure,
    talk,
)
from core.generation.quality.duplicates import signature
from core.generation.quality.findings import KINDS, Code, Finding
from core.generation.quality.score import score
from core.generation.quality.talk import Talk
from core.generation.quality.thresholds import Thresholds

MOST_OF_A_CODE: Final = 20  # findings that are kept; more tell a reader nothing new
_MOST_OF_A_CHECK: Final = 500
CHECKS: Final[Mapping[str, Callable[[Talk], Iterator[Finding]]]] = {
    "turn order": structure.turn_order,
    "empty turns": structure.empty_turns,
    "speakers": structure.several_speakers,
    "length": structure.lengths,
    "language": languages.other_languages,
    "sentences": repetition.sentences,
    "phrases": repetition.phrases,
    "openers": repetition.openers,
    "placeholders": residue.placeholders,
    "talk about itself": residue.about_itself,
    "keys and passwords": credentials.credentials,
    "personal data": personal.personal_data,
}
NEAR_DUPLICATES: Final = "near-duplicates"
log = logs.get("generation")


def text_findings(
    messages: Sequence[Mapping[str, Any]],
    *,
    thresholds: Thresholds,
    params: Mapping[str, Any] | None = None,
    conversation: str = "",
) -> list[Finding]:
    """What is found in its words alone. conversation: what the log calls it where a check fails. Raises nothing."""
    read = talk.read(messages, thresholds=thresholds, params=params)
    found: list[Finding] = []
    for name, check in CHECKS.items():
        look = partial(islice, check(read), _MOST_OF_A_CHECK)
        found += guarded(name, look, conversation=conversation)
    return found


def guarded(
    name: str,
    look: Callable[[], Iterable[Finding]],
    *,
    passes: tuple[type[Exception], ...] = (),
    conversation: str = "",
) -> list[Finding]:
    """What a look finds; where it fails for whatever reason, that it has, which is logged too.

    passes: what is raised all the same, as a database that is away.
    """
    try:
        return list(look())
    except passes:
        raise
    except Exception as error:  # noqa: BLE001  # nothing that a conversation holds may fail its item
        problem = _told(error)  # no traceback: it would quote the conversation
        log.error("a quality check failed", check=name, problem=problem, conversation=conversation)  # noqa: TRY400
        return [Finding(Code.NOT_CHECKED, detail=name)]


def _told(error: Exception) -> str:
    """What has failed and where in the code; not the error's words, which may be the conversation's."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__}, {Path(frames[-1].filename).name}:{frames[-1].lineno}"


def minhash(
    messages: Sequence[Mapping[str, Any]], conversation: str = ""
) -> tuple[bytes | None, list[Finding]]:
    """Its signature; None where none could be made, and what is said then."""
    made: list[bytes] = []

    def make() -> Iterator[Finding]:
        made.append(signature(messages))
        return iter(())

    said = guarded(NEAR_DUPLICATES, make, conversation=conversation)
    return (made[0] if made else None), said


def columns(found: Sequence[Finding], *, thresholds: Thresholds) -> dict[str, Any]:
    """What a row of `conversations` holds of these findings: at most MOST_OF_A_CODE of each, in the order of KINDS."""
    order = {str(code): at for at, code in enumerate(KINDS)}
    counted = Counter[str]()
    kept = []
    for one in sorted(
        found, key=lambda one: (order.get(one.code, len(order)), one.message_idx or 0, one.start or 0)
    ):
        counted[one.code] += 1
        if one.code not in thresholds.ignored and counted[one.code] <= MOST_OF_A_CODE:
            kept.append(one)
    return {"score": score(kept), "findings": [one.to_json() for one in kept]}
