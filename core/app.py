"""The process as a whole: what is mounted beside the pages, and what lives from start to stop."""

from __future__ import annotations

import asyncio
import logging
import platform
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import uvicorn
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from core import access, api, collector, db, logs, private_files, queue, rooms, settings, storage, system
from core.api.http import bounded_protocol
from core.db import migrate
from core.errors import Unavailable
from core.training.deployments.keeper import Keeper
from core.worker.runner import Runner

log = logs.get("app")

ANSWERS_END_S = 3  # after a SIGTERM, answers and uploads that still go on are cut off


def routes() -> Sequence[BaseRoute]:
    """The HTTP API under `/api`; to be given to `st.App`."""
    private_files.from_now_on()
    logs.configure(settings.current())
    rooms.load()
    return api.routes()


def middleware() -> Sequence[Middleware]:
    """What every request passes first; to be given to `st.App`."""
    return api.middleware()


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Migrate, make the first user and sample, run the embedded worker; at the end hand its work back."""
    config = settings.current()
    api.require_unreachable()
    if (server := _server()) is not None:
        _require_distrust(server, config)
        _bound_the_stop(server)
        bounded_protocol.bound(server, trusted_proxies=config.trusted_proxies)
    db.reserve_worker_role()
    await anyio.to_thread.run_sync(_prepare, config)
    if fault := system.known_fault():
        log.info(f"Python {platform.python_version()}: {fault}")
    runner = Runner(config, slots=config.workers, is_embedded=True, modules=rooms.task_modules())
    runner.start()
    queue.local_runner.serve(runner.run_now)
    keeper = Keeper(config)
    keeper.start()
    greeting = asyncio.create_task(_greet(config))
    try:
        async with api.lifespan():
            collector.resume()
            yield
    finally:
        greeting.cancel()
        queue.local_runner.serve(None)
        db.free_worker_role()
        access.users.refuse_new(None)
        async with anyio.create_task_group() as stopping:
            stopping.start_soon(_stop, keeper.stop, "the live apps did not stop in time")
            late = "the worker did not stop in time; its tasks are resumed once their leases expire"
            stopping.start_soon(_stop, runner.stop, late)


async def _stop(stop: Callable[[], bool], late: str) -> None:
    if not await anyio.to_thread.run_sync(stop):
        log.warning(late)


def _server() -> uvicorn.Server | None:
    """The server that Streamlit runs: it hands none out, but the server is who answers the signal."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return server if isinstance(server, uvicorn.Server) else None


def _require_distrust(server: uvicorn.Server, config: settings.Settings) -> None:
    """Raises WrongSetting where people sign in and the server believes other proxies than TRUSTED_PROXIES."""
    believed = server.config.forwarded_allow_ips
    if config.has_sign_in and believed != config.trusted_proxies:
        problem = (
            f"the server trusts forwarded headers from {believed}; start the app with `python -m core.start`"
        )
        raise settings.WrongSetting(name="TRUSTED_PROXIES", problem=problem)


def _bound_the_stop(server: uvicorn.Server) -> None:
    """Let no client hold the stop up: by itself the server waits for each upload and download to end."""
    server.config.timeout_graceful_shutdown = ANSWERS_END_S
    logging.getLogger("uvicorn.error").addFilter(partial(is_news, server))


def is_news(server: uvicorn.Server, record: logging.LogRecord) -> bool:
    """False for the traceback of a request that the stop itself cut off: the server says how many they are."""
    error = record.exc_info[1] if record.exc_info else None
    return not (server.should_exit and isinstance(error, asyncio.CancelledError))


def _prepare(config: settings.Settings) -> None:
    storage.disk_reserve.use(config)
    storage.disk_reserve.renew()
    if n_closed := private_files.tighten(config.data_dir):
        log.info("older files of the data folder are no longer open to other users", n=n_closed)
    with db.as_worker():
        migrate.upgrade(db.connect_configured(config))
        storage.sweep(config.staging_dir)
        try:
            system.first_start(config)
        except Unavailable as error:  # pages show the System page meanwhile, which says the same
            access.users.refuse_new(error)
            log.error(str(error))  # noqa: TRY400  # it has its cure; a traceback would hide it


async def _greet(config: settings.Settings) -> None:
    """Say where to go, as soon as that address answers."""
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(config.reached_at, config.port)
            writer.close()
            break
        await asyncio.sleep(0.05)
    log.unbind("room").info(f"Model Desk is ready: {config.url}")
