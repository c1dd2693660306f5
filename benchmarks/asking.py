"""`python -m benchmarks.asking ours URL`: asks for 1,000 items in this process, and prints what that took.

`ours`: by client and gate; `sdk`: by the bare SDK with its own retries, for comparison.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from typing import Any

from core import llm
from core import settings as settings_module
from tests.servers.app import PROJECT

N_ITEMS, N_AT_ONCE, LATENCY_S = 1_000, 100, 0.5
IDEAL_S = N_ITEMS / N_AT_ONCE * LATENCY_S
QUOTA = {"per_s": 100.0, "capacity": 100.0}
QUOTA_IDEAL_S = (N_ITEMS - QUOTA["capacity"]) / QUOTA["per_s"] + LATENCY_S
TWO_IDEAL_S = QUOTA_IDEAL_S + N_ITEMS / QUOTA["per_s"]
MODEL, MAX_TOKENS = "claude-haiku-5-5", 2_000
PROMPT = "Write a conversation. " * 200 + '<variable name="topic">{}</variable>'


def start(how: str, url: str) -> subprocess.Popen[str]:
    """One that asks, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.asking", how, url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT)


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What it has found."""
    said, _ = process.communicate(timeout=600)
    found: dict[str, Any] = json.loads(said)
    return found


def _asked(how: str, url: str) -> dict[str, Any]:
    """Ask for all items, in this process."""
    provider = llm.provider(
        settings_module.read(_env_file=None, anthropic_api_key="k", anthropic_base_url=url)
    )
    lost, seconds, cpu_s = asyncio.run(_by_us(provider) if how == "ours" else _by_the_sdk(provider))
    return {
        "seconds": round(seconds, 2),
        "cpu_ms": round(cpu_s / N_ITEMS * 1e3, 3),
        "mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "lost": lost,
    }


async def _by_us(provider: llm.Provider) -> tuple[int, float, float]:
    todo, done, loop = asyncio.Queue[tuple[int, int]](), asyncio.Queue[int](), asyncio.get_running_loop()
    for n in range(N_ITEMS):
        todo.put_nowait((n, 0))
    gate = llm.gate(provider, MODEL, at_once=N_AT_ONCE)
    async with llm.client(provider) as client:
        began, cpu = time.perf_counter(), time.process_time()

        async def work() -> None:
            """Whoever's item waits goes on with another."""
            while True:
                n, n_before = await todo.get()
                try:
                    async with gate.admit():
                        reply = await client.ask(_request(n))
                    assert reply.usage is not None
                    done.put_nowait(n)
                except (llm.RateLimited, llm.ProviderUnavailable) as failure:
                    loop.call_later(llm.pause_s(failure, n_before), todo.put_nowait, (n, n_before + 1))

        workers = [asyncio.ensure_future(work()) for _ in range(N_AT_ONCE)]
        found = {await done.get() for _ in range(N_ITEMS)}
        for worker in workers:
            worker.cancel()
        return N_ITEMS - len(found), time.perf_counter() - began, time.process_time() - cpu


async def _by_the_sdk(provider: llm.Provider) -> tuple[int, float, float]:
    import anthropic

    todo, lost = list(range(N_ITEMS)), 0
    async with anthropic.AsyncAnthropic(
        api_key="k", base_url=provider.base_url, open_telemetry=False
    ) as client:
        began, cpu = time.perf_counter(), time.process_time()

        async def work() -> None:
            nonlocal lost
            while todo:
                body = _request(todo.pop()).body()
                try:
                    message = await client.messages.create(**body)
                    assert message.usage
                except anthropic.APIError:
                    lost += 1

        await asyncio.gather(*(work() for _ in range(N_AT_ONCE)))
        return lost, time.perf_counter() - began, time.process_time() - cpu


def _request(n: int) -> llm.Request:
    return llm.Request(model=MODEL, prompt=PROMPT.format(n), max_tokens=MAX_TOKENS)


if __name__ == "__main__":
    print(json.dumps(_asked(*sys.argv[1:])))
