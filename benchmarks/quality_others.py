"""Texts that others made, in many languages, as this machine has them: manuals, licences, descriptions of packages."""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path

MOST_OF_A_KIND = 1_500
LEAST_LETTERS, MOST_LETTERS = 120, 3_000
ROFF = re.compile(r"\\f[A-Z(]?|\\-|\\&|\\[|^]|\\\(..|\\\*\(..|\\e|\\ ")


def paragraphs() -> dict[str, list[tuple[str, str]]]:
    """Questions and answers, by where they come from: what a paragraph is headed by, and the paragraph."""
    found = {
        "descriptions of packages": _some(_descriptions()),
        "licences": _some(_licences()),
        "manuals in English": _some(_manuals(Path("/usr/share/man"))),
    }
    for folder in sorted(Path("/usr/share/man").glob("[a-z][a-z]*")):
        if folder.is_dir() and not folder.name.startswith("man"):
            found[f"manuals in {folder.name}"] = _some(_manuals(folder))
    return {kind: texts for kind, texts in found.items() if texts}


def _some(texts: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    kept = [(head, text) for head, text in texts if LEAST_LETTERS <= len(text) <= MOST_LETTERS]
    return kept[:: max(1, len(kept) // MOST_OF_A_KIND)][:MOST_OF_A_KIND]


def _descriptions() -> Iterator[tuple[str, str]]:
    for folder in map(Path, sys.path):
        for path in sorted(folder.glob("*.dist-info/METADATA")):
            _, _, text = path.read_text("utf-8", "replace").partition("\n\n")
            yield from ((f"What does {path.parent.name} say?", one) for one in _parts(text))


def _licences() -> Iterator[tuple[str, str]]:
    for path in sorted(Path("/usr/share/common-licenses").glob("*")):
        yield from (
            (f"What does {path.name} say?", one) for one in _parts(path.read_text("utf-8", "replace"))
        )


def _manuals(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("man[0-9]/*.gz")):
        text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
        plain = re.sub(r"(?m)^[.'](?:PP|P|LP|TP|IP|SH|SS|br|sp).*$", "\n", text)
        plain = ROFF.sub("", re.sub(r"(?m)^[.'].*\n?", "", plain))
        yield from ((path.name.partition(".")[0], one) for one in _parts(plain))


def _parts(text: str) -> Iterator[str]:
    return (one.strip() for one in re.split(r"\n\s*\n", text) if one.strip())
