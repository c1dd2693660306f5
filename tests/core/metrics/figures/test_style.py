from __future__ import annotations

import itertools

import pytest

from core.metrics.figures import style

PALETTE = (style.BLUE, style.ORANGE, style.RED, style.GREY)


def _linear(color: str) -> list[float]:
    """The red, green and blue of a color as light, as WCAG 2 defines it."""
    shades = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    return [shade / 12.92 if shade <= 0.04045 else ((shade + 0.055) / 1.055) ** 2.4 for shade in shades]


def contrast(one: str, other: str) -> float:
    weights = (0.2126, 0.7152, 0.0722)
    light, dark = sorted(
        (sum(w * part for w, part in zip(weights, _linear(color), strict=True)) for color in (one, other)),
        reverse=True,
    )
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("color", PALETTE)
@pytest.mark.parametrize("page", ["#ffffff", "#0e1117"])
def test_every_color_stands_out_from_a_light_and_a_dark_page(color: str, page: str) -> None:
    assert contrast(color, page) >= 3


@pytest.mark.parametrize(
    "seen",
    [
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ],
    ids=["protanopia", "deuteranopia"],
)
def test_colour_blind_readers_tell_every_two_colors_apart(seen: list[list[float]]) -> None:
    """The matrices are those of Machado, Oliveira & Fernandes 2009 at full severity."""
    shown = [
        [sum(w * part for w, part in zip(row, _linear(color), strict=True)) for row in seen]
        for color in PALETTE
    ]
    for one, other in itertools.combinations(shown, 2):
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) > 0.1


def test_a_long_title_wraps_into_even_lines_that_fit_a_phone() -> None:
    title = "The model ranks 85.4\u00a0% of churner/non-churner pairs correctly (ROC-AUC 0.854)"
    lines = style.wrap(title).split("<br>")
    assert " ".join(lines) == title
    assert len(lines) == 2
    assert max(map(len, lines)) <= style.TITLE_WIDTH
    assert abs(len(lines[0]) - len(lines[1])) < 15


def test_a_word_longer_than_a_line_is_broken() -> None:
    assert [len(line) for line in style.wrap("x" * 100, width=40).split("<br>")] == [40, 40, 20]


def test_markup_in_a_readers_data_is_shown_and_not_obeyed() -> None:
    assert style.wrap("<b>A & B</b>") == "&lt;b&gt;A &amp; B&lt;/b&gt;"
    assert style.shorten("<i>") == "&lt;i&gt;"


def test_numbers_to_be_read_take_the_pages_own_text_color() -> None:
    assert style.strong("<b>12</b>") == '<span style="color:currentColor"><b>12</b></span>'


def test_a_long_name_keeps_its_start_and_its_end() -> None:
    assert style.shorten("PaymentMethod_Electronic check", width=15) == "PaymentMe…check"
    assert style.shorten("tenure", width=15) == "tenure"


def test_a_frame_takes_its_text_colors_and_its_background_from_the_page() -> None:
    layout = style.frame("Title", x_title="x", y_title="y", legend=True).to_plotly_json()["layout"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0, 0, 0, 0)"
    assert "color" not in layout["title"]["font"]
    assert "font" not in layout
    assert layout["height"] == 340


def test_the_margin_grows_with_the_lines_of_the_title() -> None:
    short, long = (style.frame(title, x_title="", y_title="") for title in ("Short", "word " * 20))
    assert long.layout.title.text.count("<br>") == 2
    assert long.layout.margin.t - short.layout.margin.t == 40


def test_a_note_says_why_there_is_no_chart() -> None:
    figure = style.note("No curve", "There is only one class.")
    assert figure.layout.annotations[0].text == style.strong("There is only one class.")
    assert not figure.data
