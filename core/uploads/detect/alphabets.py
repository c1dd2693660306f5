"""The letters of languages, and the older encodings that files in them come in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Alphabet:
    """The letters of one language beyond ASCII, in lower case. common, rare: how often a text holds them.

    mixes: whether its words also hold ASCII letters, as Latin ones do and Greek ones don't. rarity: how much less
    likely a file is in it than in the usual languages of its encodings, in nats.
    """

    common: str
    rare: str = ""
    mixes: bool = True
    rarity: float = 0.0

    @property
    def letters(self) -> frozenset[str]:
        """In both cases."""
        return _both_cases(self.common + self.rare)

    @property
    def seldom(self) -> frozenset[str]:
        """The rare ones in both cases."""
        return _both_cases(self.rare)


@lru_cache(maxsize=200)
def _both_cases(letters: str) -> frozenset[str]:
    return frozenset(letters + letters.upper() + ("İ" if "ı" in letters else ""))


_THAI = "".join(chr(code) for code in (*range(0xE01, 0xE3B), *range(0xE3F, 0xE5C)))

ALPHABETS: dict[str, Alphabet] = {
    "German": Alphabet("äöüß", "é"),
    "French": Alphabet("éèàêçîôâûïù", "ëüœæÿñ"),
    "Spanish": Alphabet("áéíóúñ", "ü"),
    "Portuguese": Alphabet("ãáçéíóâêõúà", "ôü"),
    "Italian": Alphabet("àèéìòù", "óíîú"),
    "Dutch": Alphabet("ëéï", "óöüáèêç"),
    "Danish and Norwegian": Alphabet("æøåé", "òôèü"),
    "Swedish and Finnish": Alphabet("åäö", "éàüšž"),
    "Icelandic": Alphabet("áéíóúýþæðö", rarity=0.8),
    "Irish": Alphabet("áéíóú", rarity=0.4),
    "Polish": Alphabet("ąćęłńóśźż"),
    "Czech": Alphabet("áčéěířšůúýž", "ďňóťüö"),
    "Slovak": Alphabet("áčéíľšťúýžňôóäď", "ŕĺĺöü"),
    "Hungarian": Alphabet("áéíóöőúüű"),
    "Romanian": Alphabet("ăâîşţ", "șț"),
    "Croatian and Slovenian": Alphabet("čšžćđ"),
    "Lithuanian": Alphabet("ąčęėįšųūž"),
    "Latvian": Alphabet("āčēģīķļņšūž"),
    "Estonian": Alphabet("õäöü", "šž", rarity=0.2),
    "Turkish": Alphabet("çğıöşü", "âîû"),
    "Russian": Alphabet("абвгдежзийклмнопрстуфхцчшщыьэюя", "ёъ", mixes=False),
    "Ukrainian": Alphabet("абвгдежзийклмнопрстуфхцчшщьюяієї", "ґ", mixes=False),
    "Belarusian": Alphabet("абвгдежзйклмнопрстуфхцчшыьэюяіў", "ё", mixes=False),
    "Bulgarian": Alphabet("абвгдежзийклмнопрстуфхцчшщъюя", "ь", mixes=False),
    "Serbian": Alphabet("абвгдежзиклмнопрстуфхцчшјљњћђ", "џ", mixes=False),
    "Macedonian": Alphabet("абвгдежзиклмнопрстуфхцчшјљњќѓ", "џѕ", mixes=False, rarity=0.3),
    "Greek": Alphabet("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ", "ϊϋΐΰ", mixes=False),
    "Hebrew": Alphabet("אבגדהוזחטיכךלמםנןסעפףצץקרשת", mixes=False),
    "Arabic": Alphabet("ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإ", "آؤئ", mixes=False),
    "Persian": Alphabet("ابپتجچحخدرزسشصطعغفقکكگلمنوهیيىئآ", "ثذژضظءأؤة", mixes=False),
    "Thai": Alphabet(_THAI, mixes=False),
}

_WESTERN = (
    "German", "French", "Spanish", "Portuguese", "Italian", "Dutch", "Danish and Norwegian", "Swedish and Finnish",
    "Icelandic", "Irish",
)  # fmt: skip
_CENTRAL = (
    "Polish",
    "Czech",
    "Slovak",
    "Hungarian",
    "Romanian",
    "Croatian and Slovenian",
    "German",
)
_CYRILLIC = ("Russian", "Ukrainian", "Belarusian", "Bulgarian", "Serbian", "Macedonian")
_BALTIC = ("Lithuanian", "Latvian", "Estonian")


@dataclass(frozen=True)
class LegacyCodec:
    """An older encoding. languages: keys of ALPHABETS that are written in it; () for the scripts of East Asia.

    region: whose files come in it, as people say. rarity: how much less likely a file is in it than in Windows-1252
    before its bytes are looked at, in nats.
    """

    name: str
    region: str
    languages: tuple[str, ...] = ()
    rarity: float = 0.0


CODECS: dict[str, LegacyCodec] = {
    "cp1252": LegacyCodec("Windows-1252", "Western Europe", (*_WESTERN, "Estonian")),
    "cp1250": LegacyCodec("Windows-1250", "Central Europe", _CENTRAL, 0.2),
    "cp1251": LegacyCodec("Windows-1251", "Cyrillic", _CYRILLIC, 0.1),
    "cp1253": LegacyCodec("Windows-1253", "Greek", ("Greek",), 0.25),
    "cp1254": LegacyCodec("Windows-1254", "Turkish", ("Turkish",), 0.25),
    "cp1255": LegacyCodec("Windows-1255", "Hebrew", ("Hebrew",), 0.3),
    "cp1256": LegacyCodec("Windows-1256", "Arabic", ("Arabic", "Persian"), 0.3),
    "cp1257": LegacyCodec("Windows-1257", "Baltic", _BALTIC, 0.6),
    "cp874": LegacyCodec("Windows-874", "Thai", ("Thai",), 0.35),
    "iso8859-2": LegacyCodec("ISO 8859-2", "Central Europe", _CENTRAL, 0.5),
    "iso8859-7": LegacyCodec("ISO 8859-7", "Greek", ("Greek",), 0.35),
    "koi8-r": LegacyCodec("KOI8-R", "Russian", ("Russian",), 0.6),
    "koi8-u": LegacyCodec("KOI8-U", "Ukrainian", ("Ukrainian",), 0.7),
    "mac_roman": LegacyCodec("Mac Roman", "Western Europe", _WESTERN, 0.9),
    "cp866": LegacyCodec("DOS 866", "Cyrillic", _CYRILLIC, 0.9),
    "cp850": LegacyCodec("DOS 850", "Western Europe", _WESTERN, 0.9),
    "cp852": LegacyCodec("DOS 852", "Central Europe", _CENTRAL, 0.9),
    "iso8859-15": LegacyCodec("ISO 8859-15", "Western Europe", _WESTERN, 0.7),
    "iso8859-16": LegacyCodec("ISO 8859-16", "Central Europe", _CENTRAL, 1.2),
    "iso8859-4": LegacyCodec("ISO 8859-4", "Baltic", _BALTIC, 1.2),
    "iso8859-5": LegacyCodec("ISO 8859-5", "Cyrillic", _CYRILLIC, 1.0),
    "iso8859-6": LegacyCodec("ISO 8859-6", "Arabic", ("Arabic",), 0.8),
    "iso8859-8": LegacyCodec("ISO 8859-8", "Hebrew", ("Hebrew",), 0.8),
    "iso8859-13": LegacyCodec("ISO 8859-13", "Baltic", _BALTIC, 1.0),
    "mac_cyrillic": LegacyCodec("Mac Cyrillic", "Cyrillic", _CYRILLIC, 1.2),
    "mac_greek": LegacyCodec("Mac Greek", "Greek", ("Greek",), 1.2),
    "mac_iceland": LegacyCodec("Mac Icelandic", "Icelandic", ("Icelandic",), 1.2),
    "mac_latin2": LegacyCodec("Mac Central Europe", "Central Europe", _CENTRAL, 1.2),
    "mac_turkish": LegacyCodec("Mac Turkish", "Turkish", ("Turkish",), 1.2),
    "cp720": LegacyCodec("DOS 720", "Arabic", ("Arabic",), 1.2),
    "cp737": LegacyCodec("DOS 737", "Greek", ("Greek",), 1.2),
    "cp775": LegacyCodec("DOS 775", "Baltic", _BALTIC, 1.2),
    "cp855": LegacyCodec("DOS 855", "Cyrillic", _CYRILLIC, 1.5),
    "cp857": LegacyCodec("DOS 857", "Turkish", ("Turkish",), 1.2),
    "cp860": LegacyCodec("DOS 860", "Portuguese", ("Portuguese",), 1.5),
    "cp861": LegacyCodec("DOS 861", "Icelandic", ("Icelandic",), 1.2),
    "cp862": LegacyCodec("DOS 862", "Hebrew", ("Hebrew",), 1.2),
    "cp932": LegacyCodec("Shift-JIS", "Japanese", (), 0.2),
    "euc_jp": LegacyCodec("EUC-JP", "Japanese", (), 0.5),
    "cp949": LegacyCodec("CP949", "Korean", (), 0.2),
    "gb18030": LegacyCodec("GB 18030", "Chinese", (), 0.2),
    "big5": LegacyCodec("Big5", "Chinese", (), 0.2),
}
