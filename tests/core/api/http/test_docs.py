from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import settings as settings_module
from core.api import application

SETTINGS = settings_module.read(_env_file=None)


class Seen(HTMLParser):
    """The tags and texts of a page, and the names that its links and anchors have."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.links: list[str] = []
        self.anchors: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.links += [value for name in ("href", "src") if (value := given.get(name))]
        self.anchors += [value] if (value := given.get("id")) else []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def page() -> Seen:
    api = application.build(SETTINGS)
    client = TestClient(Starlette(routes=application.routes(api, SETTINGS)), base_url="http://localhost:8501")
    answer = client.get("/api/docs/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    seen = Seen()
    seen.feed(answer.text)
    return seen


def test_every_call_is_described_by_its_full_path(page: Seen, described: dict[str, Any]) -> None:
    shown = set(page.texts)
    assert {f"/api{path}" for path in described["paths"]} <= shown


def test_the_page_runs_no_script_and_loads_nothing(page: Seen) -> None:
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert {link for link in page.links if not link.startswith("#")} == {"/api/openapi.json"}


def test_every_shape_that_is_named_is_explained(page: Seen) -> None:
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.anchors)


def test_the_machine_readable_description_says_where_the_calls_are(described: dict[str, Any]) -> None:
    assert described["servers"] == [{"url": "/api"}]
