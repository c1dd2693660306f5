"""The sockets that the server listens on: where they can be reached, and that answers leave at once."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def answer_at_once(port: int) -> int:
    """Turn Nagle's delay off for every connection this process will accept on `port`; how many sockets that are.

    Streamlit binds its socket without naming TCP as the protocol, so asyncio leaves the delay on: the body of
    an answer waits some 40 ms for the client to acknowledge the head. Accepted connections inherit the option.
    """
    n_found = 0
    for found in _listeners():
        if found.getsockname()[1] == port:
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            n_found += 1
    return n_found


def listening() -> set[str]:
    """The addresses at which this process accepts connections, whatever its settings say."""
    return {str(found.getsockname()[0]) for found in _listeners()}


def _listeners() -> Iterator[socket.socket]:
    """Copies of this process's listening sockets, each closed when the next is asked for."""
    for entry in list(Path("/dev/fd").iterdir()):
        with suppress(OSError, ValueError):  # one that is no socket, or was closed while we looked
            fd = int(entry.name)
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                continue
            with socket.socket(fileno=os.dup(fd)) as found:
                if _listens(found):
                    yield found


def _listens(found: socket.socket) -> bool:
    return (
        found.family in (socket.AF_INET, socket.AF_INET6)
        and found.type == socket.SOCK_STREAM
        and bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    )
