"""What is found in the words of a conversation, at which place; what is not; and that no text stops a check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from core.generation.quality import check, findings
from core.generation.quality.findings import Code, Finding
from core.generation.quality.score import score
from core.generation.quality.thresholds import DEFAULT, Thresholds, parse
from tests.generation import talk

ASK = "My parcel has not arrived yet, and I am getting worried about it."
GOOD = "I am sorry to hear that. It left the depot this morning and comes tomorrow before noon."
KEY = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
GERMAN = "Das Paket wurde heute Morgen verladen und kommt morgen vor dem Mittag bei Ihnen an."


def found(*said: str, asked: Thresholds = DEFAULT, **params: str) -> list[Finding]:
    return check.text_findings(talk(*said), thresholds=asked, params=params)


@pytest.mark.parametrize(
    ("words", "code", "place"),
    [
        ("Write to jo.doe@acme-mail.de today.", Code.EMAIL, "jo.doe@acme-mail.de"),
        ("Call me on +49 30 901820 please.", Code.PHONE, "+49 30 901820"),
        ("My number is (212) 664-7665, thanks.", Code.PHONE, "(212) 664-7665"),
        ("Pay to DE89 3704 0044 0532 0130 00 today.", Code.BANK_ACCOUNT, "DE89 3704 0044 0532 0130 00"),
        ("The card 4111 1111 1111 1111 was refused.", Code.CARD, "4111 1111 1111 1111"),
        ("It came from 8.8.4.4 at night.", Code.IP_ADDRESS, "8.8.4.4"),
        ("Her SSN is 536-22-1234, I believe.", Code.NATIONAL_ID, "536-22-1234"),
        ("Send it to 12 Maple Street, please.", Code.POSTAL_ADDRESS, "12 Maple Street"),
        (f"The token is {KEY} for now.", Code.CREDENTIAL, KEY),
        ("Your password is hunter2-Blue now.", Code.CREDENTIAL, "hunter2-Blue"),
        ("Dear [Customer Name], it is ready.", Code.PLACEHOLDER, "[Customer Name]"),
        ("It costs {{ price }} in the shop.", Code.PLACEHOLDER, "{{ price }}"),
        ("As an AI language model, I can't say.", Code.ABOUT_ITSELF, "As an AI language model"),
    ],
)
def test_what_is_found_stands_at_its_place(words: str, code: Code, place: str) -> None:
    said = f"🎉 Ja\u0308. {words}"  # places count code points
    (one,) = [one for one in found(ASK, f"{GOOD} {said}") if one.code == code]
    assert one.message_idx == 1
    assert f"{GOOD} {said}"[one.start : one.end] == place
    assert findings.sentence(one).endswith("(message 2)")
    if code is not Code.PLACEHOLDER:
        assert place not in one.detail


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ((ASK, "Ok."), Code.SHORT_TURN),
        ((ASK, "\u2060 … —"), Code.EMPTY_TURN),
        ((ASK, " ".join(f"word{n}" for n in range(900))), Code.LONG_TURN),
        ((ASK, f"{GOOD}\nUser: Thanks.\nAssistant: With pleasure."), Code.SEVERAL_SPEAKERS),
        ((ASK, GOOD, "And then?", f"Well. {GOOD}"), Code.REPEATED_SENTENCE),
        ((ASK, "I will look into it and " * 6), Code.REPEATED_PHRASE),
        ((ASK, "哈喽" + "我会看看" * 9), Code.REPEATED_PHRASE),
        ((ASK, "a" * 300), Code.REPEATED_PHRASE),
        (tuple(w for n in range(3) for w in (f"Ask {n}?", f"I understand your wish {n}.")), Code.REPEATED_OPENER),
        ((ASK, GOOD, "Und auf Deutsch?", GERMAN), Code.OTHER_LANGUAGE),
        ((ASK, "Посылка придёт завтра до полудня."), Code.OTHER_LANGUAGE),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)  # fmt: skip
def test_what_is_wrong_with_turns_is_found(said: tuple[str, ...], code: Code) -> None:
    assert code in {one.code for one in found(*said)}


@pytest.mark.parametrize(
    "said",
    [
        (ASK, GOOD),
        ("ok", GOOD, "👍", "With pleasure, and have a good day."),
        ("Wo ist es?", GERMAN),
        (ASK, "Write to help@example.com, or see https://example.org/a/b?c=1 and 192.168.0.1 (version 10.4.2.1)."),
        (ASK, "Order 4111 on 2026-11-30 at 12:30:45 costs 1 234 567.89 €, 20 % off, ISBN 978-3-16-148410-0."),
        (ASK, "Run `git checkout <branch name>`, then:\n```\nfor {name} in [NAME]: print(f'{{x}}')\n```\nand look."),
        (ASK, "The list [1], [2] and [see the manual](https://example.org) holds. A < b > c, and 50% of it."),
        (ASK, "| a | b |\n| --- | --- |\n| 1 | 1 |\n| 1 | 1 |\n\nThat is the whole table for you."),
        (ASK, "The password must have eight letters and a digit; the API key stands in the settings."),
    ],
)  # fmt: skip
def test_nothing_is_found_in_what_is_fine(said: tuple[str, ...]) -> None:
    assert found(*said) == []


def test_a_template_says_what_it_asks_for() -> None:
    assert {one.code for one in found(ASK, GOOD, asked=Thresholds(least_messages=4))} == {
        Code.TOO_FEW_MESSAGES
    }
    assert {one.code for one in found(*[ASK, GOOD] * 2, asked=Thresholds(most_messages=2))} >= {
        Code.TOO_MANY_MESSAGES
    }
    assert {one.code for one in found(ASK, GOOD, language="Deutsch")} == {Code.OTHER_LANGUAGE}
    assert found(ASK, GOOD, language="Swiss English (en-CH)") == []
    assert found(ASK, GERMAN, asked=Thresholds(language="any")) == []
    mailed = found(ASK, f"{GOOD} Write to jo@acme-mail.de or jo@acme-mail.de.")
    ignoring = parse({"ignored": ["email"]})
    assert check.columns(mailed, thresholds=ignoring) == {"score": 100, "findings": []}
    assert check.columns(mailed, thresholds=DEFAULT)["score"] == score(mailed) == 48


def test_turns_out_of_order_are_found_in_any_messages() -> None:
    twice: list[dict[str, Any]] = [{"role": "user", "content": ASK}, {"role": "user", "content": None}, {}]
    codes = {one.code for one in check.text_findings(twice, thresholds=DEFAULT)}
    assert codes >= {Code.TURN_ORDER, Code.EMPTY_TURN}


def test_a_check_that_fails_is_logged_without_the_words_and_said() -> None:
    def fail() -> Iterator[Finding]:
        yield Finding(Code.EMAIL)
        raise ValueError(ASK)

    with capture_logs() as logged:
        assert check.guarded("this one", fail) == [Finding(Code.NOT_CHECKED, detail="this one")]
    (line,) = logged
    assert (line["event"], line["check"]) == ("a quality check failed", "this one")
    assert line["problem"].startswith("ValueError, test_check.py:")
    assert ASK not in str(line)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "\ud800",
        "\u202e\u200f" * 999,
        "🎉" * 999,
        "{{" * 9_999,
        "@" * 9_999,
        "1" * 9_999,
        "`" * 9_999,
    ],
)
def test_no_text_stops_a_check(text: str) -> None:
    with capture_logs() as logged:
        kept = check.columns(found(text, text, text), thresholds=DEFAULT)
        made, said = check.minhash(talk(text, text))
    assert (logged, said) == ([], [])
    assert made is not None
    assert len(made) == 256
    assert 0 <= kept["score"] < 100
    assert findings.from_json([*kept["findings"], {"code": "of another version"}, {}, None])
