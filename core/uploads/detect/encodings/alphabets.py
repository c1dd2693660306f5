"""The letters of languages beyond ASCII."""

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


_VIETNAMESE_TONES = "\u0300\u0301\u0303\u0309\u0323"
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
    "Catalan": Alphabet("àèéíïòóúüç·", rarity=0.2),
    "Welsh": Alphabet("âêîôûŵŷëïö", "áéíóàèìòùẁẃẅ", rarity=0.6),
    "Maltese": Alphabet("ċġħż", "àèìòù", rarity=0.6),
    "Esperanto": Alphabet("ĉĝĥĵŝŭ", rarity=0.6),
    "Albanian": Alphabet("ëç", rarity=0.4),
    "Afrikaans": Alphabet("êëéôîï", "ûöüáèí", rarity=0.4),
    "Faroese": Alphabet("áðíóúýæø", rarity=0.8),
    "Northern Sami": Alphabet("áčđŋšŧž", "åäöæø", rarity=0.6),
    "Vietnamese": Alphabet(f"ăâđêôơưáàéèíóúù{_VIETNAMESE_TONES}", rarity=0.2),
    "Russian": Alphabet("абвгдежзийклмнопрстуфхцчшщыьэюя", "ёъ", mixes=False),
    "Ukrainian": Alphabet("абвгдежзийклмнопрстуфхцчшщьюяієї", "ґ", mixes=False),
    "Belarusian": Alphabet("абвгдежзйклмнопрстуфхцчшыьэюяіў", "ё", mixes=False),
    "Bulgarian": Alphabet("абвгдежзийклмнопрстуфхцчшщъюя", "ь", mixes=False),
    "Serbian": Alphabet("абвгдежзиклмнопрстуфхцчшјљњћђ", "џ", mixes=False),
    "Macedonian": Alphabet("абвгдежзиклмнопрстуфхцчшјљњќѓ", "џѕ", mixes=False, rarity=0.3),
    "Kazakh": Alphabet("абвгдежзийклмнопрстуфхцчшщыьэюяәғқңөұүһі", "ёъ", mixes=False),
    "Tatar": Alphabet("абвгдежзийклмнопрстуфхцчшщыьэюяәөүҗңһ", "ёъ", mixes=False),
    "Greek": Alphabet("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ", "ϊϋΐΰ", mixes=False),
    "Hebrew": Alphabet("אבגדהוזחטיכךלמםנןסעפףצץקרשת", mixes=False),
    "Arabic": Alphabet("ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإ", "آؤئ", mixes=False),
    "Persian": Alphabet("ابپتجچحخدرزسشصطعغفقکكگلمنوهیيىئآ", "ثذژضظءأؤة", mixes=False),
    "Thai": Alphabet(_THAI, mixes=False),
}
