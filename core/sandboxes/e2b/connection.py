"""How E2B is reached: everything that its SDK would otherwise read from the environment is given to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import e2b

REQUEST_S: Final = 30.0
RETRIES: Final = 2  # by the SDK itself, within a request's time; what lasts longer is lost contact


@dataclass(frozen=True)
class Account:
    """A key, and where it is good. api_url, sandbox_url: of another server than E2B's own; empty = E2B's."""

    api_key: str = field(repr=False)
    domain: str
    template: str
    api_url: str = ""
    sandbox_url: str = ""

    def options(self) -> dict[str, Any]:
        """What every call of the SDK is given."""
        return {
            "api_key": self.api_key,
            "domain": self.domain,
            "api_url": self.api_url or f"https://api.{self.domain}",
            "debug": False,
            "http_version": "2",
            "request_timeout": REQUEST_S,
            "retries": RETRIES,
        }

    def sdk(self) -> type[e2b.Sandbox]:
        """The SDK's class of sandboxes; importing it takes a second and 40 MB."""
        import e2b

        sandbox_url = self.sandbox_url.rstrip("/") or None

        class Sandbox(e2b.Sandbox):
            """One that is reached where the settings say, whatever E2B_SANDBOX_URL holds."""

            def __init__(self, **opts: Any) -> None:
                opts["connection_config"]._sandbox_url = sandbox_url  # an option could not say "none"
                super().__init__(**opts)

        return Sandbox
