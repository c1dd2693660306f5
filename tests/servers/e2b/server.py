"""The emulator's two ports on loopback: plain for the API, TLS for what is public, as E2B has names for each.

Told so, it refuses keys, answers what a busy service answers, hangs, loses the way to a sandbox, or goes away and comes
back with its sandboxes as they were. `python -m tests.servers.e2b FOLDER` starts one in a process of its own.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from core.sandboxes import SandboxLost, SandboxUnavailable
from tests.servers.certificates import certificates
from tests.servers.e2b import wire
from tests.servers.e2b.machines import Image, Machine, Machines

KEY = "e2b_of_a_test"
DOMAIN = "e2b.localhost"
FAREWELL_S = 0.2
NOT_FOUND = "The sandbox was not found"
CLOSED = "The sandbox is running but port is not open"
HOST = re.compile(r"(\d+)-([a-z0-9]+)\.")


@dataclass(frozen=True)
class Asked:
    """A request that came. sandbox_id: whom it was for; empty for the API itself."""

    method: str
    path: str
    sandbox_id: str = ""
    body: Any = None


@dataclass
class Faults:
    """What goes wrong. next: answers given first, each once, to requests of the API that begin so.

    next_inside: the same of requests to sandboxes. says: what is answered with 200 to requests of the API that begin
    so. unlisted: sandboxes that no list has. cut_off: sandboxes that nobody reaches for now. hangs: paths of the API
    that are never answered. plan_s: the longest life that the plan allows.
    """

    key_works: bool = True
    next: deque[tuple[str, int]] = field(default_factory=deque)
    next_inside: deque[tuple[str, int]] = field(default_factory=deque)
    says: dict[str, bytes] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    cut_off: set[str] = field(default_factory=set)
    hangs: set[str] = field(default_factory=set)
    plan_s: float = 3_600.0


class E2BServer:
    """A running emulator; `stop` ends it with all its sandboxes."""

    def __init__(self, folder: Path, *, port: int = 0, tls_port: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.faults, self.asked = Faults(), list[Asked]()
        self._paths = certificates(folder, names=("127.0.0.1", f"*.{DOMAIN}"))
        self.ca = self._paths["dask_tls_ca"]
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self._paths["dask_tls_cert"], self._paths["dask_tls_key"])
        self._plain = socket.create_server(("127.0.0.1", port))
        self._tls = socket.create_server(("127.0.0.1", tls_port))
        self.port, self.tls_port = self._plain.getsockname()[1], self._tls.getsockname()[1]
        self.domain = f"{DOMAIN}:{self.tls_port}"
        self.image = Image()
        self.machines = Machines(folder / "machines", self.domain, self.image)
        self._held: set[socket.socket] = set()
        self._listen()

    @property
    def settings(self) -> dict[str, Any]:
        """What makes the app use it."""
        return {
            "e2b_api_key": KEY, "e2b_domain": self.domain, "e2b_api_url": f"http://127.0.0.1:{self.port}",
            "e2b_sandbox_url": f"https://127.0.0.1:{self.tls_port}",
        }  # fmt: skip

    def __enter__(self) -> E2BServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.vanish()
        self.machines.close()

    def reset(self) -> None:
        """As new: no sandbox, no fault, nothing asked."""
        for machine in self.machines.all():
            self.machines.kill(machine.id)
        self.faults, self.asked = Faults(), []
        self.image.files.clear()
        self.image.env.clear()

    def cut_off(self, machine_id: str) -> None:
        """Nobody reaches a sandbox any more, and who was connected is not."""
        self.faults.cut_off.add(machine_id)
        self.vanish()
        self.come_back()

    def vanish(self) -> None:
        """Break every connection and refuse new ones, until `come_back`; the sandboxes live on."""
        for one in (self._plain, self._tls, *self._held):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._held.clear()

    def come_back(self) -> None:
        self._plain = socket.create_server(("127.0.0.1", self.port))
        self._tls = socket.create_server(("127.0.0.1", self.tls_port))
        self._listen()

    def restart(self) -> None:
        """Away, and back without any sandbox."""
        self.vanish()
        for machine in self.machines.all():
            self.machines.kill(machine.id)
        self.come_back()

    def _listen(self) -> None:
        for listening, context in ((self._plain, None), (self._tls, self._context)):
            threading.Thread(target=self._accept, args=(listening, context), daemon=True).start()

    def _accept(self, listening: socket.socket, context: ssl.SSLContext | None) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, context), daemon=True).start()

    def _serve(self, connection: socket.socket, context: ssl.SSLContext | None) -> None:
        with suppress(OSError, ValueError):
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            self._held.add(connection)
            head, rest = wire.head(connection)
            if head:
                self._route(connection, head, rest)
        self._held.discard(connection)
        with suppress(OSError, ValueError):
            if isinstance(connection, ssl.SSLSocket):
                connection.settimeout(FAREWELL_S)
                connection.unwrap()  # says that nothing was cut off
        connection.close()

    def _route(self, connection: socket.socket, head: bytes, rest: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        method, path, _ = first.split(" ")
        if (machine_id := headers.get("e2b-sandbox-id")) is not None:
            return self._to_machine(
                connection, machine_id, Asked(method, path, machine_id), head, rest, headers
            )
        if (found := HOST.match(headers.get("host", ""))) is not None:
            asked = Asked(method, path, found[2])
            return self._to_machine(connection, found[2], asked, head, rest, headers, port=int(found[1]))
        body = rest
        while len(body) < int(headers.get("content-length") or 0):
            body += connection.recv(1 << 16)
        asked = Asked(method, path, body=json.loads(body) if body else None)
        self.asked.append(asked)
        if any(path.startswith(one) for one in self.faults.hangs):
            connection.recv(1)  # nothing comes: until the client has left
            return None
        for begin, content in self.faults.says.items():
            if path.startswith(begin):
                return wire.send(connection, 200, content)
        status, said = self._api(asked, headers)
        return wire.answer(connection, status, said)

    def _to_machine(
        self, connection: socket.socket, machine_id: str, asked: Asked, head: bytes, rest: bytes,
        headers: dict[str, str], port: int = 0,
    ) -> None:  # fmt: skip
        self.asked.append(asked)
        machine = self.machines.get(machine_id)
        if (
            machine is not None
            and machine.state == "paused"
            and (machine.wanted.get("autoResume") or {}).get("enabled")
        ):
            self.machines.resume(machine)
        if machine is None or machine.state != "running":
            return wire.answer(connection, 502, {"sandboxId": machine_id, "message": NOT_FOUND, "code": 502})
        if (inside := self.faults.next_inside) and asked.path.startswith(inside[0][0]):
            return wire.answer(connection, inside.popleft()[1], {"message": "A fault of the test"})
        if machine_id in self.faults.cut_off:
            return wire.answer(connection, 502, {"sandboxId": machine_id, "message": CLOSED, "code": 502})
        if port and not machine.is_open and headers.get("e2b-traffic-access-token") != machine.traffic_token:
            return wire.answer(connection, 403, {"message": "Forbidden", "code": 403})
        if not port and headers.get("x-access-token") != machine.envd_token:
            return wire.answer(connection, 401, {"message": "Unauthorized", "code": 401})
        with machine.connected() as inner:
            self._held.add(inner)
            inner.sendall((f"PORT {port}\n".encode() if port else b"") + head + b"\r\n\r\n" + rest)
            wire.pass_on(connection, inner)
            self._held.discard(inner)
        return None

    def _api(self, asked: Asked, headers: dict[str, str]) -> tuple[int, Any]:
        faults = self.faults
        if not faults.key_works or headers.get("x-api-key") != KEY:
            return 401, {"code": 401, "message": "Invalid API key"}
        if faults.next and asked.path.startswith(faults.next[0][0]):
            status = faults.next.popleft()[1]
            return status, {"code": status, "message": "A fault of the test"}
        url = urlsplit(asked.path)
        if url.path == "/v2/sandboxes":
            return (
                self._make(asked, headers)
                if asked.method == "POST"
                else (200, self._list(parse_qs(url.query)))
            )
        machine_id, _, what = url.path.removeprefix("/v2").removeprefix("/sandboxes/").partition("/")
        if (machine := self.machines.get(machine_id)) is None:
            return 404, {"code": 404, "message": f"sandbox {machine_id} not found"}
        return self._of_machine(machine, asked.method, what, asked.body or {})

    def _make(self, asked: Asked, headers: dict[str, str]) -> tuple[int, Any]:
        if (refusal := self._too_long(asked.body)) is not None:
            return refusal
        try:
            return 201, self.machines.make(asked.body, headers.get("idempotency-key")).told()
        except (SandboxUnavailable, SandboxLost) as error:
            return 500, {"code": 500, "message": str(error)}

    def _too_long(self, body: dict[str, Any]) -> tuple[int, Any] | None:
        if body.get("timeout", 0) <= self.faults.plan_s:
            return None
        hours = self.faults.plan_s / 3600
        return 400, {"code": 400, "message": f"Timeout cannot be greater than {hours:g} hours"}

    def _list(self, query: dict[str, list[str]]) -> list[Any]:
        wanted = {}
        for pair in query.get("metadata", [""])[0].split("&"):
            name, _, value = pair.partition("=")
            if name:
                wanted[wire.plain(name)] = wire.plain(value)
        found = [one.told() for one in self.machines.all() if one.id not in self.faults.unlisted]
        return [one for one in found if wanted.items() <= one["metadata"].items()]

    def _of_machine(self, machine: Machine, method: str, what: str, body: dict[str, Any]) -> tuple[int, Any]:
        if (refusal := self._too_long(body)) is not None:
            return refusal
        match method, what:
            case "GET", "":
                return 200, machine.told()
            case "DELETE", "":
                self.machines.kill(machine.id)
                return 204, None
            case "POST", "timeout":
                machine.ends_at = time.monotonic() + body["timeout"]
                return 204, None
            case "POST", "pause":
                machine.state = "paused"
                return 204, None
            case "POST", "connect":
                machine.state = "running"
                machine.ends_at = max(machine.ends_at, time.monotonic() + body.get("timeout", 15))
                return 200, machine.told()
            case "PUT", "network":
                machine.egress = body.get("allow_internet_access", True)
                return 204, None
        return 404, {"code": 404, "message": "no such route"}
