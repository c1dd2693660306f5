"""What code printed, without values of the rows: for whoever has not agreed that values leave the house.

A word stays if Claude knows it already, from the goal, the table or its own code, or if it is one of WORDS, with which
libraries say what is wrong. Every other word and every number becomes a mark. So nothing that stands in a cell, and in
none of these nor this file, passes: no name, no number, and nothing that code has made of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

HIDDEN: Final = "…"
WORD: Final = re.compile(r"[^\W\d_]+")
PIECE: Final = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|[^\x00-\x7f]")
FRAME: Final = re.compile(r'(  File "(?:/job/)?(?:train|predict)\.py", line )(\d{1,5})(, in [<\w])')
_WORDS: Final = """
    a above all allowed ambiguous an and another any are argument arguments array arrays as assert
    assertionerror at attempt attribute attributeerror available axis bad be because been before being
    boolean both bounds broadcast but by call callable called can cannot cast categories category cause
    class classes code column columns contain contained contains convergencewarning convert converted could
    data dataframe decode default defined deprecated dict did different dimension dimensional dimensions
    direct division do does dtype dtypes duplicate during each element elements empty encode encountered end
    entries eoferror equal error estimator exceed exceeds except exception exist existing exit expected
    expecting expects failed feature features file filenotfounderror finite first fit fitted float
    floatingpointerror following for format found frame from function given got greater handling has have if
    import importerror in incompatible inconsistent index indexer indexerror indices inf infinity input
    inputs instance instead int integer into invalid is it iterable its job joblib json key keyerror keys
    keyword kind kinds label labels large last least length lengths less like line list literal main map
    mask match max memory memoryerror method min mismatch missing mode model module modulenotfounderror more
    most multiple must name named nameerror names nan ndarray negative no none not notfittederror
    notimplementederror null number numbers numeric numpy object objects occurred of on one only operand
    operands operation or order oserror out output overflow overflowerror pandas parameter parameters
    parquet parse passed path permission permissionerror pickle pipeline population positional possible
    predict predictions pyarrow raise raised raises range read recent recursionerror required requires
    reshape return returned row rows runtimeerror same sample samples scalar schema scipy seen self sequence
    series set shape shapes should single size sklearn sparse specified str string subscriptable such
    support supported syntax syntaxerror systemexit take target than that the there this time to together
    too traceback train transform truth try tuple two type typeerror types unexpected unhashable
    unicodedecodeerror unique unknown unpack unseen unsupported use used value valueerror values variable
    vector warning was were when which while with without write x y zero zerodivisionerror
"""
WORDS: Final = frozenset(_WORDS.split())


def redacted(lines: Sequence[str], *, known: str) -> list[str]:
    """The lines with a mark in place of every word and number that is not known. known: what Claude was sent."""
    words = {word.lower() for word in WORD.findall(known)} | WORDS

    def piece(found: re.Match[str]) -> str:
        return found[0] if found[0].lower() in words else HIDDEN

    def line(text: str) -> str:
        if (frame := FRAME.match(text)) is not None:  # where in its own code it was: a place, no value
            return frame[1] + frame[2] + PIECE.sub(piece, text[frame.end(2) :])
        return PIECE.sub(piece, text)

    return [line(text) for text in lines]
