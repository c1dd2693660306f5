"""Supabase's Storage and Auth from the package @supabase/lite, on a database of a Postgres cluster of ours."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from typing import Any
from uuid import uuid4

from tests.servers.node import NodeServer
from tests.servers.postgres import Cluster


class SupabaseServer(NodeServer):
    """A running server with a secret key; its files lie in a temporary folder.

    with_ranges: answer a request for a range with it, as Supabase does and the package does not.
    """

    script = "supabase.mjs"
    answers_at = "/storage/v1/bucket"

    def __init__(self, cluster: Cluster, *, with_ranges: bool = True) -> None:
        self.service_role_key = f"sb_secret_{secrets.token_urlsafe(24)}"
        self._folder = tempfile.mkdtemp(
            prefix="model-desk-supabase-", suffix="-ranges" if with_ranges else ""
        )
        url = cluster.bare(f"supabase_{uuid4().hex}").replace("+psycopg", "")
        super().__init__(url, self.service_role_key, self._folder)

    def settings(self) -> dict[str, Any]:
        """Settings that keep files here."""
        return {
            "storage_url": "supabase://",
            "supabase_url": self.endpoint,
            "supabase_service_role_key": self.service_role_key,
        }

    def stop(self) -> None:
        super().stop()
        shutil.rmtree(self._folder, ignore_errors=True)
