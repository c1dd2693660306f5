"""Taking over: what an earlier attempt was asking when it ended, and the replies that it has left.

A reply that is stored, or kept in the row of its request, is taken as if it came now. What was asked and left no reply
is asked again, and counted as possibly paid twice.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from core.generation.engine.ledger.ledger import Ledger
from core.generation.engine.ledger.records import End
from core.generation.engine.patience import Wait
from core.generation.engine.requests.asking import Asker
from core.generation.engine.requests.flights import Asked
from core.generation.engine.requests.purpose import Prepare
from core.generation.engine.requests.reply_store import ReplyStore
from core.generation.jobs.states import ItemState


async def recover(
    ledger: Ledger, store: ReplyStore, asker: Asker, prepare: Prepare, wait: Wait
) -> tuple[list[Asked], list[str]]:
    """What has become of each interrupted item; and the keys of replies that have now reached storage.

    wait(verb): the answer of a verb that blocks, once the database and storage are there.
    """
    rows = await wait(ledger.stored.interrupted)
    kept: dict[int, tuple[int, str, bytes]] = {}
    moved: list[str] = []
    for idx, n, key, raw in await wait(ledger.stored.kept_replies):
        await wait(partial(store.keep, [(key, raw)]))
        moved.append(key)
        kept[idx] = max(kept.get(idx, (0, key, raw)), (n, key, raw))
    if not rows:
        return [], moved
    stored = await wait(store.stored)
    accounted = await wait(lambda: ledger.stored.last_asked([row.idx for row in rows]))
    found: list[Asked] = []
    for item in await wait(partial(prepare, rows)):
        if item.idx in kept and kept[item.idx][0] >= item.n_asked:  # else it was read, and asked for again
            item.n_asked, key, raw = kept[item.idx]
            found.append(await asker.resume(item, raw, key=key, is_kept=True))
            continue
        newest = max(stored.get(item.idx, []), default=0)
        if newest > accounted.get(item.idx, 0):
            item.n_asked = newest
            key = store.raw_key(item.idx, newest)
            raw = await wait(partial(store.raw, key))
            found.append(await asker.resume(item, raw, key=key, is_kept=False))
        elif item.n_asked > accounted.get(item.idx, 0):
            found.append(Asked(End(item, ItemState.QUEUED), [asker.lost(item)]))
        else:
            found.append(Asked(End(item, ItemState.QUEUED), []))
    return found, moved


async def move_kept(ledger: Ledger, store: ReplyStore, wait: Wait, threads: ThreadPoolExecutor) -> list[str]:
    """Bring the replies that wait in their rows into storage; their keys. Raises StorageUnavailable, DiskFull."""
    kept = await wait(ledger.stored.kept_replies)
    loop = asyncio.get_running_loop()
    for _, _, key, raw in kept:
        await loop.run_in_executor(threads, partial(store.keep, [(key, raw)]))
    return [key for _, _, key, _ in kept]
