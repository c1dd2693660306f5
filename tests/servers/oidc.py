"""An OpenID Connect provider that others wrote: oidc-provider, in memory, with forms of its own."""

from __future__ import annotations

import re
import secrets
from html import unescape
from typing import Any
from urllib.parse import urljoin

import httpx

from tests.servers.node import NodeServer

CLIENT_ID = "model-desk"


class OidcServer(NodeServer):
    """A running provider that knows one app, at these addresses."""

    script = "oidc.mjs"
    answers_at = "/.well-known/openid-configuration"

    def __init__(self, *app_urls: str) -> None:
        self.client_secret = secrets.token_urlsafe(24)
        super().__init__(CLIENT_ID, self.client_secret, *(f"{url}/login/callback" for url in app_urls))

    def settings(self) -> dict[str, Any]:
        """Settings of an app whose people sign in here."""
        return {
            "oidc_issuer": self.endpoint,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": self.client_secret,
        }


def sign_in(program: httpx.Client, name: str, *, path: str = "/") -> httpx.Response:
    """Go through the provider's forms as a browser would; the app's answer to the callback, not followed further."""
    answer = program.get("/login/oidc", params={"next": path})
    while "/login/callback" not in str(answer.request.url):
        if answer.is_redirect:
            answer = program.get(urljoin(str(answer.request.url), answer.headers["location"]))
            continue
        assert answer.status_code == 200, answer.text
        action = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
        assert action, answer.text
        given = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)"', answer.text))
        if 'name="login"' in answer.text:
            given |= {"login": name, "password": "of no importance"}
        answer = program.post(urljoin(str(answer.request.url), unescape(action[1])), data=given)
    return answer
