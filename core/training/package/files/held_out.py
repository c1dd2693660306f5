"""What the model says of the rows that it did not learn from, beside what they turned out to be."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

TRUTH: Final = "held_out.jsonl"  # a line a row: its number in the data, and its outcome
PREDICTIONS: Final = "predictions.json"
CHUNK: Final = 1 << 16
MOST_HEAD: Final = 1 << 16  # characters before the list begins
BEHIND: Final = (
    ",] \t\r\n"  # what may stand right behind an element: a digit or an exponent still belongs to it
)
LONGEST_ELEMENT: Final = 1 << 20  # characters of what is said of a row
DECIMALS: Final = 6  # of a probability that is compared with a threshold
MOST_OFF: Final = 1e-3  # that probabilities may differ from 1 in their sum


class NothingMade(Exception):
    """The code ended well, and left no usable predictions."""


@dataclass(frozen=True)
class HeldOut:
    """A row. row: its number in the data, from 1. probability: of the positive outcome, or of the predicted one."""

    row: int
    actual: str
    predicted: str
    probability: float | None


def answers(folder: Path, schema: dict[str, Any], *, threshold: float | None = None) -> Iterator[HeldOut]:
    """In the order of the data, and never all at a time. Raises NothingMade, also in their middle.

    threshold: from which probability on a row is predicted as the positive one of two classes; None takes the likelier.
    """
    said = _elements(folder / "work" / PREDICTIONS)
    with (folder / TRUTH).open(encoding="utf-8") as truth:
        for line in truth:
            row, actual = json.loads(line)
            try:
                answer = next(said)
            except StopIteration:
                raise NothingMade(f"The code predicted too few rows: row {row} has no prediction.") from None
            yield HeldOut(row, actual, *_said(answer, row, schema, threshold))
    if next(said, None) is not None:
        raise NothingMade("The code predicted more rows than it was given.")


def _said(answer: Any, row: int, schema: dict[str, Any], threshold: float | None) -> tuple[str, float | None]:
    """The prediction, and its probability. Raises NothingMade."""
    labels = schema["labels"]
    numbers = answer if labels else [answer]
    is_usable = isinstance(numbers, list) and all(_is_finite(number) for number in numbers)
    if not is_usable or len(numbers) != max(1, len(labels)):
        raise NothingMade(f"The code's prediction for row {row} is not usable: {str(answer)[:100]}.")
    if not labels:
        return repr(float(answer)), None
    if min(numbers) < 0 or abs(sum(numbers) - 1) > MOST_OFF:
        raise NothingMade(f"The probabilities for row {row} do not add up to 1: {str(answer)[:100]}.")
    best = numbers.index(max(numbers))
    if not (positive := schema["positive_label"]):
        return labels[best], min(1.0, float(numbers[best]))
    place = labels.index(positive)
    probability = min(1.0, float(numbers[place]))
    if threshold is not None:
        best = place if round(probability, DECIMALS) >= threshold else 1 - place
    return labels[best], probability


def _is_finite(number: Any) -> bool:
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number beyond all floats
        return False


def _elements(path: Path) -> Iterator[Any]:
    """The elements of {"predictions": […]}, read piece by piece. Raises NothingMade."""
    if not path.is_file():
        raise NothingMade(f"The code left no {PREDICTIONS}.")
    decoder = json.JSONDecoder()
    with path.open(encoding="utf-8", errors="replace") as file:
        text, at = "", 0
        while not (at := text.find("[") + 1):
            if len(text) > MOST_HEAD or not (more := file.read(CHUNK)):
                raise NothingMade(f"{PREDICTIONS} holds no list.")
            text += more
        while True:
            while at < len(text) and text[at] in " \t\r\n,":
                at += 1
            try:
                element, end = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                end = len(text)
            if end < len(text) and text[end] in BEHIND:
                yield element
                at = end
            elif text[at : at + 1] == "]":
                return
            elif len(text) - at > LONGEST_ELEMENT:
                raise NothingMade(f"{PREDICTIONS} holds no prediction a row: one is longer than any can be.")
            elif more := file.read(CHUNK):  # what reaches the end of what was read may go on
                text, at = text[at:] + more, 0
            else:
                raise NothingMade(f"{PREDICTIONS} is cut off, or no JSON.")
