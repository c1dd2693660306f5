"""Python's collector of garbage while a process starts: disabled, as what is loaded stays.

By itself it goes through all of that again and again, for a sixth of the processor time of a start; and once more each
time it looks later, a quarter of a second where the SDK is loaded. So a start says `gc.disable()` before it loads
anything, and `resume` at its end.
"""

from __future__ import annotations

import gc


def resume() -> None:
    """Collect again, all but what is there now; does nothing where collecting was not disabled."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
