"""The child that takes the text out of pages: one for all of a training, and a new one after a page that broke it."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from core.training.errors import PageUnread
from core.training.sources import extract
from core.training.sources.fetching import Fetched
from core.training.unseen import UNSEEN

START_S: Final = 15.0
PAGE_S: Final = 8.0
MOST_ANSWER_BYTES: Final = 12 * extract.MOST_CHARACTERS + 1_000
SCRIPT: Final = Path(extract.__file__)


class Extractor:
    """Pages go through it one at a time, of those that wait the shortest first: those that take long hold up no other.
    The child begins with the first, has nothing of ours in its environment, and is gone when this is left.

    script: what it runs, as `extract.py` is run. page_s: after which it is killed; its start has START_S of its own.
    """

    def __init__(self, *, script: Path = SCRIPT, page_s: float = PAGE_S) -> None:
        self._script, self._page_s = script, page_s
        self._child: Process | None = None
        self._changed, self._waiting, self._is_busy = asyncio.Condition(), list[int](), False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def text(self, page: Fetched) -> tuple[str, bool]:
        """Its text, and whether that was cut. Raises PageUnread.

        A child that breaks with a page may have been worn out by those before: then a new one has it once more.
        """
        async with self._turn(len(page.content)):
            is_worn = self._child is not None
            try:
                try:
                    text, is_cut = await self._asked(page)
                except (OSError, EOFError):
                    if not is_worn:
                        raise
                    text, is_cut = await self._asked(page)
            except (OSError, EOFError) as error:
                raise _unread() from error
        if not text:
            raise PageUnread(problem="it holds no text")
        return text, is_cut

    @asynccontextmanager
    async def _turn(self, n_bytes: int) -> AsyncIterator[None]:
        async with self._changed:
            self._waiting.append(n_bytes)
            try:
                await self._changed.wait_for(lambda: not self._is_busy and n_bytes == min(self._waiting))
                self._is_busy = True
            finally:
                self._waiting.remove(n_bytes)
                self._changed.notify_all()
        try:
            yield
        finally:
            async with self._changed:
                self._is_busy = False
                self._changed.notify_all()

    async def _asked(self, page: Fetched) -> tuple[str, bool]:
        """Raises PageUnread; OSError, EOFError where the child has broken. Whoever does not answer well is killed."""
        try:
            if self._child is None:
                async with asyncio.timeout(START_S):
                    await self._start()
            async with asyncio.timeout(self._page_s):
                said = await self._said(page)
            return _storable(str(said["text"])[: extract.MOST_CHARACTERS]), bool(said["is_cut"])
        except (TimeoutError, ValueError, KeyError, TypeError, RecursionError) as error:
            await self._end()
            raise _unread() from error
        except BaseException:
            await self._end()
            raise

    async def _start(self) -> None:
        """Raises OSError, EOFError, ValueError."""
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            self._script,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={},
            limit=MOST_ANSWER_BYTES,
        )
        await self._line()

    async def _said(self, page: Fetched) -> dict[str, object]:
        assert self._child is not None
        assert self._child.stdin is not None
        about = {"is_html": page.is_html, "charset": page.charset, "n_bytes": len(page.content)}
        self._child.stdin.write(json.dumps(about).encode() + b"\n" + page.content)
        await self._child.stdin.drain()
        said = json.loads(await self._line())
        if not isinstance(said, dict):
            raise TypeError("it is no object")
        return said

    async def _line(self) -> bytes:
        """The child's next line. Raises EOFError where it has ended, ValueError where the line is too long."""
        assert self._child is not None
        assert self._child.stdout is not None
        line = await self._child.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.returncode is None:
            child.kill()
        await child.wait()


def _storable(text: str) -> str:
    """Without what no database keeps, and nobody sees."""
    return UNSEEN.sub("", text.replace("\0", "")).encode("utf-8", "replace").decode().strip()


def _unread() -> PageUnread:
    return PageUnread(problem="its text can't be told from what surrounds it")
