"""The product's name in the menu."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from core.ui import brand
from tests.core.metrics.figures.test_style import contrast

SVG = "{http://www.w3.org/2000/svg}"


def test_the_name_is_outlined_since_a_picture_has_no_fonts_and_nothing_of_it_is_cut_off() -> None:
    drawing = ElementTree.fromstring(brand.WORDMARK)
    _, _, width, height = map(float, drawing.attrib["viewBox"].split())
    letters = drawing.find(f"{SVG}path")
    assert letters is not None
    assert drawing.find(f"{SVG}text") is None
    points = [float(x) for x, _ in re.findall(r"([\d.]+)[ ,]([\d.]+)", letters.attrib["d"])]
    assert min(points) > 40
    assert width - 2 < max(points) <= width
    assert (width, height) == (137, 32)


@pytest.mark.parametrize("theme", ["light", "dark", "something new"])
def test_its_ink_is_the_themes(theme: str) -> None:
    drawn = brand.wordmark(theme)
    assert "currentColor" not in drawn
    letters = ElementTree.fromstring(drawn).find(f"{SVG}path")
    assert letters is not None
    assert letters.attrib["fill"] == brand.INK["dark" if theme == "dark" else "light"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_accent_can_be_read_as_text_on_a_page_and_as_the_ground_of_a_button(theme: str) -> None:
    config = tomllib.loads((Path(__file__).parents[3] / ".streamlit" / "config.toml").read_text("utf-8"))
    colors = config["theme"][theme]
    assert contrast(brand.accent_text(theme), colors["backgroundColor"]) >= 4.5
    assert contrast(brand.accent_text(theme), colors["secondaryBackgroundColor"]) >= 4.5
    assert contrast("#ffffff", colors["primaryColor"]) >= 4.5
