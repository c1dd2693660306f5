"""What a single cell looks like: a number, a date, a word of yes or no, the name of a total, a note."""

from __future__ import annotations

import re
from functools import lru_cache

from core.uploads.csv import number_formats
from core.uploads.dates import month_names

_TIME = (
    r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[AaPp]\.?[Mm]\.?)?( ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?"
)
_YEAR_FIRST = r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}\.?"
_YEAR_LAST = r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{4}|[0-9]{2})"
_NAMED_MONTH = (
    r"([0-9]{1,2}(st|nd|rd|th)?[-. /]+\p{L}+\.?[-,. /]+([0-9]{4}|[0-9]{2})"
    r"|\p{L}+\.?[- ][0-9]{1,2}(st|nd|rd|th)?,? [0-9]{4})"
)
DATE = rf"^({_YEAR_FIRST}|{_YEAR_LAST}|{_NAMED_MONTH})([T ,]+{_TIME})?$"
"""A date with or without a time of day, for Arrow's regular expressions."""
_DATE = re.compile(DATE.replace(r"\p{L}", r"[^\W\d_]"))

YES_AND_NO = tuple(
    tuple(pair.split("/"))
    for pair in (
        "true/false", "yes/no", "t/f", "y/n", "ja/nein", "j/n", "oui/non", "o/n", "sí/no", "si/no", "s/n", "sim/não",
        "ja/nej", "ja/nei", "ja/nee", "tak/nie", "ano/ne", "igen/nem", "да/нет", "wahr/falsch", "vrai/faux",
        "vero/falso", "verdadero/falso", "verdadeiro/falso", "on/off", "kyllä/ei", "evet/hayır", "是/否", "예/아니오",
        "はい/いいえ", "true./false.", "sì/no", "ναι/όχι", "так/ні", "نعم/لا", "כן/לא", "có/không", "हाँ/नहीं", "ใช่/ไม่",
    )
)  # fmt: skip
"""A word for yes and one for no, in lower case."""
PAIRS = tuple(map(frozenset, YES_AND_NO))
"""Each of the two words, in no order."""

MISSING_AMONG_NUMBERS = frozenset(
    (
        "k.a.", "k. a.", "ka", "n.d.", "n. d.", "nd", "n.v.", "n.a.", "n. a.", "s.o.", "s.d.", "i.a.", "..", "...", "…",
        ":", "(null)", "\\n", "#div/0!", "#value!", "#ref!", "#name?", "#null!", "#num!", "#wert!", "#bezug!",
        "missing", "nil", "none", "unknown", "unbekannt", "inconnu", "not available", "not applicable", "not reported",
        "no data", "nodata", "no value", "x", "*", "**", "–", "—", "―", "/", "(blank)", "blank", "keine angabe",
        "keine",
        "n/d", "n/r", "nr", "n.r.", "no aplica", "sin datos", "brak", "нет данных", "н/д", "missing value", "err",
        "error", "tbd", "---", "----", "suppressed", "<na>", "-nan", "undefined", "s/d", "(x)", "(d)", "(na)", "inf",
        "ukjent", "okänd", "saknas", "uppgift saknas",
    )
)  # fmt: skip
"""Spellings of "no value" where the other cells of a column are numbers or dates; in lower case."""

MISSING_ANYWHERE = frozenset(
    ("\\n", "(null)", "#div/0!", "#value!", "#ref!", "#name?", "#null!", "#num!", "#wert!", "#bezug!")
)
"""Those that mean nothing else in any column."""

SENTINELS = frozenset(
    ("-99", "-999", "-9999", "-99999", "-999999", "-99.9", "-999.9", "-999.0", "-9999.0", "-999.99")
)
"""Numbers that stand for "no value" where no other number of the column comes near."""

_TOTAL = re.compile(
    r"\W*(grand total|sub-?total|total(e|s|es|en)?|gesamt\w*|summe|insgesamt|somme|suma|ensemble|ogółem|razem|celkem|"
    r"итого|всего|összesen|yhteensä|totalt|sum|i alt|合計|합계|总计|toplam|average|mean|mittelwert|durchschnitt)\b.*",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"\W*(source|quelle|fuente|fonte|bron|källa|kilde|zdroj|źródło|forrás|источник|note|notes|anmerkung|hinweis|nota|"
    r"remark|stand|status|as of|date of|created|generated|exported|erstellt|export|printed|report|\*|†|‡|©|\(c\)|"
    r"\(?[0-9]\)|copyright|last updated?|updated|data (as|from|extracted|source)|end of|ende|fin\b|eof|https?://|www\.|"
    r"disclaimer|[0-9,]+ (rows?|records?|lines?|zeilen|datensätze)|rows? affected|record count|footnote|legend|legende|"
    r"zeichenerklärung|metadata|contact|license|licence|lizenz)",
    re.IGNORECASE,
)
_CALENDAR = re.compile(
    r"([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|[0-9]{1,2}:[0-9]{2})\b.*"
)
_NAMED_DAY = re.compile(
    r"(?:[0-9]{1,2}(?:st|nd|rd|th)?[-. /]{1,2}(?P<after>[^\W\d_]{3,12})\.?[-, /.]{1,2}(?:[0-9]{4}|[0-9]{2})"
    r"|(?P<before>[^\W\d_]{3,12})\.? [0-9]{1,2}(?:st|nd|rd|th)?,? [0-9]{4})(?:[T ,]+[0-9]{1,2}:[0-9]{2}.{0,20})?"
)
_POWER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)[eE][+-]?[0-9]{1,3}")
_LOOKED_AT = 200


def is_measure(cell: str) -> bool:
    """Whether the cell is a number in any spelling, a date or a time."""
    return _is_measure(cell) if len(cell) <= _LOOKED_AT else _found_measure(cell)


def _found_measure(cell: str) -> bool:
    text = cell.strip()
    return (
        number_formats.of(text) is not None
        or is_calendar(text)
        or _POWER.fullmatch(text[:_LOOKED_AT]) is not None
    )


_is_measure = lru_cache(maxsize=20_000)(_found_measure)


def is_calendar(cell: str) -> bool:
    """Whether the cell begins as a date or a time does, in digits or with the name of a month."""
    text = cell.strip()
    if _CALENDAR.fullmatch(text) is not None:
        return True
    named = _NAMED_DAY.fullmatch(text) if len(text) <= _LOOKED_AT else None
    return named is not None and (named["after"] or named["before"]).casefold() in month_names.MONTHS


def is_date(cell: str) -> bool:
    """Whether the cell is a date as DATE has it."""
    return _DATE.match(cell.strip()) is not None


def is_total(cell: str) -> bool:
    """Whether the cell names a sum of the rows above."""
    return _TOTAL.fullmatch(cell.strip()[:_LOOKED_AT]) is not None


def is_note(cell: str) -> bool:
    """Whether the cell begins as a note below a table does."""
    return _NOTE.match(cell.strip()[:_LOOKED_AT]) is not None
