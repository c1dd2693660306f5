"""The encodings that a file can be read in: what people and programs call each, and which languages it is for."""

from __future__ import annotations

from dataclasses import dataclass

_WESTERN = (
    "German", "French", "Spanish", "Portuguese", "Italian", "Dutch", "Danish and Norwegian", "Swedish and Finnish",
    "Icelandic", "Irish", "Catalan", "Albanian", "Afrikaans", "Faroese",
)  # fmt: skip
_DOS_WESTERN = tuple(one for one in _WESTERN if one not in ("Danish and Norwegian", "Icelandic", "Faroese"))
_CENTRAL = ("Polish", "Czech", "Slovak", "Hungarian", "Romanian", "Croatian and Slovenian", "German")
_TURKISH = ("Turkish", *_WESTERN)
_CYRILLIC = ("Russian", "Ukrainian", "Belarusian", "Bulgarian", "Serbian", "Macedonian")
_BALTIC = ("Lithuanian", "Latvian", "Estonian")
_NORTHERN = ("German", "Swedish and Finnish", "Danish and Norwegian")
_NORDIC = (
    "Northern Sami",
    "Icelandic",
    "Swedish and Finnish",
    "Danish and Norwegian",
    "Lithuanian",
    "Latvian",
)


@dataclass(frozen=True)
class LegacyCodec:
    """An older encoding. languages: keys of ALPHABETS that are written in it; () for the scripts of East Asia.

    region: whose files come in it, as people say. rarity: how much less likely a file is in it than in Windows-1252
    before its bytes are looked at, in nats; files of DOS and of old Macs are seldom met. charset: the name that IANA
    registered; empty where there is none.
    """

    name: str
    region: str
    languages: tuple[str, ...] = ()
    rarity: float = 0.0
    charset: str = ""


LEGACY: dict[str, LegacyCodec] = {
    "cp1252": LegacyCodec("Windows-1252", "Western Europe", (*_WESTERN, "Estonian"), 0.0, "windows-1252"),
    "cp1250": LegacyCodec("Windows-1250", "Central Europe", (*_CENTRAL, "Albanian"), 0.2, "windows-1250"),
    "cp1251": LegacyCodec("Windows-1251", "Cyrillic", _CYRILLIC, 0.1, "windows-1251"),
    "cp1253": LegacyCodec("Windows-1253", "Greek", ("Greek",), 0.25, "windows-1253"),
    "cp1254": LegacyCodec("Windows-1254", "Turkish", _TURKISH, 0.25, "windows-1254"),
    "cp1255": LegacyCodec("Windows-1255", "Hebrew", ("Hebrew",), 0.3, "windows-1255"),
    "cp1256": LegacyCodec("Windows-1256", "Arabic", ("Arabic", "Persian"), 0.3, "windows-1256"),
    "cp1257": LegacyCodec("Windows-1257", "Baltic", (*_BALTIC, "Polish", *_NORTHERN), 2.6, "windows-1257"),
    "cp874": LegacyCodec("Windows-874", "Thai", ("Thai",), 0.35, "windows-874"),
    "iso8859-2": LegacyCodec("ISO 8859-2", "Central Europe", _CENTRAL, 0.5, "ISO-8859-2"),
    "iso8859-7": LegacyCodec("ISO 8859-7", "Greek", ("Greek",), 0.35, "ISO-8859-7"),
    "koi8-r": LegacyCodec("KOI8-R", "Russian", ("Russian",), 0.6, "KOI8-R"),
    "koi8-u": LegacyCodec("KOI8-U", "Ukrainian", ("Ukrainian",), 0.7, "KOI8-U"),
    "mac_roman": LegacyCodec("Mac Roman", "Western Europe", _WESTERN, 2.7, "macintosh"),
    "cp866": LegacyCodec("DOS 866", "Cyrillic", _CYRILLIC, 2.7, "IBM866"),
    "cp850": LegacyCodec("DOS 850", "Western Europe", _WESTERN, 2.7, "IBM850"),
    "cp852": LegacyCodec("DOS 852", "Central Europe", _CENTRAL, 2.7, "IBM852"),
    "iso8859-15": LegacyCodec("ISO 8859-15", "Western Europe", _WESTERN, 0.7, "ISO-8859-15"),
    "iso8859-16": LegacyCodec("ISO 8859-16", "Central Europe", _CENTRAL, 1.3, "ISO-8859-16"),
    "iso8859-4": LegacyCodec("ISO 8859-4", "Baltic", (*_BALTIC, *_NORTHERN), 4.5, "ISO-8859-4"),
    "iso8859-5": LegacyCodec("ISO 8859-5", "Cyrillic", _CYRILLIC, 2.0, "ISO-8859-5"),
    "iso8859-6": LegacyCodec("ISO 8859-6", "Arabic", ("Arabic",), 0.8, "ISO-8859-6"),
    "iso8859-8": LegacyCodec("ISO 8859-8", "Hebrew", ("Hebrew",), 0.8, "ISO-8859-8"),
    "iso8859-13": LegacyCodec("ISO 8859-13", "Baltic", (*_BALTIC, "Polish", *_NORTHERN), 3.0, "ISO-8859-13"),
    "mac_cyrillic": LegacyCodec("Mac Cyrillic", "Cyrillic", _CYRILLIC, 3.0),
    "mac_greek": LegacyCodec("Mac Greek", "Greek", ("Greek",), 3.0),
    "mac_iceland": LegacyCodec("Mac Icelandic", "Icelandic", ("Icelandic", "Faroese"), 3.0),
    "mac_latin2": LegacyCodec("Mac Central Europe", "Central Europe", _CENTRAL, 3.8),
    "mac_turkish": LegacyCodec("Mac Turkish", "Turkish", _TURKISH, 3.0),
    "cp720": LegacyCodec("DOS 720", "Arabic", ("Arabic",), 3.0),
    "cp737": LegacyCodec("DOS 737", "Greek", ("Greek",), 3.0),
    "cp775": LegacyCodec("DOS 775", "Baltic", (*_BALTIC, *_NORTHERN), 3.8, "IBM775"),
    "cp855": LegacyCodec("DOS 855", "Cyrillic", _CYRILLIC, 3.3, "IBM855"),
    "cp857": LegacyCodec("DOS 857", "Turkish", _TURKISH, 3.0, "IBM857"),
    "cp860": LegacyCodec("DOS 860", "Portuguese", ("Portuguese",), 3.3, "IBM860"),
    "cp861": LegacyCodec("DOS 861", "Icelandic", ("Icelandic", "Faroese"), 3.0, "IBM861"),
    "cp862": LegacyCodec("DOS 862", "Hebrew", ("Hebrew",), 3.0, "IBM862"),
    "iso8859-9": LegacyCodec("ISO 8859-9", "Turkish", _TURKISH, 0.5, "ISO-8859-9"),
    "iso8859-3": LegacyCodec("ISO 8859-3", "Maltese, Esperanto", ("Maltese", "Esperanto"), 1.8, "ISO-8859-3"),
    "iso8859-10": LegacyCodec("ISO 8859-10", "Nordic", _NORDIC, 4.0, "ISO-8859-10"),
    "iso8859-14": LegacyCodec("ISO 8859-14", "Celtic", ("Welsh", "Irish", "French"), 3.6, "ISO-8859-14"),
    "cp437": LegacyCodec("DOS 437", "Western Europe", _DOS_WESTERN, 2.8, "IBM437"),
    "cp863": LegacyCodec("DOS 863", "French", ("French",), 3.3, "IBM863"),
    "cp865": LegacyCodec(
        "DOS 865", "Nordic", ("Danish and Norwegian", "Swedish and Finnish", "German"), 3.1, "IBM865"
    ),
    "cp869": LegacyCodec("DOS 869", "Greek", ("Greek",), 3.0, "IBM869"),
    "cp1125": LegacyCodec("DOS 1125", "Ukrainian", ("Ukrainian", "Russian"), 3.0),
    "cp1258": LegacyCodec("Windows-1258", "Vietnamese", ("Vietnamese",), 0.5, "windows-1258"),
    "kz1048": LegacyCodec("KZ-1048", "Kazakh", ("Kazakh", "Russian"), 0.9, "KZ-1048"),
    "ptcp154": LegacyCodec("PT 154", "Kazakh, Tatar", ("Kazakh", "Tatar", "Russian"), 1.5, "PTCP154"),
    "cp932": LegacyCodec("Shift-JIS", "Japanese", (), 0.2, "Shift_JIS"),
    "euc_jp": LegacyCodec("EUC-JP", "Japanese", (), 0.5, "EUC-JP"),
    "cp949": LegacyCodec("CP949", "Korean", (), 0.2, "EUC-KR"),
    "gb18030": LegacyCodec("GB 18030", "Chinese", (), 0.2, "GB18030"),
    "big5": LegacyCodec("Big5", "Chinese", (), 0.2, "Big5"),
}
_UNICODE = {
    "utf-8": ("UTF-8", "UTF-8", "utf-8"),
    "utf-16-le": ("UTF-16", "UTF-16", "utf-16le"),
    "utf-16-be": ("UTF-16", "UTF-16, big-endian", "utf-16be"),
}
CODECS = (*_UNICODE, *LEGACY)
"""Python's names of all of them."""


def name(codec: str) -> str:
    """As a person writes it: "Windows-1250"."""
    if codec in _UNICODE:
        return _UNICODE[codec][0]
    return LEGACY[codec].name if codec in LEGACY else codec


def label(codec: str) -> str:
    """Its name with whose files come in it: "Windows-1250 (Central Europe)"."""
    if codec in _UNICODE:
        return _UNICODE[codec][1]
    return f"{LEGACY[codec].name} ({LEGACY[codec].region})" if codec in LEGACY else codec


def charset(codec: str) -> str:
    """The name that IANA registered; empty where there is none."""
    if codec in _UNICODE:
        return _UNICODE[codec][2]
    return LEGACY[codec].charset if codec in LEGACY else ""


def codec_of(text: str) -> str | None:
    """The codec that is called so, by Python, by people or by IANA."""
    asked = text.strip().lower()
    return next((one for one in CODECS if asked in (one, name(one).lower(), charset(one).lower())), None)
