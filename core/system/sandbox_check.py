"""Whether code that nobody has read can run somewhere, held back as it must be."""

from __future__ import annotations

from collections.abc import Iterator

from core import sandboxes
from core.check import Check, State
from core.room import CheckContext
from core.sandboxes import SandboxUnavailable


def look(context: CheckContext) -> Iterator[Check]:
    """Without a sandbox the rest of the app works: what needs one is refused, with the cure."""
    backend = sandboxes.configured(context.settings)
    name = "Local" if backend.name == "local" else "E2B"
    try:
        backend.probe()
    except SandboxUnavailable as error:
        yield Check("Sandboxes", name, State.WARN, error.message, error.hint)
    else:
        yield Check("Sandboxes", name, State.OK, backend.isolation)
