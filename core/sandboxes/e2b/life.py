"""How long a sandbox at E2B lives, and its end: whatever state it is in, and whatever E2B says to that."""

from __future__ import annotations

from typing import Any, Final

from core import logs
from core.sandboxes.e2b.contact import Meaning, meaning, refusal

log = logs.get("sandboxes")
SHORTEST_S: Final = 300.0  # that E2B is asked for: a shorter life is ended from here
STOP_S: Final = 5.0


def lifetime(life_s: float) -> int:
    """Seconds, as E2B is asked for them."""
    return round(max(SHORTEST_S, life_s))


def kill(sdk: Any, ref: str) -> bool:
    """End a sandbox, whatever state it is in; False where E2B could not be told."""
    try:
        sdk.kill(request_timeout=STOP_S, retries=0)
    except Exception as error:
        if meaning(error) is Meaning.GONE:
            return True
        if meaning(error) is Meaning.OTHER:
            raise
        log.warning("a sandbox at E2B could not be ended", sandbox=ref, problem=str(refusal(error)))
        return False
    return True
