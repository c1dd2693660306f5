"""The 14 faults of `quality`, each put into a good conversation; the kept half has ways of its own for each."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat

from benchmarks.quality_texts import KEPT, TUNED, Words

Messages = list[dict[str, Any]]
Dice = random.Random

PLACEHOLDERS = {
    "tuned": (
        "Dear [NAME], it is done.",
        "Hello {{ customer_name }}, it is ready.",
        "Write to <your name> at once.",
        "Lorem ipsum dolor sit amet comes here.",
        "It leaves on [DATE].",
        "Your order XXXX is on its way.",
        "Hi {name}, good to hear from you.",
        "Thank you, [Your Name].",
        "It costs ${amount} in all.",
        "Yours, [Company Name]",
    ),
    "kept": (
        "Dear [Customer's Name], thanks for waiting.",
        "Your code is [INSERT ORDER ID HERE].",
        "Hi {{ user.first_name }}!",
        "We ship the <product_name> tomorrow.",
        "Guten Tag [Ihr Name], danke.",
        "Bonjour [Nom du client], merci.",
        "It was sent to {customer_address} on Monday.",
        '{% if tone == "warm" %}Lovely!{% endif %}',
        "The number is XXXX-XXXX-XX.",
        "Please click [link] and follow the steps.",
        "<INSERT_DATE> is the last day.",
        "Sincerely, [Agent Name]",
        "Call us at [phone number].",
        "Hola [Nombre], gracias.",
        "It weighs [X] kg and costs [amount] euros.",
    ),
}
ABOUT_ITSELF = {
    "tuned": (
        "As an AI language model, I can't taste coffee.",
        "I'm just an AI, so I can't call you.",
        "As a large language model, I have no opinion.",
        "I cannot fulfill this request.",
        "Here is the conversation between a user and an assistant.",
        "Als KI-Sprachmodell kann ich das nicht.",
    ),
    "kept": (
        "I'm only a language model, so please ask somebody at the counter.",
        "Since my training data ends in 2023, I may be wrong.",
        "I apologize, but I can't assist with that request.",
        "Sure! Here's the dialogue you requested:",
        "As an artificial intelligence I have no body.",
        "Ich bin nur eine KI und kann das nicht fühlen.",
        "En tant qu'IA, je ne peux pas sortir.",
        "Como modelo de lenguaje, no puedo llamarle.",
        "As an AI assistant developed by OpenAI, I have limits.",
        "My knowledge cutoff means I can't tell.",
        "Come modello linguistico non posso telefonare.",
        "I am an AI and do not have personal experiences.",
    ),
}
OPENERS = {"tuned": "I understand your concern.", "kept": "Thank you for reaching out about this."}
LOOPS = {
    "tuned": ("it is fine and ", "again and "),
    "kept": (
        "the ",
        "I will check that for you, ",
        "please try to restart the small device now and then ",
        "well, yes, ",
    ),
}
SHORT = {"tuned": ("Ok.", "Sure!"), "kept": ("Yes.", "Done ✔", "Klar.", "No problem!", "👍 ok")}


def letters(dice: Dice, n: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(dice.choice(alphabet) for _ in range(n))


def turn_order(talk: Messages, dice: Dice, half: str) -> Messages:
    if half == "tuned":
        talk[0]["role"], talk[1]["role"] = talk[1]["role"], talk[0]["role"]
        return talk
    if dice.random() < 0.5:
        del talk[dice.randrange(1, len(talk))]
    else:
        at = dice.randrange(1, len(talk))
        talk.insert(at, dict(talk[at - 1], content=talk[at]["content"] + " And so on."))
    return talk


def several_speakers(talk: Messages, dice: Dice, half: str) -> Messages:
    one = talk[1]
    if half == "tuned":
        one["content"] = f"{one['content']}\n\nUser: {talk[0]['content']}\nAssistant: {one['content'][:60]}"
    else:
        who = dice.choice(
            (("Customer", "Agent"), ("**User", "**Assistant"), ("Kunde", "Berater"), ("Human", "AI"))
        )
        stars = "**" * who[0].startswith("**")
        one["content"] = (
            f"{who[1]}:{stars} {one['content']}\n{who[0]}:{stars} Thanks a lot.\n{who[1]}:{stars} With pleasure."
        )
    return talk


def too_few(talk: Messages, _dice: Dice, _half: str) -> Messages:
    return talk[:2]


def short_turn(talk: Messages, dice: Dice, half: str) -> Messages:
    dice.choice([one for one in talk if one["role"] == "assistant"])["content"] = dice.choice(SHORT[half])
    return talk


def long_turn(talk: Messages, dice: Dice, half: str) -> Messages:
    words = [word for of in _bank(half).values() for one in of.answers for word in one.split()]
    talk[1]["content"] = " ".join(dice.choice(words) for _ in range(900 if half == "kept" else 2_000))
    return talk


def other_language(talk: Messages, dice: Dice, half: str, language: str) -> Messages:
    other = dice.choice([name for name in _bank(half) if name != language])
    n = 1
    said = [one.replace("{x}", "") for one in dice.sample(_bank(half)[other].answers, n)]
    dice.choice(talk)["content"] = " ".join(said)
    return talk


def repeated_sentence(talk: Messages, dice: Dice, half: str) -> Messages:
    said = dice.choice(
        ("Please keep the small receipt in a safe place.", "It takes ten minutes and nothing is lost.")
    )
    answers = [one for one in talk if one["role"] == "assistant"]
    answers[0]["content"] += f" {said}"
    answers[-1]["content"] += (
        f" {said.upper() if dice.random() < 0.3 else said.rstrip('.') + '!'}"
        if half == "kept"
        else f" {said}"
    )
    return talk


def repeated_phrase(talk: Messages, dice: Dice, half: str) -> Messages:
    one = dice.choice([one for one in talk if one["role"] == "assistant"])
    one["content"] += " " + dice.choice(LOOPS[half]) * (dice.randint(5, 12) * (3 if half == "tuned" else 2))
    return talk


def repeated_opener(talk: Messages, dice: Dice, half: str) -> Messages:
    answers = [one for one in talk if one["role"] == "assistant"]
    for one in answers if half == "tuned" else answers[: max(3, len(answers) - 1)]:
        one["content"] = f"{OPENERS[half][:-1]}{dice.choice((':', ',', '.'))} {one['content']}"
    return talk


def placeholder(talk: Messages, dice: Dice, half: str) -> Messages:
    one = dice.choice(talk)
    said = dice.choice(PLACEHOLDERS[half])
    one["content"] = f"{said} {one['content']}" if dice.random() < 0.5 else f"{one['content']} {said}"
    return talk


def about_itself(talk: Messages, dice: Dice, half: str) -> Messages:
    one = dice.choice([one for one in talk if one["role"] == "assistant"])
    one["content"] = f"{dice.choice(ABOUT_ITSELF[half])} {one['content']}"
    return talk


def personal_data(talk: Messages, dice: Dice, half: str) -> Messages:
    dice.choice(talk)["content"] += f" {dice.choice(_PERSONAL[half])(dice)}"
    return talk


def credential(talk: Messages, dice: Dice, half: str) -> Messages:
    dice.choice(talk)["content"] += f" {dice.choice(_KEYS[half])(dice)}"
    return talk


def edited(talk: Messages, dice: Dice, half: str, *, share: float = 0.05) -> Messages:
    """Of all words a twentieth otherwise: replaced, in the kept half also left out, put in and swapped."""
    talk = deepcopy(talk)
    places = [(m, w) for m, one in enumerate(talk) for w in range(len(one["content"].split(" ")))]
    words = [one["content"].split(" ") for one in talk]
    for m, w in dice.sample(places, max(1, round(share * len(places)))):
        way = dice.choice(("replace", "leave out", "put in", "swap")) if half == "kept" else "replace"
        if way == "replace":
            words[m][w] = letters(dice, 6, string.ascii_lowercase)
        elif way == "leave out":
            words[m][w] = ""
        elif way == "put in":
            words[m][w] += f" {letters(dice, 5, string.ascii_lowercase)}"
        elif w:
            words[m][w], words[m][w - 1] = words[m][w - 1], words[m][w]
    for one, said in zip(talk, words, strict=True):
        one["content"] = " ".join(filter(None, said)) or one["content"]
    return talk


def _bank(half: str) -> Mapping[str, Words]:
    return TUNED if half == "tuned" else KEPT


def _luhn(dice: Dice, start: str, n: int) -> str:
    digits = start + letters(dice, n - 1 - len(start), string.digits)
    total = sum(
        sum(divmod(2 * int(one), 10)) if at % 2 == 0 else int(one) for at, one in enumerate(reversed(digits))
    )
    return digits + str(-total % 10)


def _iban(dice: Dice, country: str, body: str) -> str:
    body = "".join(dice.choice(string.digits) if one == "0" else one for one in body)
    number = int("".join(str(int(one, 36)) for one in f"{body}{country}00"))
    return f"{country}{98 - number % 97:02}{body}"


def _fours(text: str, sign: str = " ") -> str:
    return sign.join(text[at : at + 4] for at in range(0, len(text), 4))


def _phone(dice: Dice, regions: Sequence[str], way: int) -> str:
    number = phonenumbers.example_number(dice.choice(regions))
    assert number is not None
    return str(phonenumbers.format_number(number, way))


_PERSONAL: Mapping[str, Sequence[Callable[[Dice], str]]] = {
    "tuned": (
        lambda dice: (
            f"Write to {letters(dice, 6, 'aeimnorst')}.{letters(dice, 5, 'abelr')}@gmx-mail.com please."
        ),
        lambda dice: f"Call me at {_phone(dice, ('US', 'DE', 'FR', 'GB'), PhoneNumberFormat.INTERNATIONAL)}.",
        lambda dice: f"My IBAN is {_fours(_iban(dice, 'DE', '0' * 18))}.",
        lambda dice: f"The card is {_fours(_luhn(dice, '4', 16))}, valid until March.",
        lambda dice: (
            f"It comes from {dice.choice((8, 31, 84))}.{dice.randint(1, 250)}.7.{dice.randint(1, 250)} each night."
        ),
        lambda dice: f"I live at {dice.randint(2, 90)} Maple Street.",
    ),
    "kept": (
        lambda dice: (
            f"my mail is {letters(dice, 5, 'aeimnorst')}+news@mail.{letters(dice, 6, 'bcdfo')}.co.uk, ok?"
        ),
        lambda dice: (
            f"(mail: {letters(dice, 4, 'JKLM')}_{letters(dice, 2, string.digits)}@{letters(dice, 7, 'aeinst')}.de)"
        ),
        lambda dice: (
            "You can reach me on "
            + _phone(
                dice, ("AU", "BR", "IN", "JP", "NL", "SE", "PL", "ZA", "IT"), PhoneNumberFormat.INTERNATIONAL
            )
        ),
        lambda dice: (
            "My phone number is " + _phone(dice, ("US", "GB"), PhoneNumberFormat.NATIONAL) + ", call any time"
        ),
        lambda dice: _phone(dice, ("ES", "CH", "AT", "MX"), PhoneNumberFormat.E164) + " is where you get me",
        lambda dice: f"IBAN: {_iban(dice, 'NL', 'ABNA' + '0' * 10)}",
        lambda dice: f"Please pay to {_fours(_iban(dice, 'GB', 'NWBK' + '0' * 14))} by Friday.",
        lambda dice: f"{_luhn(dice, '37', 15)} is my Amex",
        lambda dice: f"I typed {_fours(_luhn(dice, '53', 16), '-')} twice.",
        lambda dice: (
            f"the log says 2a02:8{letters(dice, 3, string.digits)}:c0de::{letters(dice, 2, string.digits)}4"
        ),
        lambda dice: f"Our server is 185.{dice.randint(1, 250)}.{dice.randint(1, 250)}.12, port 22",
        lambda dice: f"Bring it to Lindenstraße {dice.randint(1, 99)}, 10969 Berlin.",
        lambda dice: f"We moved to {dice.randint(100, 999)} North Oak Avenue, Springfield.",
        lambda dice: f"her SSN is 5{dice.randint(10, 99)}-{dice.randint(10, 99)}-{dice.randint(1000, 9999)}",
    ),
}
_KEYS: Mapping[str, Sequence[Callable[[Dice], str]]] = {
    "tuned": (
        lambda dice: "The key is " + "AKI" + "A" + letters(dice, 16, string.ascii_uppercase + string.digits),
        lambda dice: "Use sk-ant-" + "api03-" + letters(dice, 40),
        lambda dice: "token gh" + "p_" + letters(dice, 36),
        lambda dice: "My password is " + letters(dice, 5) + "7!x" + letters(dice, 3),
        lambda dice: "-----BEGIN RSA " + "PRIVATE KEY-----\n" + letters(dice, 64),
    ),
    "kept": (
        lambda dice: "it is xox" + "b-" + letters(dice, 11, string.digits) + "-" + letters(dice, 24),
        lambda dice: "glp" + "at-" + letters(dice, 20),
        lambda dice: "`AIz" + "a" + letters(dice, 35) + "`",
        lambda dice: (
            "Authorization: Bearer ey"
            + "J"
            + letters(dice, 30)
            + ".ey"
            + "J"
            + letters(dice, 60)
            + "."
            + letters(dice, 43)
        ),
        lambda dice: "sk_" + "live_" + letters(dice, 24),
        lambda dice: "try postgres://desk:" + letters(dice, 9) + "@db.internal:5432/app",
        lambda dice: "hf" + "_" + letters(dice, 34, string.ascii_letters),
        lambda dice: "password: Tr0ub4dor&" + letters(dice, 2, string.digits),
        lambda dice: "OPENAI_API_KEY=sk-" + "proj-" + letters(dice, 48),
        lambda dice: (
            "-----BEGIN OPENSSH " + "PRIVATE KEY-----\n" + base64.b64encode(dice.randbytes(48)).decode()
        ),
        lambda dice: 'api_key = "' + letters(dice, 32, "0123456789abcdef") + '"',
        lambda dice: "SG" + "." + letters(dice, 22) + "." + letters(dice, 43),
    ),
}
