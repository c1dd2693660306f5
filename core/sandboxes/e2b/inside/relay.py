"""Copied into a sandbox: leads a port of it, which listens already, to a unix socket there, byte by byte."""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


PLACES = threading.BoundedSemaphore(100)  # connections at once: more wait


def serve(connection: socket.socket, path: str) -> None:
    try:
        with suppress(OSError):
            lead(connection, path)
    finally:
        PLACES.release()


def lead(connection: socket.socket, path: str) -> None:
    with connection, socket.socket(socket.AF_UNIX) as inner:
        try:
            inner.connect(path)
        except OSError:
            connection.sendall(b"HTTP/1.0 502 Bad Gateway\r\n\r\n")
            return
        threading.Thread(target=pass_on, args=(connection, inner), daemon=True).start()
        pass_on(inner, connection)
        for one in (connection, inner):  # the other direction ends with this one
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def main(descriptor: str, path: str) -> None:
    listening = socket.socket(fileno=int(descriptor))
    while True:
        PLACES.acquire()
        connection, _ = listening.accept()
        threading.Thread(target=serve, args=(connection, path), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
