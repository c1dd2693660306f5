"""A prompt may hold variables and conditions; whatever else Jinja can do is refused with the line it stands in."""

from __future__ import annotations

import pytest

from core.generation.templates.errors import TemplateRefused
from tests.core.generation.templates.made import compiled

NUMBER = {"name": "n", "kind": "number"}
MAYBE = {"name": "n", "kind": "number", "required": False}


def refusal(prompt: str, *described: dict[str, object]) -> TemplateRefused:
    with pytest.raises(TemplateRefused) as refused:
        compiled(prompt, *described)
    assert refused.value.hint
    assert len(str(refused.value)) < 800
    return refused.value


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("{{ ''.__class__ }}", "looks inside a value"),
        ("{{ topic.__class__.__mro__[1].__subclasses__() }}", "calls something"),
        ("{{ topic['__globals__'] }}", "looks inside a value"),
        ("{{ topic[0:5] }}", "looks inside a value"),
        ("{{ self._TemplateReference__context }}", "looks inside a value"),
        ("{{ cycler.__init__.__globals__.os }}", "looks inside a value"),
        ("{{ topic.format() }}", "calls something"),
        ("{{ topic() }}", "calls something"),
        ("{{ lipsum(n=9999) }}", "calls something"),
        ("{{ topic|upper }}", "uses a filter"),
        ("{{ topic|attr('__class__') }}", "uses a filter"),
        ("{{ topic|nothing_of_the_kind }}", "uses a filter"),
        ("{% filter upper %}a{% endfilter %}", "uses a filter"),
        ("{% for i in range(10**8) %}x{% endfor %}", "holds a loop"),
        ("{% for a in topic %}{% for b in topic %}x{% endfor %}{% endfor %}", "holds a loop"),
        ("{% include 'secrets' %}", "includes another file"),
        ("{% import 'a' as b %}", "imports something"),
        ("{% from 'a' import b %}", "imports something"),
        ("{% extends 'base' %}", "extends another template"),
        ("{% block a %}{% endblock %}", "holds a block"),
        ("{% macro a() %}{{ a() }}{% endmacro %}", "defines a macro"),
        ("{% call topic() %}{% endcall %}", "calls something"),
        ("{% set topic = 1 %}", "sets a variable"),
        ("{% set topic %}a{% endset %}", "sets a variable"),
        ("{% with a = 1 %}{% endwith %}", "sets a variable"),
        ("{% if topic is defined %}a{% endif %}", "uses a test with 'is'"),
        ("{% if topic == 'a' * 10**9 %}a{% endif %}", "calculates"),
        ("{{ 'a' * 1000000000 }}", "calculates"),
        ("{{ 10 ** 10 ** 10 }}", "calculates"),
        ("{{ -topic }}", "calculates"),
        ("{{ topic ~ topic }}", "joins values"),
        ("{{ topic if topic else 'a' }}", "holds a condition inside braces"),
        ("{{ {'a': 1} }}", "holds a dictionary"),
        ("{{ [topic] }}", "holds what it can't"),
        ("{{ 'text' }}", "holds what it can't"),
        ("{{ not topic }}", "calculates"),
        ("{% if (topic == 'a') == 'b' %}a{% endif %}", "holds what it can't"),
        ("{% if 'a' < topic < 'b' %}a{% endif %}", "compares several values at once"),
        ("{% if topic in topic %}a{% endif %}", "'in' without a list"),
        ("{% if 'a' in [topic] %}a{% endif %}", "'in' without a list"),
        ("{% if topic == -'a' %}a{% endif %}", "calculates"),
        ("{% if topic == 1e999 %}a{% endif %}", "holds what it can't"),
        ("{% if topic in [1e999] %}a{% endif %}", "'in' without a list"),
        ("{% if topic < 'b' %}a{% endif %}", "compares 'topic' by size, which is no number"),
        ("{{ topik }}", "uses 'topik', which is not among the variables"),
        ("{{ range }}", "uses 'range'"),
        ("{{ loop }}", "uses 'loop'"),
        ("{{ _in_tags_topic }}", "uses '_in_tags_topic'"),
        ("{{ topic", "can't be read"),
        ("{{ }}", "can't be read"),
        ("{% if topic %}", "can't be read"),
        ("{% endif %}", "can't be read"),
        ("{% break %}", "can't be read"),
        ("{% autoescape false %}{% endautoescape %}", "a prompt can't do"),
        ("{# never closed", "can't be read"),
    ],
)  # fmt: skip
def test_what_a_prompt_can_not_do_is_refused(prompt: str, said: str) -> None:
    assert said in refusal(prompt).message


@pytest.mark.parametrize(
    "prompt",
    [
        "{{" * 9_999,
        "{%" * 9_999,
        "{#" * 9_999,
        "{{ " + "(" * 9_000 + "topic" + ")" * 9_000 + " }}",
        "{{ " + "[" * 9_000 + "]" * 9_000 + " }}",
        "{{ topic" + ".a" * 9_000 + " }}",
        "{{ topic" + "|a" * 9_000 + " }}",
        "{{ " + "not " * 4_000 + "topic }}",
        "{{ " + "9" * 9_999 + " }}",
        "{{ '" + "\\\\" * 5_000 + "' }}",
        "{% if topic %}" * 700 + "a" + "{% endif %}" * 700,
        "{% if topic %}" * 21 + "a" + "{% endif %}" * 21,
        "{% if " + " and ".join(["topic"] * 1_500) + " %}a{% endif %}",
        "{% if " + "not " * 30 + "topic %}a{% endif %}",
        "{% if topic %}a" + "{% elif topic %}b" * 1_000 + "{% endif %}",
        "{{topic}}" * 2_200,
        "{% for a in b %}" * 500 + "{% endfor %}" * 500,
    ],
    ids=range(17),
)  # fmt: skip
def test_depth_and_number_have_an_end(prompt: str) -> None:
    assert len(prompt) <= 20_000
    refusal(prompt)


def test_the_line_and_a_likely_name_are_said() -> None:
    refused = refusal("One\n{{ topic }}\n\nFour {{ topics }}")
    assert refused.message.startswith("Line 4 of the prompt uses 'topics'")
    assert refused.hint == "Did you mean 'topic'?"


def test_a_variable_that_is_never_used_is_refused() -> None:
    refused = refusal("{{ topic }}", {"name": "topic"}, {"name": "tone"})
    assert "never use the variable 'tone'" in refused.message


def test_sizes_are_compared_only_where_there_is_a_number_for_certain() -> None:
    assert compiled("{% if n >= -3 and 5 > n %}a{% endif %}", NUMBER).render({"n": 4}).user == "a"
    assert "which may be empty" in refusal("{% if n > 3 %}a{% endif %}", MAYBE).message
    assert "what is no number" in refusal("{% if n > 'a' %}a{% endif %}", NUMBER).message


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ("topic", "x", True),
        ("not topic", "x", False),
        ("topic == 'x'", "x", True),
        ("topic != \"x\"", "x", False),
        ("topic in ['a', 'x']", "x", True),
        ("topic not in ('a', 'x')", "x", False),
        ("topic == 'a' or topic == 'x'", "x", True),
        ("topic and topic == 'a'", "x", False),
        ("topic == none", "x", False),
        ("topic == '<b>'", "<b>", True),
    ],
)  # fmt: skip
def test_conditions_look_at_the_value_itself(condition: str, value: str, holds: bool) -> None:
    prompt = "{% if " + condition + " %}yes{% else %}no{% endif %}"
    assert compiled(prompt).render({"topic": value}).user == ("yes" if holds else "no")


def test_comments_and_raw_text_are_allowed() -> None:
    prompt = compiled("{# a note #}{% raw %}{{ name }}{% endraw %} {{ topic }}").render({"topic": "x"})
    assert prompt.user == '{{ name }} <variable name="topic">x</variable>'
