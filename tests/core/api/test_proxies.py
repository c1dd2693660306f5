"""Behind a proxy: from where somebody comes is believed only of proxies that TRUSTED_PROXIES names."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.servers.app import running

FORWARDED = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("trusted", "address"),
    [("", "127.0.0.1"), ("10.0.0.0/8", "127.0.0.1"), ("127.0.0.1", "203.0.113.7"),
     ("127.0.0.0/8, 203.0.113.0/24", "198.51.100.9")],
)  # fmt: skip
def test_what_is_forwarded_counts_only_from_trusted_proxies(
    tmp_path: Path, trusted: str, address: str
) -> None:
    with (
        running(tmp_path, WORKERS="0", TRUSTED_PROXIES=trusted) as app,
        httpx.Client(base_url=app.url, headers=FORWARDED, trust_env=False) as program,
    ):
        made = program.post("/api/tokens", json={"name": "t", "scopes": ["read"]})
        assert made.status_code == 201
        (event,) = program.get("/api/audit").json()["items"]
    assert (event["action"], event["address"]) == ("token.created", address)
