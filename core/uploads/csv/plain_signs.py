"""Digits, blanks and signs of any script, folded to the plain ones that numbers are read by."""

from __future__ import annotations

import sys
import unicodedata
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_BLANKS: Final = "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_APOSTROPHES: Final = "\u2018\u2019\u02bc\u00b4`\uff07"
_MINUS: Final = "\u2212\u2010\u2011\u2012\u2013\u2014\u2015\ufe63\uff0d"
_COMMON: Final = str.maketrans(
    {**dict.fromkeys(_BLANKS, " "), **dict.fromkeys(_APOSTROPHES, "'"), **dict.fromkeys(_MINUS, "-")}
)
_SIGNS: Final = {
    "\u066b": ".", "\u066c": ",", "\u060c": ",", "\u066a": "%", "\uff0c": ",", "\uff0e": ".", "\uff0b": "+",
    "\uff05": "%", "\uff08": "(", "\uff09": ")", "\uff1c": "<", "\uff1e": ">", "\uff1a": ":", "\uff0f": "/",
    "\uff04": "$", "\uffe1": "£", "\uffe5": "¥", "\uff5e": "~", "\u301c": "~",
}  # fmt: skip
_DIGITS: Final = {
    sign: str(unicodedata.decimal(sign))
    for sign in map(chr, range(0x80, min(0x10000, sys.maxunicode)))
    if unicodedata.decimal(sign, None) is not None
}
_RARE: Final = str.maketrans({**_SIGNS, **_DIGITS})
_IS_RARE: Final = "[" + "".join((*_SIGNS, *_DIGITS)) + "]"
FOLDS: Final = {**_COMMON, **_RARE}


def plain(text: str) -> str:
    """The text with plain digits, blanks and signs: one character for one."""
    return text if text.isascii() else text.translate(FOLDS)


def folded(column: pa.Array) -> pa.Array:
    """The column's cells likewise. column: (n,) text."""
    if pc.all(pc.string_is_ascii(column)).as_py():
        return column
    for odd, sign in _COMMON.items():
        if pc.any(pc.match_substring(column, chr(odd))).as_py():
            column = pc.replace_substring(column, chr(odd), sign)
    if pc.any(pc.match_substring_regex(column, _IS_RARE)).as_py():
        encoded = column.dictionary_encode()
        texts = [text if text is None else text.translate(_RARE) for text in encoded.dictionary.to_pylist()]
        column = pa.array(texts, pa.string()).take(encoded.indices)
    return column
