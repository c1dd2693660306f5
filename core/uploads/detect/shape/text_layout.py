"""What must be done to a file's text before it can be read as records: see `Rewriting`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from core.uploads.csv.rewriting import Rewriting
from core.uploads.detect.guesses import Guess

DOUBLE_MARKS = ("||", "~|~", "|~|", "~~", "^^", "::", "@@", "##", "§", "¦", "¬", "¤")
"""Marks of several bytes that stand between cells."""
_JUDGED_LINES = 300
_FEWEST_LINES = 3
_NEARLY_ALL = 0.95
_LONGEST_LINE = 2_000
_RULE = re.compile(r" *(-{2,}|={2,})( +(-+|=+))+ *")
_RUN = re.compile(" +")
_WIDE_RUN = re.compile("[^ ] {2,}[^ ]")
_WRAPPED = re.compile(r'"(?:[^"]|"")*"')
_NAME = re.compile("[^ ]+(?: [^ ]+)*")
_FEWEST_ALIGNED, _MOST_TITLES = 5, 40


def double_mark(text: str) -> str:
    """Several characters that stand between the cells of nearly every line equally often, where one of them does not;
    "" where there are none.
    """
    found = [mark for mark in DOUBLE_MARKS if mark in text]
    if not found or "\t" in text:
        return ""
    lines = _lines(text)
    for mark in found:
        counts = Counter(line.count(mark) for line in lines)
        n_marks, n_lines = max(counts.items(), key=lambda pair: pair[1], default=(0, 0))
        if n_marks and n_lines >= max(_FEWEST_LINES, _NEARLY_ALL * len(lines)):
            empty = sum(line.count(mark + mark) for line in lines)
            return "" if empty > 0.5 * n_marks * len(lines) else mark
    return ""


def is_wrapped(text: str) -> bool:
    """Whether every line is in quotes as a whole, those within it doubled."""
    lines = _lines(text)
    return len(lines) >= _FEWEST_LINES and all(_WRAPPED.fullmatch(line) for line in lines)


def is_spaced(text: str, delimiter: str) -> bool:
    """Whether a blank follows wherever the mark stands, as in a sentence."""
    return delimiter + " " in text and text.count(delimiter) == text.count(delimiter + " ")


def aligned(text: str) -> Rewriting | None:
    """How text is cut whose columns are aligned by blanks; None where they are not."""
    if "\t" in text or '"' in text:
        return None
    lines = _lines(text)
    if len(lines) < _FEWEST_LINES or max(map(len, lines), default=0) > _LONGEST_LINE:
        return None
    rule = next((line for line in lines[:30] if _RULE.fullmatch(line)), None)
    if rule is not None:
        return Rewriting(columns=_widened([match.span() for match in re.finditer(r"[-=]+", rule)], lines))
    if not any(_WIDE_RUN.search(line) for line in lines):
        return None
    widths = Counter(len(_RUN.split(line.strip())) for line in lines)
    width, n_lines = max(widths.items(), key=lambda pair: pair[1])
    if columns := _named_columns(lines, width):
        return Rewriting(columns=columns)
    if width > 1 and n_lines >= max(_FEWEST_LINES, len(lines) - 1) and _is_even(lines, width):
        return Rewriting(is_aligned=True)
    if columns := _below_titles(lines, width):
        return Rewriting(columns=columns)
    block = _longest_block(text)
    columns = _columns(block) or _columns(block[1:])
    return Rewriting(columns=columns) if len(columns) > 1 else None


def _named_columns(lines: Sequence[str], width: int) -> tuple[tuple[int, int], ...]:
    """Where columns stand whose names and cells may have single blanks: the first line names each, as several blanks
    part them there; () where every line has one number of words, or some line crosses the columns.
    """
    if len(_RUN.split(lines[0].strip())) == width:
        return ()
    names = [match.span() for match in _NAME.finditer(lines[0])]
    spans: list[tuple[int, int]] = []
    for start, end in _columns(lines):
        over = [place for place, (begin, stop) in enumerate(names) if start < stop and begin < end]
        if len(over) != 1 or over[0] > len(spans):
            return ()
        if over[0] == len(spans):
            spans.append((start, end))
        else:
            spans[-1] = (spans[-1][0], end)
    return tuple(spans) if 1 < len(spans) == len(names) else ()


def _below_titles(lines: Sequence[str], width: int) -> tuple[tuple[int, int], ...]:
    """Where columns stand in the lines between the first and the last that have this number of words, if there are as
    many; () where there are others, or hardly any such lines.
    """
    even = [index for index, line in enumerate(lines) if len(_RUN.split(line.strip())) == width]
    if width < 2 or len(even) < _FEWEST_ALIGNED or not 0 < even[0] <= _MOST_TITLES:
        return ()
    columns = _columns(lines[even[0] : even[-1] + 1])
    return columns if len(columns) == width else ()


def _is_even(lines: Sequence[str], width: int) -> bool:
    """Whether the only line with another number of cells, if there is one, is a title."""
    odd = [index for index, line in enumerate(lines) if len(_RUN.split(line.strip())) != width]
    return not odd or odd == [0]


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"\r\n|\n|\r", text)[: 2 * _JUDGED_LINES] if line.strip()][
        :_JUDGED_LINES
    ]


def _longest_block(text: str) -> list[str]:
    """The most lines with no blank one among them."""
    blocks: list[list[str]] = [[]]
    for line in re.split(r"\r\n|\n|\r", text)[:_JUDGED_LINES]:
        if line.strip():
            blocks[-1].append(line)
        else:
            blocks.append([])
    return max(blocks, key=len)


def _columns(lines: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Where columns stand, between the places that are blank in every line; () where there are too few lines."""
    if len(lines) < _FEWEST_ALIGNED:
        return ()
    width = max(map(len, lines))
    filled = [False] * width
    for line in lines:
        for at, character in enumerate(line):
            if character != " ":
                filled[at] = True
    edges = [at for at in range(1, width) if filled[at] != filled[at - 1]]
    bounds = [*([0] if filled[0] else []), *edges, width]
    spans = [(start, end) for start, end in pairwise(bounds) if filled[start]]
    return _widened(spans, lines)


def _widened(spans: Sequence[tuple[int, int]], lines: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """The columns, each as far to the left as the blanks go, the last to any line's end."""
    if not spans:
        return ()
    longest = max([spans[-1][1], *map(len, lines)])
    return (*spans[:-1], (spans[-1][0], max(longest, _LONGEST_LINE)))


def guess_of(rewriting: Rewriting, sample: str) -> Guess | None:
    """How the receipt says it. sample: the text as it is in the file."""
    if rewriting.is_wrapped:
        why = "Each line is in quotes as a whole; they were taken off, and what they hold is cut at the mark within it."
        return Guess("quotes", '"', "likely", why)
    if rewriting.mark:
        why = f"{rewriting.mark!r} stands between the cells of nearly every line, equally often."
        return Guess("delimiter", rewriting.mark, "likely", why)
    if rewriting.is_aligned:
        why = "Its columns are aligned by spaces: every line has the same number of words."
        return Guess("delimiter", " ", "likely", why)
    if rewriting.columns:
        n, has_rule = len(rewriting.columns), any(_RULE.fullmatch(line) for line in _lines(sample)[:30])
        where = "a line of dashes shows where" if has_rule else "at these places every line has spaces"
        confidence = "likely" if has_rule else "guess"
        why = f"Its columns are aligned by spaces, so lines were cut into {n} columns: {where}."
        return Guess("delimiter", " ", confidence, why)  # type: ignore[arg-type]  # one of the two
    return None
