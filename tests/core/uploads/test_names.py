"""A file name stays recognisable and can't do harm."""

from __future__ import annotations

import pytest

from core.uploads.names import MAX_BYTES, MAX_SHOWN_BYTES, safe_filename, shown_filename


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("churn.csv", "churn.csv"),
        ("Q3 sales (final).csv", "Q3_sales_(final).csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\data.csv", "data.csv"),
        ("/absolute/a.csv", "a.csv"),
        ("..", "upload.csv"),
        ("dir/", "upload.csv"),
        ("", "upload.csv"),
        ("\x00\x1f", "upload.csv"),
        (".htaccess", "htaccess"),
        ("a\x00b\r\nc.csv", "ab_c.csv"),
        ("Kundenübersicht.csv", "Kundenübersicht.csv"),
        ("u\u0308ber.csv", "über.csv"),
        ("東京.csv", "東京.csv"),
        ("evil\u202evsc.exe", "evilvsc.exe"),
        ("lone\ud800.csv", "lone.csv"),
        ("CON", "file_CON"),
        ("nul.csv", "file_nul.csv"),
        ("console.csv", "console.csv"),
        ("a<b>|c?.csv", "a_b_c_.csv"),
        ("x.csv. . ", "x.csv"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert safe_filename(name) == safe


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Q3 sales  (final) #2.csv", "Q3 sales (final) #2.csv"),
        ("../../etc/pass wd", "pass wd"),
        ("C:\\Users\\ann\\my data.csv", "my data.csv"),
        ("a\x00b\r\nc.csv", "ab c.csv"),
        ("evil\u202evsc.exe", "evilvsc.exe"),
        ("lone\ud800.csv", "lone.csv"),
        ("<b>50%</b>", "b>"),
        (" \t ", "upload.csv"),
        ("..", "upload.csv"),
        (".htaccess", ".htaccess"),
        ("é" * 300 + ".csv", "é" * 125 + ".csv"),
    ],
)
def test_a_name_is_shown_as_it_was_written_but_on_one_line(name: str, shown: str) -> None:
    assert shown_filename(name) == shown
    assert len(shown_filename(name).encode()) <= MAX_SHOWN_BYTES


@pytest.mark.parametrize("letter", ["a", "é", "東", "😀"])
def test_a_long_name_is_cut_within_its_stem_and_keeps_its_extension(letter: str) -> None:
    safe = safe_filename(letter * 500 + ".csv")
    assert safe.endswith(letter + ".csv")
    assert MAX_BYTES - 4 <= len(safe.encode()) <= MAX_BYTES


@pytest.mark.parametrize("name", ["a b.csv", "../x", "CON", "é" * 300 + ".csv", "", "._-", "~$draft.csv"])
def test_a_safe_name_is_left_alone(name: str) -> None:
    assert safe_filename(safe_filename(name)) == safe_filename(name)
