"""Where the app listens, and by what address people reach it."""

from __future__ import annotations

from ipaddress import ip_address

from pydantic import Field

from core.settings.part import Part
from core.settings.values import IpAddress, Networks, WebAddress


class AppSettings(Part):
    port: int = Field(default=8501, ge=1, le=65535, description="Port for pages and API.")
    listen_address: IpAddress = Field(
        default="127.0.0.1", description="Address to listen on; any but loopback requires sign-in."
    )
    app_url: WebAddress = Field(
        default="", description="The address people open in the browser; empty = http://localhost and PORT."
    )
    trusted_proxies: Networks = Field(
        default="",
        description="Proxies whose forwarded headers are trusted: addresses or networks, separated by commas.",
    )

    @property
    def url(self) -> str:
        """The address people open, without a last slash."""
        return (self.app_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def reached_at(self) -> str:
        """The address at which this machine reaches the app: an unspecified one stands for all of its own."""
        address = ip_address(self.listen_address)
        if not address.is_unspecified:
            return self.listen_address
        return "127.0.0.1" if address.version == 4 else "::1"
