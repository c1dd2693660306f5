"""What can be found in a conversation: the codes, how people say them, what they cost, and how rows keep them.

The one list of codes: filters, charts and pages take words and order from KINDS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID


class Code(StrEnum):
    """What was found."""

    CREDENTIAL = "credential"
    CARD = "card"
    BANK_ACCOUNT = "bank_account"
    NATIONAL_ID = "national_id"
    EMAIL = "email"
    PHONE = "phone"
    POSTAL_ADDRESS = "postal_address"
    IP_ADDRESS = "ip_address"
    NEAR_DUPLICATE_IN_JOB = "near_duplicate_in_job"
    NEAR_DUPLICATE_APPROVED = "near_duplicate_approved"
    TURN_ORDER = "turn_order"
    EMPTY_TURN = "empty_turn"
    SEVERAL_SPEAKERS = "several_speakers"
    PLACEHOLDER = "placeholder"
    ABOUT_ITSELF = "about_itself"
    OTHER_LANGUAGE = "other_language"
    REPEATED_SENTENCE = "repeated_sentence"
    REPEATED_PHRASE = "repeated_phrase"
    REPEATED_OPENER = "repeated_opener"
    TOO_FEW_MESSAGES = "too_few_messages"
    TOO_MANY_MESSAGES = "too_many_messages"
    SHORT_TURN = "short_turn"
    LONG_TURN = "long_turn"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class Kind:
    """label: of a filter or a chart. sentence: to a reviewer, about one message. weight: points of the score."""

    label: str
    sentence: str
    weight: int


KINDS: Final[Mapping[str, Kind]] = {
    Code.CREDENTIAL: Kind("Key or password", "A key or password", 60),
    Code.CARD: Kind("Card number", "A payment card number", 50),
    Code.BANK_ACCOUNT: Kind("Bank account", "A bank account number", 50),
    Code.NATIONAL_ID: Kind("National ID", "A national ID number", 50),
    Code.EMAIL: Kind("E-mail address", "An e-mail address", 35),
    Code.PHONE: Kind("Phone number", "A phone number", 35),
    Code.POSTAL_ADDRESS: Kind("Postal address", "A street address", 25),
    Code.IP_ADDRESS: Kind("IP address", "An IP address", 25),
    Code.NEAR_DUPLICATE_IN_JOB: Kind(
        "Near-duplicate in its batch", "Nearly the same as another conversation of its batch", 50
    ),
    Code.NEAR_DUPLICATE_APPROVED: Kind(
        "Near-duplicate of an approved one", "Nearly the same as another approved conversation", 50
    ),
    Code.TURN_ORDER: Kind("Turn order", "Out of turn: user and assistant alternate, the assistant ends", 60),
    Code.EMPTY_TURN: Kind("Empty turn", "A turn without words", 40),
    Code.SEVERAL_SPEAKERS: Kind("Several speakers in a turn", "A turn that holds a speaker's label", 40),
    Code.PLACEHOLDER: Kind("Placeholder", "A placeholder that was not filled in", 40),
    Code.ABOUT_ITSELF: Kind("Assistant about itself", "The assistant speaks of itself as a model", 30),
    Code.OTHER_LANGUAGE: Kind("Other language", "A turn in another language", 35),
    Code.REPEATED_SENTENCE: Kind("Repeated sentence", "The same sentence as before", 20),
    Code.REPEATED_PHRASE: Kind("Repeated phrase", "Words repeated over and over", 35),
    Code.REPEATED_OPENER: Kind("Repeated opener", "Begins like earlier turns", 20),
    Code.TOO_FEW_MESSAGES: Kind("Too few messages", "Fewer messages than its template asks for", 35),
    Code.TOO_MANY_MESSAGES: Kind("Too many messages", "More messages than its template allows", 20),
    Code.SHORT_TURN: Kind("Short answer", "An answer of very few words", 20),
    Code.LONG_TURN: Kind("Long turn", "A turn that is very long", 20),
    Code.NOT_CHECKED: Kind("Not checked", "Could not be checked", 10),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    code: one of Code. message_idx: in which message, from 0; None: in the conversation as a whole. start, end: where in
    its content, in code points, as Python counts; None: in the whole message. detail: more of it in a few words, and
    never what is found itself where that is personal. Of near-duplicates the other conversation's primary key, where
    its owner is the same, else empty.
    """

    code: str
    message_idx: int | None = None
    start: int | None = None
    end: int | None = None
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def from_json(stored: Iterable[Any] | None) -> list[Finding]:
    """What a row holds. Of what another version has written, what this one understands."""
    return [
        Finding(
            str(one["code"]),
            _number(one.get("message_idx")),
            _number(one.get("start")),
            _number(one.get("end")),
            str(one.get("detail") or ""),
        )
        for one in stored or ()
        if isinstance(one, Mapping) and "code" in one
    ]


def label(code: str) -> str:
    """How a filter or a chart calls it."""
    return KINDS[code].label if code in KINDS else code


def sentence(finding: Finding) -> str:
    """What a reviewer reads: what it is, in which message, and more: "An e-mail address (message 3)"."""
    said = KINDS[finding.code].sentence if finding.code in KINDS else finding.code
    detail = "" if other_id(finding) else finding.detail
    if detail:
        said = f"{said}: {detail}"
    return said if finding.message_idx is None else f"{said} (message {finding.message_idx + 1})"


def other_id(finding: Finding) -> UUID | None:
    """Of a near-duplicate: the primary key of the conversation that it is like, where it may be told."""
    if finding.code not in (Code.NEAR_DUPLICATE_IN_JOB, Code.NEAR_DUPLICATE_APPROVED):
        return None
    try:
        return UUID(finding.detail)
    except ValueError:
        return None


def _number(found: Any) -> int | None:
    return found if isinstance(found, int) and not isinstance(found, bool) else None
