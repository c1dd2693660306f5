"""One spelling or another: the one judgement of training, measuring and the check."""

from __future__ import annotations

import unicodedata

import pytest

from core.models import labels


@pytest.mark.parametrize(
    "same",
    [
        ("Yes", "YES", " yes "),
        ("1", "1.0", "1.00", "+1", "1,0", "1."),
        ("-0", "0", "0.0", ".0"),
        ("0.5", ".5", "0,50"),
        ("café", unicodedata.normalize("NFD", "café")),
        ("STRASSE", "straße"),
    ],
)
def test_spellings_of_one_label_have_one_key(same: tuple[str, ...]) -> None:
    assert len({labels.key(spelling) for spelling in same}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("007", "7"),
        ("1E5", "10E4"),
        ("1e5", "100000"),
        ("9007199254740993", "9007199254740992"),
        ("1,000", "1"),
        ("1", "-1"),
        ("", "0"),
        (".", "0"),
        ("1.5", "1.50.0"),
        ("١", "1"),
        ("\ud800", "\ud801"),
    ],
)
def test_codes_that_differ_have_two(one: str, other: str) -> None:
    assert labels.key(one) != labels.key(other)


def test_three_digits_behind_a_mark_are_decimals_where_it_is_the_files_own() -> None:
    assert labels.key("1,500", ",") == labels.key("1.5")
    assert labels.key("1.500", ",") == "1.500"


@pytest.mark.parametrize(
    "words", [["N", "S", "O"], ["1", "0"], ["J", "N", "O"], ["yes", "no"], ["T", "Y", "F", "N"]]
)
def test_letters_alone_are_no_words_and_two_words_need_no_merging(words: list[str]) -> None:
    assert len(set(labels.keys(words))) == len(words)


def test_beside_a_third_answer_a_letter_is_the_word_that_it_begins() -> None:
    assert labels.keys(["Yes", "Y", "n", "No", "maybe", "true"]) == [
        "yes",
        "yes",
        "no",
        "no",
        "maybe",
        "true",
    ]
    assert labels.keys(["TRUE", "1", "0", "false"]) == ["true", "true", "false", "false"]


def test_a_label_is_found_in_any_spelling_and_nothing_else_is() -> None:
    find = labels.lookup(("No", "Yes", "rare"), spellings={"mauve": "rare", "Y": "Yes"})
    found = [find(cell) for cell in ("YES", " no", "y", "Mauve", "true", "", "nope")]
    assert found == [1, 0, 1, 2, None, None, None]
    assert labels.lookup(("Y", "Yes", "N", "No"))("y") == 0


def test_of_two_labels_that_say_yes_and_no_any_such_word_is_one_but_no_number_is() -> None:
    find = labels.lookup(("ja", "nein"))
    assert [find(cell) for cell in ("Yes", "N", "0", "1", "vielleicht")] == [0, 1, None, None, None]
    find = labels.lookup(("0", "1"))
    assert [find(cell) for cell in ("1.0", "00", "1,00", "yes", "2")] == [1, None, 1, None, None]


@pytest.mark.parametrize(
    ("yes", "no"), [("Ναι", "Όχι"), ("نعم", "لا"), ("Так", "Ні"), ("True.", "False."), ("Sì", "No")]
)
def test_what_says_yes_is_looked_for_in_every_language(yes: str, no: str) -> None:
    assert labels.likely_positive([yes, no]) == labels.likely_positive([no, yes]) == yes
    assert [labels.lookup((no, yes))(cell) for cell in ("true", "nein")] == [1, 0]


@pytest.mark.parametrize(
    ("categories", "cells", "learnt"),
    [
        (
            ("Yes", "No"),
            ["YES", "no", "ja", "Nein", "n", "1", "maybe", None],
            "Yes No Yes No No 1 maybe None",
        ),
        (("Yes", "No", "No service"), ["yes", "NO SERVICE", "false"], "Yes NO SERVICE No"),
        (("Yes", "YES", "No"), ["YES", "yes", "Yes"], "YES YES Yes"),
        (("N", "O", "S", "W"), ["o", "yes", "w"], "o yes w"),
        (("j", "n"), ["J", "Nein"], "j n"),
        (("yes", "ja", "no"), ["YES", "Nein"], "YES Nein"),
        (("red", "green"), ["Red", "yes"], "Red yes"),
        (("0", "1"), ["yes", "1.0"], "yes 1.0"),
    ],
)
def test_another_word_for_yes_or_no_is_the_category_that_says_so_and_any_other_keeps_its_spelling(
    categories: tuple[str, ...], cells: list[str | None], learnt: str
) -> None:
    assert " ".join(map(str, labels.as_learnt(cells, categories))) == learnt
