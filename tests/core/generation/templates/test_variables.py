"""Variables are described in a way that can be used, and values fit them: or all that is wrong is said at once."""

from __future__ import annotations

from typing import Any

import pytest

from core.generation.templates import variables
from core.generation.templates.errors import (
    ParamsUnfit,
    ValueUnfit,
    VariableMissing,
    VariablesUnfit,
    VariableUnknown,
)
from core.generation.templates.values import Kind
from core.generation.templates.variables import Variable

TOPIC = Variable("topic")
AGE = Variable("age", Kind.NUMBER)
TONE = Variable("tone", Kind.CHOICE, required=False, default="warm", options=("warm", "calm"))
NOTE = Variable("note", required=False)
ALL = (TOPIC, AGE, TONE, NOTE)


def test_what_is_described_is_read_and_kept_as_it_is() -> None:
    described = [
        {"name": "topic", "description": " What it is\nabout "},
        {"name": "age", "kind": "number", "default": "12.50"},
        {"name": "tone", "kind": "choice", "options": ["warm", 5], "required": True},
    ]
    found = variables.parse(described)
    assert [(one.name, one.kind, one.required, one.default) for one in found] == [
        ("topic", Kind.TEXT, True, None),
        ("age", Kind.NUMBER, False, 12.5),
        ("tone", Kind.CHOICE, True, None),
    ]
    assert (found[0].description, found[2].options) == ("What it is about", ("warm", "5"))
    assert variables.parse([one.to_json() for one in found]) == found


def test_a_label_is_the_name_as_people_write_it() -> None:
    assert Variable("support_channel").label == "Support channel"
    assert Variable("x__").label == "X"


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ("topic", "must be a list"),
        ({"name": "topic"}, "must be a list"),
        ([{"name": "v"}] * 31, "31 variables"),
        (["topic"], "Variable 1 must be an object"),
        ([{}], "Variable 1 has no name"),
        ([{"name": 5}], "has no name"),
        ([{"name": "1st"}], "('1st') has a name that can't be used"),
        ([{"name": "__class__"}], "has a name that can't be used"),
        ([{"name": "größe"}], "has a name that can't be used"),
        ([{"name": "a" * 41}], "has a name that can't be used"),
        ([{"name": "x\0\ud800"}], "('x��') has a name that can't be used"),
        ([{"name": "Not"}], "means something else"),
        ([{"name": "topic"}, {"name": "Topic"}], "Variable 2 ('Topic') has a name that another one has"),
        ([{"name": "x", "type": "text"}], "has no field 'type'"),
        ([{"name": "x", "kind": "date"}], "unknown kind 'date'"),
        ([{"name": "x", "kind": ["text"]}], "unknown kind"),
        ([{"name": "x", "required": "yes"}], "by true or false"),
        ([{"name": "x", "required": True, "default": "a"}], "is required and has a default"),
        ([{"name": "x", "kind": "choice"}], "a choice without options"),
        ([{"name": "x", "kind": "choice", "options": "ab"}], "a choice without options"),
        ([{"name": "x", "kind": "choice", "options": ["a", " a "]}], "the same option twice"),
        ([{"name": "x", "kind": "choice", "options": ["a", " "]}], "an option that is empty"),
        ([{"name": "x", "kind": "choice", "options": [["a"]]}], "must be text, not a list"),
        ([{"name": "x", "kind": "choice", "options": [str(n) for n in range(101)]}], "101 options"),
        ([{"name": "x", "options": ["a"]}], "has options but is of the kind text"),
        ([{"name": "x", "kind": "choice", "options": ["a"], "default": "b"}], "one of 'a', not 'b'"),
        ([{"name": "x", "kind": "number", "default": "a"}], "a default that does not fit"),
        ([{"name": "x", "default": "\0"}], "NUL"),
        ([{"name": "x", "description": "a" * 301}], "at most 300 characters"),
        ([{"name": "x", "description": "\ud800"}], "described by text"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_variable_and_the_cure(described: object, said: str) -> None:
    with pytest.raises(VariablesUnfit) as refused:
        variables.parse(described)
    assert said in refused.value.message
    str(refused.value).encode()


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(VariablesUnfit) as refused:
        variables.parse([{"name": "1"}, {"name": "fine"}, {"name": "x", "kind": "date"}])
    assert "Variable 1" in refused.value.message
    assert "Variable 3 ('x')" in refused.value.message


def test_values_come_out_in_their_types_with_defaults() -> None:
    found = variables.check(ALL, {"topic": "tea", "age": "7"})
    assert found == {"topic": "tea", "age": 7, "tone": "warm", "note": None}
    found = variables.check(ALL, {"topic": 5, "age": 7.5, "tone": " calm ", "note": 1e3})
    assert found == {"topic": "5", "age": 7.5, "tone": "calm", "note": "1000"}


@pytest.mark.parametrize("blank", ["", " \t\n", None])
def test_a_blank_is_no_value(blank: str | None) -> None:
    assert variables.check([NOTE, TONE], {"note": blank, "tone": blank}) == {"note": None, "tone": "warm"}
    with pytest.raises(VariableMissing):
        variables.check([TOPIC], {"topic": blank})


@pytest.mark.parametrize("written", ["12", "+12", "12.0", " 12 ", "1.2e1", 12, 12.0])
def test_a_number_may_be_written_in_several_ways(written: object) -> None:
    assert variables.check([AGE], {"age": written}) == {"age": 12}


@pytest.mark.parametrize(
    "written",
    ["twelve", "1,5", "1_000", "0x10", "١٢", "nan", "inf", "-Infinity", "1e999", "9" * 5000, "1e16", "--1", ".5",
     True, False, [12], {"a": 1}, float("nan"), float("inf"), 10**400, -(10**16)],
)  # fmt: skip
def test_what_is_no_number_is_refused(written: object) -> None:
    with pytest.raises(ValueUnfit) as refused:
        variables.check([AGE], {"age": written})
    assert "'age' must be a number" in refused.value.message
    assert len(refused.value.message) < 200


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (True, "must be text, not true or false"),
        (["tea"], "must be text, not a list"),
        ({"a": 1}, "must be text, not an object"),
        ("a" * 20_001, "20,001 characters"),
        ("a\0b", "NUL"),
        ("half \udfff", "surrogate"),
        (float("inf"), "must be a number between"),
    ],
)
def test_what_is_no_text_is_refused(given: object, said: str) -> None:
    with pytest.raises(ValueUnfit) as refused:
        variables.check([TOPIC], {"topic": given})
    assert said in refused.value.message
    str(refused.value).encode()


def test_unicode_is_text() -> None:
    text = "Grüße 你好 👩‍👩‍👧 \u202eabc \u200b e\u0301"
    assert variables.check([TOPIC], {"topic": text}) == {"topic": text}


def test_a_choice_is_one_of_its_options_as_they_are_spelt() -> None:
    with pytest.raises(ValueUnfit) as refused:
        variables.check([TONE], {"tone": "Warm"})
    assert refused.value.message == "'tone' must be one of 'warm', 'calm', not 'Warm'."


@pytest.mark.parametrize(
    ("params", "kind", "message", "hint"),
    [
        ({"age": 1}, VariableMissing, "'topic' has no value.", "Give each required variable a value."),
        ({}, VariableMissing, "'topic', 'age' have no value.", "Give each required variable a value."),
        (
            {"topic": "a", "age": 1, "tonne": "x"},
            VariableUnknown,
            "The template has no variable 'tonne'.",
            "Did you mean 'tone'?",
        ),
        (
            {"topic": "a", "age": 1, "subject": "x"},
            VariableUnknown,
            "The template has no variable 'subject'.",
            "Its variables are 'topic', 'age', 'tone', 'note'.",
        ),
    ],
)
def test_what_is_missing_or_too_much_is_named(
    params: dict[str, Any], kind: type[ParamsUnfit], message: str, hint: str
) -> None:
    with pytest.raises(kind) as refused:
        variables.check(ALL, params)
    assert (type(refused.value), refused.value.message, refused.value.hint) == (kind, message, hint)


def test_several_faults_are_one_refusal() -> None:
    with pytest.raises(ParamsUnfit) as refused:
        variables.check(ALL, {"age": "x", "tone": "y", "more": 1})
    assert type(refused.value) is ParamsUnfit
    for said in ("'topic' has no value", "no variable 'more'", "'age' must be", "'tone' must be"):
        assert said in refused.value.message


def test_a_hundred_thousand_unknown_names_make_a_short_sentence() -> None:
    with pytest.raises(VariableUnknown) as refused:
        variables.check([NOTE], {f"n{n}\ud800" + "a" * 1000: n for n in range(100_000)})
    assert "and 99,988 more" in refused.value.message
    assert len(refused.value.message) < 1000
    str(refused.value).encode()
