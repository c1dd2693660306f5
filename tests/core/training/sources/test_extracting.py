"""The child in which pages become text: one for all of them, killed at its limit, and a new one for the next page."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from core.training.errors import PageUnread
from core.training.sources.extracting import Extractor
from core.training.sources.fetching import Fetched

FETCHED = Fetched(b"x", is_html=True, charset="")
# Answers as `extract.py` does; what a page says is done first.
OBEYS = """
import json, os, sys, threading
print("{{}}", flush=True)
open({noted!r}, "a").write(f"{{os.getpid()}}\\n")
seen = []
while line := sys.stdin.buffer.readline():
    page = sys.stdin.buffer.read(json.loads(line)["n_bytes"]).decode()
    seen.append(page)
    exec(page)
    print(json.dumps({{"text": said, "is_cut": False}}), flush=True)
"""


class Child:
    """A script that does what pages say, and notes the processes that run it."""

    def __init__(self, folder: Path) -> None:
        self._noted = folder / "pids"
        self.script = folder / "obeys.py"
        self.script.write_text(OBEYS.format(noted=str(self._noted)))

    @property
    def pids(self) -> list[int]:
        return [int(pid) for pid in self._noted.read_text().split()]

    def answers(self, *pages: str, page_s: float = 30.0) -> list[str]:
        """What becomes of each page, all given at once."""

        async def given() -> list[str]:
            async with Extractor(script=self.script, page_s=page_s) as extractor:
                return await asyncio.gather(*(one(extractor, page) for page in pages))

        async def one(extractor: Extractor, page: str) -> str:
            try:
                text, _ = await extractor.text(Fetched(page.encode(), is_html=True, charset=""))
            except PageUnread as unread:
                return str(unread)
            return text

        return asyncio.run(given())


@pytest.fixture
def child(tmp_path: Path) -> Child:
    return Child(tmp_path)


UNTOLD = "its text can't be told from what surrounds it."
GOOD = "said = f'{len(seen)}'"
LATER = GOOD + "#" * 200  # a longer page, so that it has its turn after shorter ones


def test_all_pages_share_one_child_which_is_gone_afterwards(child: Child) -> None:
    assert child.answers(GOOD, GOOD, GOOD) == ["1", "2", "3"]
    (pid,) = child.pids
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    "bad",
    [
        "os._exit(3)",
        "os.kill(os.getpid(), 11)",
        "raise MemoryError",
        "print('no JSON', flush=True); threading.Event().wait()",
        "print('[' * 100_000, flush=True); threading.Event().wait()",
        "print('[1]', flush=True); threading.Event().wait()",
        "print('x' * 1_000_000, flush=True); threading.Event().wait()",
        "sys.stdout.write('{'); sys.stdout.flush(); os._exit(0)",
    ],
)
def test_a_page_that_breaks_it_costs_only_itself(child: Child, bad: str) -> None:
    assert child.answers(GOOD, bad, LATER, LATER) == ["1", UNTOLD, "1", "2"]


def test_a_page_that_hangs_costs_only_itself_and_its_child_is_killed(child: Child) -> None:
    assert child.answers(GOOD, "threading.Event().wait()", LATER, page_s=2.0) == ["1", UNTOLD, "1"]
    assert len(child.pids) == 2
    for pid in child.pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_of_pages_that_wait_the_shortest_has_its_turn_first(child: Child) -> None:
    pages = [GOOD + "#" * n for n in (0, 300, 200, 100)]
    assert child.answers(*pages) == ["1", "4", "3", "2"]


def test_a_page_is_not_blamed_for_what_those_before_it_have_left(child: Child) -> None:
    assert child.answers(GOOD, "said = 'fresh' if len(seen) == 1 else os._exit(9)") == ["1", "fresh"]
    assert len(child.pids) == 2


def test_whoever_waits_no_longer_leaves_no_child_behind(child: Child) -> None:
    async def left() -> list[str]:
        async with Extractor(script=child.script) as extractor:
            asking = asyncio.create_task(
                extractor.text(Fetched(b"threading.Event().wait()", is_html=True, charset=""))
            )
            while not (child.script.parent / "pids").exists():
                await asyncio.sleep(0.01)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            text, _ = await extractor.text(Fetched(GOOD.encode(), is_html=True, charset=""))
            return [text]

    assert asyncio.run(left()) == ["1"]
    assert len(child.pids) == 2
    for pid in child.pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_what_no_database_keeps_does_not_come_out(child: Child) -> None:
    assert child.answers(r"said = ' a\0b\ud800c '") == ["ab?c"]
    assert child.answers("said = 'ab\\u202ec\\U000e0041d'") == ["abcd"], "nor what nobody sees"
    assert child.answers("said = 'x' * 19_000 + '\U0001f600' * 2_000") == [
        "x" * 19_000 + "\U0001f600" * 1_000
    ]


def test_nothing_of_ours_is_in_its_environment(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    (names,) = child.answers("said = ' '.join(os.environ) or '-'")
    assert "ANTHROPIC_API_KEY" not in names


def test_a_machine_that_starts_no_process_is_a_sentence(tmp_path: Path) -> None:
    async def asked() -> None:
        async with Extractor(script=tmp_path / "not there.py") as extractor:
            await extractor.text(FETCHED)

    with pytest.raises(PageUnread, match="can't be told"):
        asyncio.run(asked())
