"""The page of a live app: of one piece with the app's other pages, and nothing of a user's is markup there."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import pytest
import streamlit

from core.models.schema import Feature
from core.training.deployments import page
from tests import made

PROJECT = Path(__file__).resolve().parents[4]
SHOWN = page.Shown(
    name="Who leaves",
    version=2,
    model_id=UUID(int=1),
    training_job_id=UUID(int=2),
    is_mine=True,
    schema=made.SCHEMA,
    status={"status": "live", "url": None, "expires_at": None, "error": None},
)


@pytest.mark.parametrize(
    "name",
    ["primaryColor", "backgroundColor", "secondaryBackgroundColor", "textColor", "linkColor", "borderColor"],
)
def test_its_colours_are_those_of_the_app_in_both_themes(name: str) -> None:
    theme = tomllib.loads((PROJECT / ".streamlit/config.toml").read_text("utf-8"))["theme"]
    assert f"light-dark({theme['light'][name]}, {theme['dark'][name]})" in page.STYLE


def test_its_letters_are_those_of_the_app_and_come_from_the_app() -> None:
    (address,) = re.findall(r'src: url\("(.+?)"\)', page.STYLE)
    path = urlsplit(urljoin("https://desk.example/live/1/", address)).path
    assert (Path(streamlit.__file__).parent / "static" / path.lstrip("/")).is_file()
    assert path.startswith("/static/"), "which the gate leaves open"
    assert "font-src 'self'" in page.policy("nonce")


@pytest.mark.parametrize("below", ["https://desk.example", "https://example.com/tools/desk"])
def test_its_links_lead_into_the_app_also_behind_a_prefix(below: str) -> None:
    html = page.html(SHOWN, nonce="n")
    addresses = re.findall(r'href="(.+?)"', html) + re.findall(r'url\("(.+?)"\)', html)
    assert len(addresses) > 2
    for address in addresses:
        assert urljoin(f"{below}/live/{UUID(int=3)}/", address).startswith(f"{below}/")


def test_every_field_has_a_label_what_training_saw_and_a_place_for_its_error() -> None:
    html = page.html(SHOWN, nonce="n")
    for number, feature in enumerate(made.SCHEMA.features):
        assert f'<label for="field-{number}">{feature.name}</label>' in html
        assert f'id="field-{number}-error"' in html
    assert 'data-least="18" data-most="90" aria-describedby="field-0-hint field-0-error"' in html


def test_a_number_that_may_be_negative_is_typed_on_keys_with_a_minus() -> None:
    below = replace(made.SCHEMA, features=(Feature("balance", "number", minimum=-5.0, maximum=9.0),))
    assert 'inputmode="text"' in page.html(replace(SHOWN, schema=below), nonce="n")
    assert 'inputmode="decimal"' in page.html(SHOWN, nonce="n")


def test_what_users_wrote_is_text() -> None:
    nasty = '"><script>alert(1)</script>'
    schema = replace(made.SCHEMA, target=nasty, features=(Feature(nasty, "category", (nasty,)),))
    status = {"status": "failed", "error": {"message": nasty, "hint": nasty}}
    html = page.html(replace(SHOWN, name=nasty, schema=schema, status=status), nonce="n")
    assert "<script>alert" not in html
    assert html.count("<script") == 1


def test_it_leads_back_to_the_training_or_to_a_model_that_has_none() -> None:
    assert f'<a href="../../training?id={UUID(int=2)}">How it was trained</a>' in page.html(SHOWN, nonce="n")
    built_in = page.html(replace(SHOWN, training_job_id=None), nonce="n")
    assert f'<a href="../../model?id={UUID(int=1)}">About the model</a>' in built_in
