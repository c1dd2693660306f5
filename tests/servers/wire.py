"""A wire to a server on loopback that can be made to break: plain TCP, forwarded byte by byte."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlsplit

CONTINUE = b"HTTP/1.1 100 "  # go on with the body: not yet an answer


class Wire:
    """Forwards connections from `endpoint` to a server, for as long as it is entered.

    cut_answers_after: bytes after which each connection's answer is cut off; 0 = never.
    lose_answers: so many requests get through, and the connection is closed instead of their answer.
    cut_requests_after: bytes after which one connection's requests are cut off; 0 = never.
    loses_commit_of: of the first transaction that holds these bytes, SQL, the commit gets through and its answer does
    not; empty = of none.
    vanishes_when_cut: refuses new connections from that moment on.
    requests: all that clients have sent so far.
    """

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self._server = (str(parts.hostname), int(parts.port or 80))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.cut_answers_after = 0
        self.lose_answers = 0
        self.cut_requests_after = 0
        self.vanishes_when_cut = False
        self.loses_commit_of = b""
        self._deaf: set[socket.socket] = set()  # servers whose next answer is lost
        self.n_cut = 0
        self.requests = bytearray()
        self._ends: set[socket.socket] = set()

    def __enter__(self) -> Wire:
        threading.Thread(target=self._accept, args=[self._listening], daemon=True).start()
        return self

    def vanish(self) -> None:
        """Break every connection and refuse new ones, until `come_back`."""
        _end(self._listening, *self._ends)
        self._ends.clear()

    def come_back(self) -> None:
        address = ("127.0.0.1", int(urlsplit(self.endpoint).port or 0))
        self._listening = socket.create_server(address)
        threading.Thread(target=self._accept, args=[self._listening], daemon=True).start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.vanish()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:  # closed
                return
            try:
                server = socket.create_connection(self._server)
            except OSError:  # the server is gone: so are we
                _end(client)
                continue
            for end in (
                client,
                server,
            ):  # as both ends do: else a part waits for the last one's acknowledgement
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._ends |= {client, server}
            threading.Thread(target=self._requests, args=[client, server], daemon=True).start()
            threading.Thread(target=self._answers, args=[server, client], daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        n_passed, is_marked = 0, False
        try:
            while data := client.recv(65536):
                self.requests += data
                if self.loses_commit_of and self.loses_commit_of in data:
                    self.loses_commit_of, is_marked = b"", True
                if is_marked and b"COMMIT" in data:
                    self._deaf.add(server)
                n_left = self.cut_requests_after - n_passed
                if self.cut_requests_after and len(data) >= n_left:
                    server.sendall(data[:n_left])
                    self.cut_requests_after = 0
                    self.n_cut += 1
                    if self.vanishes_when_cut:
                        self.vanish()
                    _end(client, server)
                    return
                server.sendall(data)
                n_passed += len(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:  # the other direction has closed both
            pass

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        n_passed = 0
        try:
            while data := server.recv(65536):
                if self.lose_answers and not data.startswith(CONTINUE):
                    self.lose_answers -= 1
                    break
                if server in self._deaf:
                    self.n_cut += 1
                    break
                client.sendall(data)
                n_passed += len(data)
                if self.cut_answers_after and n_passed >= self.cut_answers_after:
                    self.n_cut += 1
                    break
        except OSError:  # the client went away
            pass
        self._ends -= {client, server}
        _end(client, server)


def _end(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):  # it is closed already
            end.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for its bytes, unlike closing alone
        end.close()
