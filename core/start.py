"""`python -m core.start`: look before the start, say in one sentence what is in the way, then serve."""

from __future__ import annotations

import gc

if __name__ == "__main__":
    gc.disable()  # until all is loaded

import errno
import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

from core import db, private_files, settings
from core.access import exposure
from core.db import migrate
from core.errors import AppError
from core.storage import disk_reserve

PROJECT = Path(__file__).resolve().parents[1]
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class PortBusy(AppError):
    """Another program listens on the app's port."""

    code = "port_busy"
    message = "Port {port_id} is in use by another program."
    hint = "Stop it, or choose another port: make run PORT={free_port_id}"
    port_id: int
    free_port_id: int


class NoSuchAddress(AppError):
    """LISTEN_ADDRESS is not an address of this machine."""

    code = "no_such_address"
    message = "This machine has no address {address}, so the app can't listen there."
    hint = "Set LISTEN_ADDRESS to one of its addresses, to 0.0.0.0 for all of them, or leave it out for loopback."
    address: str


class NotWritable(AppError):
    """The data folder can't be created or written to."""

    code = "not_writable"
    message = "The app can't write to the data folder {folder} ({reason})."
    hint = "Make it writable, or choose another folder: make run DATA_DIR=/path/to/folder"
    folder: Path
    reason: str


class NoRoom(AppError):
    """The folder for data is on a disk that is full."""

    code = "no_room"
    message = "The disk of the data folder {folder} is full ({reason})."
    hint = "Free some space there, or choose another folder: make run DATA_DIR=/path/to/folder"
    folder: Path
    reason: str


def main() -> NoReturn:
    private_files.from_now_on()
    gc.enable()
    try:
        config = settings.current()
        exposure.require_safe(config)
        require_port(config.port, config.listen_address)
        require_room(config)
        require_database(config)
    except AppError as error:
        sys.exit(str(error))  # on stderr, with exit code 1
    serve(config)


def serve(config: settings.Settings) -> NoReturn:
    """Become Streamlit's server in this very process, so that signals reach it."""
    os.chdir(PROJECT)
    environment = {
        **os.environ,
        **config.environment(),
        "FORWARDED_ALLOW_IPS": config.trusted_proxies,  # the server would else believe all of this machine
    }
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "streamlit_app.py",
        f"--server.port={config.port}",
        f"--server.address={config.listen_address}",
    ]
    os.execve(sys.executable, command, environment)  # noqa: S606  # no shell, our own interpreter


def require_port(port: int, address: str) -> None:
    """Raises PortBusy, with a port that is free; NoSuchAddress."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise NoSuchAddress(address=address) from error
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            raise PortBusy(port_id=port, free_port_id=probe.getsockname()[1]) from error


def require_writable(folder: Path) -> None:
    """Raises NotWritable, NoRoom."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            probe.write_bytes(b"probe")
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        refusal = NoRoom if error.errno in FULL else NotWritable
        raise refusal(folder=folder.resolve(), reason=error.strerror or str(error)) from error


def require_room(config: settings.Settings) -> None:
    """`require_writable`; on a full disk the room for deletions is given up first, so that somebody can delete.

    Raises NotWritable, NoRoom.
    """
    reserve = disk_reserve.of(config)
    try:
        require_writable(config.data_dir)
    except NoRoom:
        if reserve is None or not reserve.is_there:
            raise
        reserve.release()
        require_writable(config.data_dir)


def require_database(config: settings.Settings) -> None:
    """Raises DatabaseUnavailable, NewerSchema: inside the server they would end it with a traceback."""
    database = db.connect_configured(config)
    try:
        migrate.upgrade(database)
    finally:
        database.dispose()


if __name__ == "__main__":
    main()
