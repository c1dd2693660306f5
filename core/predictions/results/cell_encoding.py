"""Our own words as cells of a file: in its dialect and its encoding, whatever they hold.

Labels and answers are the model's own, and a file that can't hold one is refused (`columns`). What is said here is
about them, so it gives way instead: a character that the encoding lacks becomes "?", and where a file is written
without quotes its delimiter becomes "_".
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.csv.dialect import Dialect

LONGEST = 60
_INSTEAD_OF_DELIMITER = "_"


def folded(text: str) -> str:
    """The text on one line and at most LONGEST characters long, cut ends marked by three dots."""
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 3] + "..."


def cells(texts: pa.Array, dialect: Dialect) -> pa.Array:
    """(n,) texts without line breaks as (n,) binary cells, in quotes only where one would not be one cell otherwise."""
    if dialect.escapechar:
        texts = pc.replace_substring(texts, dialect.escapechar, dialect.escapechar * 2)
    quote = dialect.quotechar
    if not quote:
        texts = pc.replace_substring(texts, dialect.delimiter, _INSTEAD_OF_DELIMITER)
    else:
        is_special = pc.or_(pc.match_substring(texts, dialect.delimiter), pc.match_substring(texts, quote))
        if pc.any(is_special).as_py():
            doubled = pc.replace_substring(texts, quote, quote * 2)
            texts = pc.if_else(is_special, pc.binary_join_element_wise(quote, doubled, quote, ""), texts)
    return _encoded(texts, dialect.encoding)


def _encoded(texts: pa.Array, encoding: str) -> pa.Array:
    if encoding == "utf-8":
        return texts.cast(pa.binary())
    distinct = texts.dictionary_encode()
    spelled = [text.encode(encoding, "replace") for text in distinct.dictionary.to_pylist()]
    return pa.array(spelled, pa.binary()).take(distinct.indices)
