from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import pytest

from core.api.application import LARGE_BYTES, Lanes
from core.uploads import archives


@pytest.mark.parametrize("large", [{"n_bytes": LARGE_BYTES + 1}, {"n_bytes": 9, "is_packed": True}])
def test_a_small_file_never_waits_for_large_ones(large: dict[str, int]) -> None:
    async def main() -> list[str]:
        lanes, begun = Lanes(), list[str]()

        async def work(name: str, over: asyncio.Event, **file: int) -> None:
            async with lanes.lane(**file) as heavy, heavy:  # type: ignore[arg-type]  # bools are ints
                begun.append(name)
                await over.wait()

        async with asyncio.TaskGroup() as tasks:
            over, small_over = asyncio.Event(), asyncio.Event()
            for n in range(3):
                tasks.create_task(work(f"large {n}", over, **large))
            await asyncio.sleep(0)
            small = tasks.create_task(work("small", small_over, n_bytes=100))
            small_over.set()
            await small
            over.set()
        return begun

    begun = asyncio.run(main())
    assert begun[:2] == ["large 0", "small"]
    assert sorted(begun[2:]) == ["large 1", "large 2"]


def test_what_is_packed_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    packed, plain = tmp_path / "a.csv", tmp_path / "b.gz"
    packed.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    plain.write_bytes(b"a,b\n1,2\n")
    assert (archives.is_packed(packed), archives.is_packed(plain)) == (True, False)
