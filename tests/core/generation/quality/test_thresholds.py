"""Thresholds: what a template may ask, what is refused, and what its row keeps."""

from __future__ import annotations

import pytest

from core.generation.quality import thresholds
from core.generation.quality.findings import KINDS, Code
from core.generation.quality.thresholds import DEFAULT, Thresholds, ThresholdsUnfit


def test_what_differs_from_the_defaults_is_kept_and_read_again() -> None:
    assert thresholds.parse(None) == thresholds.parse({}) == DEFAULT
    assert DEFAULT.stored() is None
    found = thresholds.parse({"least_messages": 4.0, "language": "de", "ignored": ["email", "email"]})
    assert found == Thresholds(least_messages=4, language="de", ignored=("email",))
    assert found.stored() == {"least_messages": 4, "language": "de", "ignored": ["email"]}
    assert thresholds.parse(found.stored()) == thresholds.parse(found.to_json()) == found


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([], "not an object"),
        ({"least": 1}, "no 'least'"),
        ({"least_messages": 1}, "least_messages is not a whole number from 2 to 200"),
        ({"most_words": True}, "most_words is not a whole number"),
        ({"least_words": 1.5}, "least_words is not a whole number"),
        ({"similarity": float("nan")}, "similarity is not a number from 0.3 to 1"),
        ({"passing_score": "70"}, "passing_score is not"),
        ({"least_messages": 9, "most_messages": 8}, "above most_messages"),
        ({"least_words": 9, "most_words": 8}, "above most_words"),
        ({"language": "German"}, "language is none of"),
        ({"language": ["de"]}, "language is none of"),
        ({"ignored": "email"}, "not a list"),
        ({"ignored": ["e-mail"]}, "'e-mail', which no finding is called"),
        ({"ignored": [["email"]]}, "which no finding is called"),
    ],
)
def test_what_can_not_be_asked_is_refused_by_name(given: object, problem: str) -> None:
    with pytest.raises(ThresholdsUnfit, match=problem):
        thresholds.parse(given)


def test_every_code_has_its_words() -> None:
    assert set(KINDS) == set(Code)
