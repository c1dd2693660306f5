"""Files whose only characters beyond ASCII are signs, such as "12 €" or "21 °C": no letter tells their encoding.

Where a byte stands as signs stand, apart from letters or in pairs, one family of encodings makes a usual sign of it,
and all others a letter that belongs to no word.
"""

from __future__ import annotations

import re

from core.uploads.detect.encodings.charsets import LEGACY

_APART = "€£¥§©®«»·±½¼¾…–—°"
_SIGN = re.compile(
    rf"(?<![A-Za-z])[{_APART}](?![A-Za-z])"
    r"|(?<![^;,|\t\"\n])•(?= )"
    r"|(?<![A-Za-z])°(?=[CFK]\b)"
    r"|(?<![A-Za-z])µ(?=[mglsAVW]\b)"
    r"|(?<=m)[²³](?![A-Za-z0-9])"
    r"|(?<=[a-z])’(?=(?:s|t|d|m|re|ve|ll)\b)"
    r"|(?<![A-Za-z])(?:“[^“”\"\n]{1,200}”|„[^„“\"\n]{1,200}“|‘[^‘’\"\n]{1,200}’)(?![A-Za-z])"
)
_REMOVABLE = dict.fromkeys(map(ord, f"{_APART}•µ²³’“”„‘"))


def encoding_of(text: bytes) -> str | None:
    """The encoding in which all that is beyond ASCII are signs in their places; None where there is none, or two
    that make different signs of it. text: lines of a file, some bytes of which are beyond ASCII.
    """
    readings: dict[str, str] = {}
    for codec in sorted(LEGACY, key=lambda one: LEGACY[one].rarity):
        try:
            reading = text.decode(codec)
        except UnicodeDecodeError:
            continue
        if reading.translate(_REMOVABLE).isascii() and _SIGN.sub(_without_quotes, reading).isascii():
            readings.setdefault(reading, codec)
    return next(iter(readings.values())) if len(readings) == 1 else None


def _without_quotes(sign: re.Match[str]) -> str:
    """What stands within a pair of quotes, which may hold other characters; nothing of other signs."""
    return sign[0][1:-1]
