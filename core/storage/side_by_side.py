"""Many small files to a server at once: each waits for its own answer, and none for another's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from core.storage.protocol import KeyTaken

N_AT_ONCE: Final = 8


def side_by_side(put: Callable[[str, bytes], object], contents: Sequence[tuple[str, bytes]]) -> list[bool]:
    """`put` each; of each, whether its key was free. Raises what any of them raises, once all have ended."""

    def is_new(one: tuple[str, bytes]) -> bool:
        try:
            put(*one)
        except KeyTaken:
            return False
        return True

    if len(contents) == 1:
        return [is_new(contents[0])]
    with ThreadPoolExecutor(N_AT_ONCE, thread_name_prefix="put") as threads:
        return list(threads.map(is_new, contents))
