"""Asks the app's own file in a sandbox, `inside/desk.py`: one command of the SDK's for each question."""

from __future__ import annotations

import json
import shlex
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from core.sandboxes.e2b.contact import Ours
from core.sandboxes.errors import RemoteSandboxUnavailable

if TYPE_CHECKING:
    import e2b

FOLDER: Final = ".model-desk"  # below the home of the sandbox's user
MOST_SAID: Final = 100_000
MOST_COMPLAINT: Final = 200


class Mute(Ours):  # what the code has done to its own machine
    """The files of ours in the sandbox do not answer as they should."""


def ask(
    sdk: e2b.Sandbox, through: Callable[[Callable[[], object]], object], *asked: Any, timeout_s: float
) -> dict[str, Any]:
    """What it says. through: tries a call again where contact is lost.

    Raises SandboxUnavailable where it says nothing of use, and what `through` raises.
    """
    from e2b import CommandExitException

    said: list[str] = []
    complaint = deque[str](maxlen=20)

    def hear(text: str) -> None:
        said.append(text)
        if sum(map(len, said)) > MOST_SAID:
            raise Mute

    def run() -> None:
        said.clear()
        try:
            sdk.commands.run(
                line(*asked),
                timeout=timeout_s,
                on_stdout=hear,
                on_stderr=complaint.append,
                retain_output=False,
            )
        except CommandExitException as error:
            raise Mute(str(error)) from error

    try:
        through(run)
        answer = json.loads("".join(said))
    except (Mute, ValueError, RecursionError) as error:
        last = " ".join("".join(complaint).split())[-MOST_COMPLAINT:]
        problem = f"its sandbox does not answer as it should ({last or 'it says nothing'})"
        raise RemoteSandboxUnavailable(
            problem=problem, cure="Retry, or choose another E2B_TEMPLATE."
        ) from error
    return answer if isinstance(answer, dict) else {}


def line(command: str, *arguments: Any) -> str:
    """The command as a shell reads it."""
    words = ["python3", f"{FOLDER}/desk.py", command, *(json.dumps(one) for one in arguments)]
    return shlex.join(words)
