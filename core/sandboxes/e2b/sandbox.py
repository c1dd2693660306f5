"""One sandbox at E2B: files go in and out, commands run, by the SDK and by `inside/desk.py` there."""

from __future__ import annotations

import base64
import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from core import logs
from core.errors import AppError
from core.sandboxes.e2b import commands, desk
from core.sandboxes.e2b.contact import CURE_REFUSED, Contact
from core.sandboxes.e2b.life import STOP_S, kill, lifetime
from core.sandboxes.e2b.process import Server, Watched
from core.sandboxes.e2b.stream import Follower, Opened
from core.sandboxes.errors import (
    FileMissing,
    FileRefused,
    RemoteSandboxUnavailable,
    SandboxDiskFull,
    SandboxLost,
    SandboxUnavailable,
)
from core.sandboxes.names import require_plain
from core.sandboxes.protocol import Ended, Limits, OnOutput, Process, WebAddress

if TYPE_CHECKING:
    import e2b

WORK = "work"  # the folder of the code, below the home of the sandbox's user
COMMAND_S = LOOK_S = 30.0  # of what is done at once; of one look at a log, which ends by itself after twenty
INSTALL_S: Final = 180.0
FIRST_PORT: Final = 8_000
MOST_SOCKETS: Final = 50
HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?", re.IGNORECASE)
log = logs.get("sandboxes")


class E2BSandbox:
    """See `Sandbox`. forget(ref): called when it is stopped. sandbox_url: of a server that reaches them all."""

    def __init__(
        self,
        sdk: e2b.Sandbox,
        *,
        limits: Limits,
        contact: Contact,
        sandbox_url: str,
        forget: Callable[[str], object],
    ) -> None:
        self.ref = sdk.sandbox_id
        self._sdk, self._limits, self._contact = sdk, limits, contact
        self._sandbox_url, self._forget = sandbox_url, forget
        self._deadline = monotonic() + limits.life_s
        self._ports: dict[str, int] = {}
        self._lock = threading.Lock()
        self._is_stopped = False
        self._has_run = False

    def put(self, name: str, source: BinaryIO | bytes) -> None:
        """See `Sandbox`. Where code has run, a file gets its place by a rename: a link of that name leads nowhere."""
        require_plain(name)
        staged = f"in-{secrets.token_hex(8)}"
        path = f"{desk.FOLDER}/{staged}" if self._has_run else f"{WORK}/{name}"
        start = 0 if isinstance(source, bytes) else source.tell()

        def write() -> None:
            if not isinstance(source, bytes):
                source.seek(start)
            self._sdk.files.write(path, source, request_timeout=COMMAND_S)

        try:
            self._ask(write)
        except SandboxUnavailable as error:
            if type(error.__cause__).__name__ == "NotEnoughSpaceException":
                raise SandboxDiskFull(place="the sandbox at E2B") from error
            raise
        if self._has_run:
            said = self._desk_of_file(name, "take", staged, name)
            if said.get("taken") is not True:
                raise FileRefused(name=name, problem=str(said.get("problem"))[:100])

    def get(self, name: str, target: BinaryIO, *, max_bytes: int) -> int:
        """See `Sandbox`."""
        size = self._require(name, "file", max_bytes=max_bytes)
        n_bytes = 0

        def read() -> None:
            nonlocal n_bytes
            n_known = n_bytes  # a stream that was cut begins anew
            with self._sdk.files.read(f"{WORK}/{name}", format="stream") as stream:
                for chunk in stream:
                    skipped, n_known = min(n_known, len(chunk)), max(0, n_known - len(chunk))
                    n_bytes += len(chunk) - skipped
                    if n_bytes > max_bytes:
                        return
                    target.write(chunk[skipped:])

        try:
            self._ask(read)
        except SandboxUnavailable as error:
            raise FileRefused(name=name, problem="it can't be read") from error
        if n_bytes > max_bytes:
            raise FileRefused(name=name, problem=f"it grew past {max_bytes:,} bytes while it was read")
        if n_bytes < size:
            raise FileRefused(name=name, problem="it shrank while it was read")
        return n_bytes

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        on_output: OnOutput = lambda _source, _line: None,
        stop: Callable[[], bool] = lambda: False,
        wall_s: float | None = None,
        name: str | None = None,
    ) -> Ended:
        """See `Sandbox`."""
        wall_s = self._limits.wall_s if wall_s is None else wall_s
        outlives, name = name is not None, name or f"run-{secrets.token_hex(6)}"
        self._begin(name, argv, env or {}, wall_s=wall_s, is_server=False)
        watched = Watched(
            self._follow(name),
            limits=self._limits,
            wall_s=wall_s,
            deadline=lambda: self._deadline,
            end=lambda: self._end(name),
            is_stopped=lambda: self._is_stopped,
            outlives=outlives,
        )
        return watched.pump(on_output, stop)

    def has_begun(self, name: str) -> bool:
        """See `Sandbox`."""
        return self._desk("known", name).get("known") is True

    def start(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> Process:
        """See `Sandbox`."""
        name = f"server-{secrets.token_hex(6)}"
        self._begin(name, argv, env or {}, wall_s=None, is_server=True)
        return Server(
            follow=lambda: self._follow(name),
            tail=lambda: self._kept(name),
            end=lambda: self._end(name),
            is_stopped=lambda: self._is_stopped,
        )

    def expose(self, name: str) -> WebAddress:
        """See `Sandbox`. A port of the sandbox leads to the socket, and E2B to the port."""
        self._require(name, "socket")
        return self.listen(name)

    def listen(self, name: str) -> WebAddress:
        """`expose` for a socket that need not be there yet: until it is, its address answers that it is not.

        Raises FileRefused, SandboxLost.
        """
        require_plain(name)
        with self._lock:
            is_new = name not in self._ports
            if is_new and len(self._ports) >= MOST_SOCKETS:
                raise FileRefused(name=name, problem="there are too many of them")
            port = self._ports.setdefault(name, FIRST_PORT + len(self._ports))
        if is_new and self._desk_of_file(name, "relay", port, name).get("listens") is not True:
            raise FileRefused(name=name, problem="no port of the sandbox can lead to it")
        return self.address(port)

    def address(self, port: int = FIRST_PORT) -> WebAddress:
        """Where a port of it is reached. Raises SandboxUnavailable where E2B names no place of the web."""
        host = self._sdk.get_host(port)
        if not HOST.fullmatch(host):
            problem = f"E2B names an address that is none ({host[:60]!r})"
            raise RemoteSandboxUnavailable(problem=problem, cure=CURE_REFUSED)
        token = self._sdk.traffic_access_token
        headers = {"e2b-traffic-access-token": token} if isinstance(token, str) and token else {}
        return WebAddress(self._sandbox_url.rstrip("/") or f"https://{host}", host, headers)

    def renew(self, life_s: float) -> None:
        """See `Sandbox`."""
        self._ask(lambda: self._sdk.set_timeout(lifetime(life_s)))
        self._deadline = monotonic() + life_s

    def stop(self) -> None:
        """See `Sandbox`. What can't be ended now is found by its metadata later."""
        self.end()

    def end(self) -> bool:
        """`stop`; False where E2B could not be told, so that it goes on."""
        with self._lock:
            if self._is_stopped:
                return True
            self._is_stopped = True
        is_ended = kill(self._sdk, self.ref)
        self._forget(self.ref)
        return is_ended

    def leave(self) -> None:
        """Let it live, for whoever goes on with it."""
        self._is_stopped = True
        self._forget(self.ref)

    def install(self, packages: Mapping[str, str]) -> None:
        """Bring in what differs from these versions. Raises SandboxUnavailable where that can't be done."""
        found = self._desk("versions", list(packages)).get("versions", {})
        differing = [f"{name}=={version}" for name, version in packages.items() if found.get(name) != version]
        if not differing:
            return
        done = self._desk("install", differing, timeout_s=INSTALL_S)
        if done.get("code") != 0:
            raise RemoteSandboxUnavailable(
                problem=f"its packages can't be installed ({' '.join(str(done.get('said')).split())[:300]})",
                cure="Let E2B_TEMPLATE name a template with Python 3.11 or newer and pip.",
            )

    def close_egress(self) -> None:
        """From now on nothing in it reaches anything outside."""
        self._ask(lambda: self._sdk.update_network({"allow_internet_access": False}))

    def furnish(self, files: Mapping[str, bytes]) -> None:
        """Bring in the files of ours that commands are run with."""
        entries: list[Any] = [
            {"path": f"{desk.FOLDER}/{name}", "data": content} for name, content in files.items()
        ]
        self._ask(lambda: self._sdk.files.write_files(entries, request_timeout=COMMAND_S))

    def _begin(
        self, name: str, argv: Sequence[str], env: Mapping[str, str], *, wall_s: float | None, is_server: bool
    ) -> None:
        self._has_run = True
        wanted = commands.wanted(argv, env, self._limits, wall_s=wall_s, is_server=is_server)
        try:
            self._desk("begin", name, wanted)
        except SandboxUnavailable:  # the code runs beside `desk.py` by now, and may spoil what that says
            if not self.has_begun(name):
                raise

    def _follow(self, name: str) -> Follower:
        def open_at(offset: int) -> Opened:
            if self._is_stopped:
                raise SandboxLost(ref=self.ref)
            line = desk.line("follow", name, offset)
            return self._sdk.commands.run(line, background=True, timeout=LOOK_S, retain_output=False)

        return Follower(open_at, self._contact)

    def _end(self, name: str) -> None:
        """Have a command ended there, if that can be told at once: what is not ended now ends with the sandbox."""
        at_once = Contact(self.ref, patience_s=0).ask
        try:
            desk.ask(self._sdk, at_once, "end", name, timeout_s=STOP_S)
        except AppError as error:
            log.warning("a command at E2B could not be ended", sandbox=self.ref, problem=error.message)

    def _kept(self, name: str) -> bytes:
        try:
            return base64.b64decode(str(self._desk("tail", name).get("tail", "")))
        except ValueError:
            return b""

    def _require(self, name: str, kind: str, *, max_bytes: int = 0) -> int:
        """The size of what has this name, if it is of this kind. Raises FileMissing, FileRefused."""
        require_plain(name)
        found = self._desk_of_file(name, "look", name)
        if found.get("kind") is None:
            raise FileMissing(name=name, problem="it is not there")
        if found["kind"] != kind:
            raise FileRefused(name=name, problem=f"it is a {str(found['kind'])[:10]}")
        size, n_names = found.get("size"), found.get("names")
        if not isinstance(size, int) or not isinstance(n_names, int):
            raise FileRefused(name=name, problem="the sandbox does not say how large it is")
        if kind == "file" and n_names != 1:
            raise FileRefused(name=name, problem=f"it has {n_names} names")
        if kind == "file" and size > max_bytes:
            raise FileRefused(name=name, problem=f"it has {size:,} bytes, at most {max_bytes:,} are taken")
        return size

    def _desk_of_file(self, name: str, *asked: Any) -> dict[str, Any]:
        try:
            return self._desk(*asked)
        except SandboxUnavailable as error:
            raise FileRefused(name=name, problem="the sandbox does not say what it is") from error

    def _desk(self, *asked: Any, timeout_s: float = COMMAND_S) -> dict[str, Any]:
        """What `desk.py` says to this, there. Raises SandboxUnavailable where it says nothing of use."""
        return desk.ask(self._sdk, self._ask, *asked, timeout_s=timeout_s)

    def _ask(self, what: Callable[[], object]) -> None:
        """Raises SandboxLost, SandboxUnreachable, SandboxUnavailable."""
        if self._is_stopped:
            raise SandboxLost(ref=self.ref)
        self._contact.ask(what, stop=lambda: self._is_stopped)
