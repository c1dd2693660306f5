"""Ports of loopback for servers of tests."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

NOT_GIVEN = range(12_000, 32_000)


def spare_port() -> int:
    """A port that nobody has, and that no connection gets from the system before it is used."""
    while True:
        port = secrets.choice(NOT_GIVEN)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
