"""Sandboxes at E2B, of one installation: found again by its mark in their metadata."""

from __future__ import annotations

import importlib.metadata
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal

from core.sandboxes.e2b import inside
from core.sandboxes.e2b.connection import Account
from core.sandboxes.e2b.contact import PATIENCE_S, Contact
from core.sandboxes.e2b.life import kill, lifetime
from core.sandboxes.e2b.sandbox import E2BSandbox
from core.sandboxes.errors import (
    RemoteSandboxUnavailable,
    SandboxLost,
    SandboxUnavailable,
    SandboxUnreachable,
)
from core.sandboxes.protocol import Limits, Listed, OnContact

if TYPE_CHECKING:
    import e2b

State = Literal["running", "paused"]
MARK: Final = "model_desk"
VALID_S, FAILED_VALID_S = 60.0, 5.0
PROBE_S: Final = 10.0
PAGE: Final = 100
MOST_PAGES: Final = 100
# What code in a sandbox finds of the app's libraries, in the app's own versions.
PACKAGES: Final = ("numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "joblib", "skops", "threadpoolctl")
INSIDE: Final = ("desk.py", "watch.py", "relay.py")


@dataclass(frozen=True)
class Found(Listed):
    """One that E2B lists. is_paused: whether it sleeps."""

    is_paused: bool = False


class E2BBackend:
    """See `Backend`. installation(): what tells its sandboxes from those of others with the same key.

    is_private: whether what is served in them is closed to the public. packages: name and version of what has to be
    there. patience_s: how long E2B may be out of reach before it is given up.
    """

    name = "e2b"
    isolation = (
        "At E2B, in a virtual machine of its own: no way out to any network, no files but its own. "
        "Rows and code leave this machine."
    )

    def __init__(
        self,
        account: Account,
        *,
        installation: Callable[[], str],
        is_private: bool = True,
        packages: Mapping[str, str] | None = None,
        patience_s: float = PATIENCE_S,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._account, self._installation, self._is_private = account, installation, is_private
        self._packages = packages
        self._patience_s, self._now = patience_s, now
        self._lock = threading.Lock()
        self._mine: dict[str, E2BSandbox] = {}
        self._probed: tuple[float, SandboxUnavailable | SandboxUnreachable | None] | None = None

    def probe(self) -> None:
        """See `Backend`. A sandbox costs money, so E2B is only asked whether it knows the key."""
        with self._lock:
            now = self._now()
            if self._probed is None or now > self._probed[0]:
                failure: SandboxUnavailable | SandboxUnreachable | None = None
                try:
                    self._contact(patience_s=0).ask(lambda: self._page_of(limit=1))
                except (SandboxUnavailable, SandboxUnreachable) as error:
                    failure = error
                self._probed = now + (FAILED_VALID_S if failure else VALID_S), failure
            failure = self._probed[1]
        if isinstance(failure, SandboxUnreachable):
            raise RemoteSandboxUnavailable(
                problem=f"E2B can't be reached ({failure.problem})", cure="Check the network, then try again."
            )
        if failure is not None:
            raise failure

    def create(
        self,
        *,
        labels: Mapping[str, str],
        limits: Limits,
        key: str | None = None,
        on_contact: OnContact | None = None,
        on_created: Callable[[str], object] = lambda _ref: None,
        sleeps: bool = False,
    ) -> E2BSandbox:
        """See `Backend`. sleeps: whether it is paused and not ended once its time is over, and woken by a request.

        Its packages come in, then its way out is closed; so what is put into it afterwards can't leave.
        """
        contact = self._contact(told=on_contact)
        lifecycle: Any = {"on_timeout": "pause", "auto_resume": True} if sleeps else {"on_timeout": "kill"}
        network: Any = {"allow_public_traffic": False}
        sdk = contact.ask(
            lambda: self._account.sdk().create(
                self._account.template,
                timeout=lifetime(limits.life_s),
                metadata={MARK: self._installation(), **labels},
                secure=True,
                network=network if self._is_private or not sleeps else None,
                lifecycle=lifecycle,
                idempotency_key=key,
                **self._account.options(),
            )
        )
        sandbox = self._sandbox(sdk, limits, on_contact)
        try:
            on_created(sandbox.ref)
            sandbox.furnish({name: _own(name) for name in INSIDE})
            sandbox.install(_versions() if self._packages is None else self._packages)
            sandbox.close_egress()
        except BaseException:
            sandbox.stop()
            raise
        return sandbox

    def find(
        self, *, labels: Mapping[str, str], limits: Limits, on_contact: OnContact | None = None
    ) -> E2BSandbox | None:
        """See `Backend`."""
        contact = self._contact(told=on_contact)
        known = contact.ask(lambda: [one for one in self._all(labels) if not one.is_paused])
        if not known:
            return None
        return self.connect(known[-1].ref, limits=limits, on_contact=on_contact)

    def connect(self, ref: str, *, limits: Limits, on_contact: OnContact | None = None) -> E2BSandbox:
        """One that is known by its reference; one that sleeps is woken. Raises SandboxLost, as `create` otherwise."""
        timeout = lifetime(limits.life_s)
        sdk = self._contact(ref, told=on_contact).ask(
            lambda: self._account.sdk().connect(ref, timeout=timeout, **self._account.options())
        )
        return self._sandbox(sdk, limits, on_contact)

    def state(self, ref: str) -> State:
        """Whether it runs or sleeps. Raises SandboxLost, also where it bears another's mark, SandboxUnreachable,
        SandboxUnavailable.
        """
        options = self._account.options()

        def ask() -> tuple[str, str | None]:
            info = self._account.sdk().get_info(ref, **options)
            return info.state.value, (info.metadata or {}).get(MARK)

        said, mark = self._contact(ref).ask(ask)
        if mark not in (None, self._installation()):  # as in a copy of a database that named it
            raise SandboxLost(ref=ref)
        return "paused" if said == "paused" else "running"

    def pause(self, ref: str) -> None:
        """Have it sleep until a request wakes it up. Raises as `state`."""
        self._contact(ref).ask(lambda: self._account.sdk().pause(ref, **self._account.options()))

    def with_patience(self, patience_s: float) -> E2BBackend:
        """The same, which gives up after so many seconds what is out of reach."""
        return E2BBackend(
            self._account,
            installation=self._installation,
            is_private=self._is_private,
            packages=self._packages,
            patience_s=patience_s,
        )

    def list(self) -> Sequence[Found]:
        """See `Backend`. Raises SandboxUnavailable, SandboxUnreachable."""
        return self._contact(patience_s=0).ask(lambda: self._all({}))

    def stop_ref(self, ref: str) -> None:
        """See `Backend`."""
        self.end(ref)

    def end(self, ref: str) -> bool:
        """`stop_ref`; False where E2B could not be told, so that it goes on."""
        if (sandbox := self._mine.get(ref)) is not None:
            return sandbox.end()
        return kill(_Known(self._account, ref), ref)

    def sweep(self) -> int:
        """See `Backend`. What lives on here may still be wanted: who keeps the rows decides."""
        return 0

    def _sandbox(self, sdk: e2b.Sandbox, limits: Limits, on_contact: OnContact | None) -> E2BSandbox:
        sandbox = E2BSandbox(
            sdk,
            limits=limits,
            contact=self._contact(sdk.sandbox_id, told=on_contact),
            sandbox_url=self._account.sandbox_url,
            forget=lambda ref: self._mine.pop(ref, None),
        )
        self._mine[sandbox.ref] = sandbox
        return sandbox

    def _contact(
        self, ref: str = "at E2B", *, told: OnContact | None = None, patience_s: float | None = None
    ) -> Contact:
        patience_s = self._patience_s if patience_s is None else patience_s
        return Contact(ref, patience_s=patience_s, told=told or (lambda _since: None))

    def _all(self, labels: Mapping[str, str]) -> Sequence[Found]:
        """All of this installation's with these labels, oldest first, paused ones too."""
        return sorted(self._pages(labels), key=lambda one: one.since)

    def _pages(self, labels: Mapping[str, str]) -> Iterator[Found]:
        pages, installation = self._page_of(limit=PAGE, labels=labels), self._installation()
        for _ in range(MOST_PAGES):  # a server that always says there are more has an end, too
            for one in pages[1]:
                metadata = dict(one.metadata or {})
                if metadata.pop(MARK, None) == installation and labels.items() <= metadata.items():
                    yield Found(
                        one.sandbox_id,
                        metadata,
                        one.started_at,
                        one.sandbox_id in self._mine,
                        is_paused=one.state.value == "paused",
                    )
            if not pages[0].has_next:
                return
            pages = pages[0], pages[0].next_items()

    def _page_of(self, *, limit: int, labels: Mapping[str, str] | None = None) -> tuple[Any, Sequence[Any]]:
        """The paginator and its first page."""
        from e2b import SandboxQuery

        query = None if labels is None else SandboxQuery(metadata={MARK: self._installation(), **labels})
        options = self._account.options() | {"request_timeout": PROBE_S}
        paginator = self._account.sdk().list(query=query, limit=limit, **options)
        return paginator, paginator.next_items()


class _Known:
    """One that is known by its reference alone, as `kill` takes it."""

    def __init__(self, account: Account, ref: str) -> None:
        self._account, self._ref = account, ref

    def kill(self, **options: Any) -> None:
        self._account.sdk().kill(self._ref, **self._account.options() | options)


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in PACKAGES}


def _own(name: str) -> bytes:
    return Path(inside.__file__).with_name(name).read_bytes()
