"""Supabase Auth from the package @supabase/lite, on a database of a Postgres cluster of ours."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.servers.node import NodeServer
from tests.servers.postgres import Cluster

PASSWORD = "correct horse battery staple"


class SupabaseAuthServer(NodeServer):
    """A running server with nobody in it."""

    script = "supabase_auth.mjs"
    answers_at = "/auth/v1/.well-known/jwks.json"

    def __init__(self, cluster: Cluster) -> None:
        self.anon_key = f"sb_publishable_{secrets.token_urlsafe(24)}"
        url = cluster.bare(f"supabase_auth_{uuid4().hex}").replace("+psycopg", "")
        super().__init__(url, self.anon_key, secrets.token_urlsafe(32))

    def settings(self) -> dict[str, Any]:
        """Settings of an app whose people sign in here."""
        return {"supabase_url": self.endpoint, "supabase_anon_key": self.anon_key}

    def sign_up(self, email: str) -> UUID:
        """Somebody with PASSWORD; their id there."""
        return UUID(self._post("signup", email)["user"]["id"])

    def access_token(self, email: str) -> str:
        """What a program of theirs would send as bearer."""
        return str(self._post("token?grant_type=password", email)["access_token"])

    def _post(self, call: str, email: str) -> dict[str, Any]:
        given = {"email": email, "password": PASSWORD}
        answer = httpx.post(f"{self.endpoint}/auth/v1/{call}", json=given, headers={"apikey": self.anon_key})
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said
