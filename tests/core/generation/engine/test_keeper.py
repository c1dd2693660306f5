"""Files that come together are stored together, and each of them is its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from core.generation.engine.requests import keeper
from core.generation.engine.requests.keeper import Keeper
from core.generation.engine.requests.reply_store import ReplyStore
from core.storage import LocalStorage, StorageUnavailable
from tests.servers.waiting import PATIENCE_S


class Slow(LocalStorage):
    """Stores nothing until it may; `rounds` says how many files it was given at a time. is_away: then it fails."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.rounds: list[int] = []
        self.may, self.is_away = threading.Event(), False

    def put_all(self, contents: Sequence[tuple[str, bytes]]) -> list[bool]:
        self.rounds.append(len(contents))
        assert self.may.wait(PATIENCE_S)
        if self.is_away:
            raise StorageUnavailable(problem="it was taken away")
        return super().put_all(contents)


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    """A storage that waits."""
    return Slow(tmp_path / "files")


def during(slow: Slow, story: Callable[[Keeper], Awaitable[None]]) -> None:
    """Let a story happen to a keeper."""

    async def happen() -> None:
        with ThreadPoolExecutor(4) as threads:
            store = ReplyStore(slow, slow.root.with_name("staging"), uuid4())
            await story(Keeper(store, threads))

    asyncio.run(happen())


def key(n: int) -> str:
    return f"conversation-files/raw/job/{n}-1.json"


async def begun(kept: Keeper, ns: range) -> list[asyncio.Task[bytes]]:
    """So many are to be kept, and are waiting."""
    tasks = [asyncio.create_task(kept.keep(key(n), f"reply {n}".encode())) for n in ns]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_what_arrives_while_files_are_stored_is_stored_together_next(slow: Slow) -> None:
    async def story(kept: Keeper) -> None:
        tasks = await begun(kept, range(1)) + await begun(kept, range(1, 8))
        slow.may.set()
        assert await asyncio.gather(*tasks) == [f"reply {n}".encode() for n in range(8)]

    during(slow, story)
    assert slow.rounds == [1, 7]
    assert list(slow.keys("")) == [key(n) for n in range(8)]


def test_a_round_has_an_end(slow: Slow) -> None:
    async def story(kept: Keeper) -> None:
        tasks = await begun(kept, range(keeper.MOST + 5))
        slow.may.set()
        await asyncio.gather(*tasks)

    during(slow, story)
    assert slow.rounds == [keeper.MOST, 5]


def test_whoever_leaves_takes_nobodys_file_along(slow: Slow) -> None:
    async def story(kept: Keeper) -> None:
        first, *others = await begun(kept, range(4))
        first.cancel()
        await asyncio.sleep(0)
        slow.may.set()
        assert await asyncio.gather(*others) == [f"reply {n}".encode() for n in range(1, 4)]

    during(slow, story)


def test_a_file_that_was_there_first_is_what_its_own_hear_and_nobody_else(slow: Slow) -> None:
    slow.may.set()
    slow.put_all([(key(1), b"another's")])

    async def story(kept: Keeper) -> None:
        found = await asyncio.gather(*await begun(kept, range(3)))
        assert found == [b"reply 0", b"another's", b"reply 2"]

    during(slow, story)


def test_a_round_that_fails_is_told_to_all_of_it_and_can_be_had_again(slow: Slow) -> None:
    slow.is_away = True
    slow.may.set()

    async def story(kept: Keeper) -> None:
        failed = await asyncio.gather(*await begun(kept, range(3)), return_exceptions=True)
        assert [type(one) for one in failed] == [StorageUnavailable] * 3
        slow.is_away = False
        await asyncio.gather(*await begun(kept, range(3)))

    during(slow, story)
    assert len(list(slow.keys(""))) == 3
