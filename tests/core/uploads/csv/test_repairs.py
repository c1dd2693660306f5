"""Characters are repaired in cells, and no byte of the file changes its place."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.uploads.csv import records, repairs
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.rewriting import Rewriting

UNSEEN = "\u200b"


def dialect(encoding: str = "utf-8", escapechar: str = "") -> Dialect:
    return Dialect(encoding, escapechar=escapechar, rewriting=Rewriting(("invisible",)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('_"a,b",c\n', '"_a,b",c\n'),
        ('"a"_,"b"_\n', '"a_","b_"\n'),
        ('__"a"__', '"__a__"'),
        ('a,_"b ""c""_, d",e', 'a,"_b ""c""_, d",e'),
        ('"a,_","_",b', '"a,_","_",b'),
        ('""_,"""a"""_', '"_","""a""_"'),
        ('a_"b"_,c', 'a_"b"_,c'),
        ('a,_"b\nc', 'a,"_b\nc'),
        ('x\n_"a\nb"\n', 'x\n"_a\nb"\n'),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_marks_beside_quotes_move_into_them(text: str, expected: str, encoding: str) -> None:
    block = text.replace("_", UNSEEN).encode(encoding)
    assert records.settled(block, dialect(encoding)) == expected.replace("_", UNSEEN).encode(encoding)


def test_a_quote_behind_an_escape_ends_no_cell() -> None:
    block = f'{UNSEEN}"a\\"{UNSEEN}, b",c'.encode()
    assert records.settled(block, dialect(escapechar="\\")) == f'"{UNSEEN}a\\"{UNSEEN}, b",c'.encode()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    pieces=st.lists(
        st.sampled_from(['"', '""', ",", "\n", "\r", "a", "\u200b", "\u200e", "\ufeff", "\\", "é", "😀"])
    ),
    encoding=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]),
    escapechar=st.sampled_from(["", "\\"]),
    cut=st.integers(0, 3),
)
def test_delimiters_and_line_ends_stay_in_their_places(
    pieces: list[str], encoding: str, escapechar: str, cut: int
) -> None:
    whole = "".join(pieces).encode(encoding)
    block = whole[: len(whole) - cut]
    settled = records.settled(block, dialect(encoding, escapechar))
    assert len(settled) == len(block)
    assert sorted(settled) == sorted(block)
    for mark in (b",", b"\n", b"\r"):
        assert [at for at in range(len(block)) if block[at : at + 1] == mark] == [
            at for at in range(len(settled)) if settled[at : at + 1] == mark
        ]


def test_cells_are_read_as_their_words_are() -> None:
    given = ["Ko\u0308ln", "\x84a\x93 \x96", "\ufeff\u200ex", "\u03a4\u037e", "plain", ""]
    wanted = [repairs.words(one, ("c1", "invisible", "nfc")) for one in given]
    assert wanted == ["Köln", "„a“ –", "x", "\u03a4;", "plain", ""]
    table = pa.table({"a": given, "b": ["x"] * len(given)})
    repaired = repairs.cells(table, ("c1", "invisible", "nfc"))
    assert repaired["a"].to_pylist() == wanted
    assert repaired["b"].equals(table["b"])


def test_no_character_that_is_another_in_nfc_is_passed_over() -> None:
    planes = (*range(0x80, 0xD800), *range(0xE000, 0x10000), *range(0x2F800, 0x2FA1E))
    changed = (one for one in map(chr, planes) if not unicodedata.is_normalized("NFC", one))
    assert [one for one in changed if not repairs.may_change(one.encode())] == []
    apart = (unicodedata.normalize("NFD", chr(one)) for one in planes)
    joined = (one for one in apart if not unicodedata.is_normalized("NFC", one))
    assert [one for one in joined if not repairs.may_change(one.encode())] == []
