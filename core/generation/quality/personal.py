"""Personal data: addresses, telephone, bank, card and ID numbers; each by its form and, where it has one, its checksum.

What is reserved for examples (example.com, 192.0.2.1) is nobody's. Findings tell the kind and never the value.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

import phonenumbers

from core.generation.quality import languages
from core.generation.quality.findings import Code, Finding
from core.generation.quality.talk import Talk, Turn

MOST_TRIED: Final = 200  # candidates of one message that are looked at closely
_EMAIL: Final = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}(?:@| ?\[at\] ?| ?\(at\) ?)"
    r"((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,6}[^\W\d_]{2,24})(?![\w@])"
)
_RESERVED: Final = re.compile(
    r"(?:^|\.)example(?:\.(?:com|org|net|edu|[a-z]{2}|co\.uk))?$|\.(?:test|invalid|localhost|example|local)$",
    re.IGNORECASE,
)
_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])")
_CARD: Final = re.compile(r"(?<![\d.,-])\d(?:[ -]?\d){12,18}(?![\d.,-]?\d)")
_SSN: Final = re.compile(r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_IPV4: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]?\w)")
_IPV6: Final = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
_PHONE: Final = re.compile(
    r"(?<![\w.,/:+=#$€£%-])(?:\+|\(\+?)?\d[\d()\[\] ./\u00a0\u2011-]{5,24}\d(?![\w%€$]|[.,:]\d)"
)
_DATE: Final = re.compile(r"\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}[./-]\d{1,2}[./-]\d{1,2}")
_CALLED: Final = re.compile(
    r"phone|call|\btel|mobile|\bcell|\bfax|whatsapp|\btext\b|\bsms\b|reach|dial|ring|number|anruf|nummer|handy|mobil|"
    r"rufen|numéro|portable|appel|joindre|teléfono|telefono|llam|móvil|número|chiam|cellulare|ligue|telemóvel|bel\b|"
    r"電話|电话|телефон|звон",
    re.IGNORECASE,
)
_STREET: Final = re.compile(
    r"(?<![\w.,-])\d{1,5}[a-z]? (?:(?:N|S|E|W|North|South|East|West)\.? )?(?:[A-Z][\w'’-]{1,20} ){1,3}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Terrace|Crescent|Close)\b(?!\w)"
    r"|(?<!\w)[A-ZÄÖÜ][a-zäöüß]{2,30}(?:straße|strasse|str\.|weg|allee|platz|gasse|damm|ufer) \d{1,4} ?[a-z]?(?!\w)"
    r"|(?<!\w)\d{1,4}(?: ?bis)?,? (?:rue|avenue|boulevard|place|impasse|allée) "
    r"(?:(?:de|du|des|la|le|l['’])[ ]?){0,2}[A-ZÉÈ][\w'’-]{1,30}"
    r"|(?<!\w)(?:Calle|Avenida|Av\.|Plaza|Via|Viale|Piazza|Corso|Rua) (?:(?:de|del|la|los|di|da|do|das)[ ]){0,2}"
    r"[A-ZÁÉÍÓÚ][\w'’-]{1,30}(?: [A-ZÁÉÍÓÚ][\w'’-]{1,30})?,? (?:n\.?º? ?)?\d{1,4}(?!\w)"
)
_CARD_STARTS: Final = re.compile(r"4|5[1-5]|2[2-7]|3[47]|36|38|30[0-5]|6011|65|64[4-9]|35|62")
_REGIONS: Final = {
    "eng": ("US", "GB", "AU"), "deu": ("DE", "AT", "CH"), "fra": ("FR", "BE", "CH"), "spa": ("ES", "MX"),
    "ita": ("IT",), "por": ("PT", "BR"), "nld": ("NL", "BE"), "pol": ("PL",), "swe": ("SE",), "dan": ("DK",),
    "nob": ("NO",), "fin": ("FI",), "ces": ("CZ",), "tur": ("TR",), "rus": ("RU",), "ukr": ("UA",), "jpn": ("JP",),
    "kor": ("KR",), "cmn": ("CN",), "ell": ("GR",), "ron": ("RO",), "hun": ("HU",),
}  # fmt: skip


def personal_data(talk: Talk) -> Iterator[Finding]:
    """All kinds; of two that overlap, the one with the checksum."""
    for turn in talk.turns:
        taken: list[tuple[int, int]] = []
        for code, start, end, detail in _found(turn):
            if not any(start < other_end and begin < end for begin, other_end in taken):
                taken.append((start, end))
                yield Finding(code, turn.idx, start, end, detail)


def _found(turn: Turn) -> Iterator[tuple[Code, int, int, str]]:
    text = turn.text
    if "@" in text or "at" in text:
        for found in _tried(_EMAIL.finditer(text)):
            if not _RESERVED.search(found[1]):
                yield Code.EMAIL, *found.span(), ""
    if not any(map(str.isdecimal, text)):
        return
    for found in _tried(_IBAN.finditer(text)):
        if (end := _iban_end(found[0])) is not None:
            yield Code.BANK_ACCOUNT, found.start(), found.start() + end, "IBAN"
    for found in _tried(_CARD.finditer(text)):
        if is_card(found[0]):
            yield Code.CARD, *found.span(), ""
    for found in _tried(_SSN.finditer(text)):
        yield Code.NATIONAL_ID, *found.span(), "US Social Security number"
    for found in _tried(chain(_IPV4.finditer(text), _IPV6.finditer(text))):
        if is_global_ip(found[0]) and not _is_version(text, found.start()):
            yield Code.IP_ADDRESS, *found.span(), ""
    for found in _tried(_STREET.finditer(turn.prose)):
        yield Code.POSTAL_ADDRESS, *found.span(), ""
    yield from _phones(turn)


def _tried(found: Iterator[re.Match[str]]) -> Iterator[re.Match[str]]:
    return islice(found, MOST_TRIED)


def _iban_end(text: str) -> int | None:
    """How far an IBAN reaches, as its country has it; None where the checksum is wrong. Source: ISO 13616."""
    if (n_wanted := IBAN_LENGTHS.get(text[:2])) is None:
        return None
    ends = [at + 1 for at, one in enumerate(text) if one != " "]
    if len(ends) < n_wanted:
        return None
    end = ends[n_wanted - 1]
    iban = text[:end].replace(" ", "")
    number = "".join(str(int(one, 36)) for one in iban[4:] + iban[:4])
    return end if int(number) % 97 == 1 else None


def is_card(text: str) -> bool:
    """Whether it begins and ends as card numbers do. Source: Luhn, US patent 2950048; ISO/IEC 7812."""
    digits = [int(one) for one in text if one.isdecimal()]
    if not _CARD_STARTS.match("".join(map(str, digits))) or len(set(digits)) == 1:
        return False
    doubled = [sum(divmod(2 * one, 10)) for one in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def is_global_ip(text: str) -> bool:
    """Whether it is an address that leads to somebody's machine."""
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


def _is_version(text: str, start: int) -> bool:
    before = text[max(0, start - 24) : start].casefold()
    return before.endswith("v") or any(word in before for word in ("version", "release", "build", "firmware"))


def _phones(turn: Turn) -> Iterator[tuple[Code, int, int, str]]:
    text = turn.text
    regions: tuple[str, ...] | None = None
    for found in _tried(_PHONE.finditer(text)):
        said = found[0]
        n_digits = sum(map(str.isdecimal, said))
        if not 7 <= n_digits <= 16 or _DATE.search(said):
            continue
        digits = said.lstrip("([")
        if digits.startswith(("+", "00")):
            if _is_phone(f"+{digits[2:]}" if digits.startswith("00") else digits, None):
                yield Code.PHONE, *found.span(), ""
            continue
        is_called = bool(_CALLED.search(text[max(0, found.start() - 40) : found.start()]))
        if not is_called and not _is_laid_out(said):
            continue
        if regions is None:
            lang = languages.detected(text)
            regions = _REGIONS.get(lang or "", ()) or _REGIONS["eng"]
        if any(_is_phone(said, region) for region in regions):
            yield Code.PHONE, *found.span(), ""


def _is_laid_out(said: str) -> bool:
    """Whether it looks like a number to call even where nobody says so: (555) 123-4567, 555-123-4567, 030 1234567."""
    return bool(_LAID_OUT.match(said))


_LAID_OUT: Final = re.compile(
    r"\(\d{2,5}\) ?\d|1?[ .-]?\(?[2-9]\d{2}\)?[ .-][2-9]\d{2}[ .-]\d{4}$|0\d{1,4}[ /-]\d{2,}"
)


def _is_phone(said: str, region: str | None) -> bool:
    try:
        number = phonenumbers.parse(said, region)
    except phonenumbers.NumberParseException:
        return False
    if region is None:
        return phonenumbers.is_valid_number(number)
    return phonenumbers.is_valid_number_for_region(number, region)


# Source: the IBAN registry of SWIFT, release 99.
IBAN_LENGTHS: Final = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24,
    "XK": 20,
}  # fmt: skip
