"""Cases after files of real portals: small files written out, each with what a careful person reads in it.

A family of cases is a TOML file, such as portals/weather.toml or portals/shapes/marks_1.toml. Of a `[[case]]`:

kind, about, source    its name, what is messy, where such files are described
text, encoding, bom, line_end      what makes the file's bytes; UTF-8, none and a line feed unless stated
delimiter, decimal     for people: what a reader should find
table                  what is to be read, as a plain CSV: numbers as digits with a point, missing cells empty, texts
                       and dates as spelt, names as they should be used (`column_3` where the file has none)
kinds                  a word a column: `number`; `text` and `date`, which must not become numbers; `code`, whose
                       spelling counts and nothing else; `date|text` where either is right
headers                other right names. Parts of a name of several lines may be joined by a blank, a dash or a slash
either                 `[column, cell, other…]`: cells that may be read otherwise as well ("" for missing)
say                    groups of words: of each group one must stand in what the reader says of the file
[[case.or]]            another right reading, with its own table, kinds, either and say
empty_columns          columns without a cell may be kept or left out
unknowable             no one can know: right is to refuse, to say it, or to read the table if one is given

The kinds were dealt into two halves before any was tried: within a family in the order of the SHA-256 of
"portals:" and the kind's name, in turn to the one and to the other. Only the first stands here; the other is kept
from whoever works on the reader. The kinds in folders within portals came later and are all shown; what is right of
them was written before the reader was tried on any. Those in doubts/ are by the same hand as what is said of them, so
they hold what there is and measure nothing.
"""

from __future__ import annotations

import codecs
import csv
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PORTALS = Path(__file__).parent / "portals"
WORDS = {"number", "text", "date", "code"}
Row = tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """One right reading: names (any of headers), the kinds that each column may have, rows as described above.

    either: by column and cell, what it may be read as besides. say: of each group a word must be said.
    """

    headers: tuple[Row, ...]
    kinds: tuple[frozenset[str], ...]
    rows: tuple[Row, ...]
    either: dict[tuple[str, str], tuple[str, ...]]
    say: tuple[Row, ...]


@dataclass(frozen=True)
class Case:
    """A file and all its right readings; say: what must be said where no one can know how to read it."""

    family: str
    kind: str
    data: bytes
    readings: tuple[Reading, ...]
    say: tuple[Row, ...]
    unknowable: bool
    may_drop_empty: bool


def load(folder: Path = PORTALS) -> Iterator[Case]:
    """The cases of a folder and those within it, by family and in its file's order."""
    for path in sorted(folder.rglob("*.toml")):
        for given in tomllib.loads(path.read_text("utf-8"))["case"]:
            yield _case(path.stem, given)


def _case(family: str, given: dict[str, Any]) -> Case:
    text = given["text"].replace("\n", given.get("line_end", "\n"))
    mark = codecs.BOM_UTF8 if given.get("bom") else b""
    first = [_reading(given)] if "table" in given else []
    return Case(
        family=family,
        kind=given["kind"],
        data=mark + text.encode(given.get("encoding", "utf-8")),
        readings=(*first, *(_reading(other) for other in given.get("or", ()))),
        say=_groups(given),
        unknowable=given.get("unknowable", False),
        may_drop_empty=given.get("empty_columns", False),
    )


def _reading(given: dict[str, Any]) -> Reading:
    header, *rows = (tuple(row) for row in csv.reader(given["table"].splitlines()))
    kinds = tuple(frozenset(kind.split("|")) for kind in given["kinds"].split())
    either = {(column, cell): tuple(others) for column, cell, *others in given.get("either", ())}
    others = [tuple(names) for names in given.get("headers", ())]
    return Reading((header, *others), kinds, tuple(rows), either, _groups(given))


def _groups(given: dict[str, Any]) -> tuple[Row, ...]:
    return tuple(tuple(group) for group in given.get("say", ()))
