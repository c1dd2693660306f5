"""Columns of numbers beside which something stands, and columns of labels that look like numbers."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from core.uploads.csv import cells, cleaning
from core.uploads.csv.dialect import ColumnRule
from core.uploads.detect.columns import column_formats
from core.uploads.detect.columns.column_formats import FoundFormat


def found(*column: str) -> tuple[FoundFormat, np.ndarray, np.ndarray]:
    """What is found of a column, its numbers, and which cells are neither numbers nor missing."""
    decimal, *_ = column_formats.decimal_mark([column], ";")
    one = column_formats.find(0, "value", column, decimal)
    clean = cleaning.cleaned(pa.array(column), one.rule or ColumnRule(0), decimal)
    return (one, *cells.numbers(clean, decimal))


NUMBERS: dict[str, list[tuple[str, float]]] = {
    "flags": [("12.3 p", 12.3), ("45.1 b", 45.1), (": c", math.nan), (":", math.nan), ("17.0 e", 17), ("9.8", 9.8)],
    "one flag": [("6.1 b", 6.1), ("5.8", 5.8), ("3.6", 3.6), ("7.7 b", 7.7), ("9.5", 9.5)],
    "significance": [("<2e-16 ***", 2e-16), ("0.0312 *", 0.0312), ("0.412", 0.412), ("0.0713 .", 0.0713)],
    "stars": [("2.113***", 2.113), ("0.041*", 0.041), ("0.118", 0.118), ("-0.220**", -0.22)],
    "credit and debit": [("1,240.00 DR", -1240), ("65,000.00 CR", 65000), ("412.50 CR", 412.5)],
    "soll und haben": [("1.240,00 S", -1240), ("33,10 H", 33.1), ("7,00 H", 7)],
    "minus behind": [("1.240,00-", -1240), ("300,50", 300.5), ("7,10-", -7.1)],
    "spread in brackets": [("12.3 (0.4)", 12.3), ("11.8 (1.1)", 11.8), ("9.7 ± 0.2", 9.7)],
    "limits": [("0,31", 0.31), ("<0,05", 0.05), ("> 20", 20), ("ca. 5", 5), ("1,5", 1.5), ("2,5", 2.5), ("n<5", 5)],
    "limits of percentages": [("<0.1%", 0.1), ("5.2%", 5.2), ("12.0%", 12), ("3.3%", 3.3)],
    "brackets and letters in them": [("(7)", -7), ("20.5", 20.5), ("(12)", -12), ("(D)", math.nan), ("1080", 1080)],
    "round amounts": [("350.–", 350), ("1'240.50", 1240.5), ("12.--", 12), ("-5.25", -5.25)],
    "dashes of money": [("$ -", 0), ("$ 12.00", 12), ("$ (3.10)", -3.1), ("$ 4.50", 4.5)],
    "multipliers": [("10k", 10_000), ("25K", 25_000), ("1.2m", 1_200_000), ("3M", 3_000_000)],
    "lakh and crore": [("3.5 lakh", 350_000), ("1.2 crore", 12_000_000), ("45,000", 45_000)],
    "grouped in twos": [("12,34,567", 1_234_567), ("3,50,000", 350_000), ("9,999", 9_999)],
    "Arabic digits": [("١٢٫٥", 12.5), ("٣٤", 34), ("١٬٢٣٤٫٥", 1234.5)],
    "full-width digits": [("１２３", 123), ("１，２３４", 1234), ("－５", -5)],
    "fractions": [("1 1/2", 1.5), ("2", 2), ("3/4", 0.75), ("1½", 1.5), ("2 ½", 2.5)],
    "powers of ten": [("1.2×10^3", 1200), ("3.4 x 10^-2", 0.034), ("5", 5), ("2·10³", 2000)],
    "exponents with commas": [("1,5E+03", 1500), ("2,25E-02", 0.0225), ("3,0E+00", 3)],
    "notes": [("1,234[a]", 1234), ("910¹", 910), ("2,345 (b)", 2345), ("3,001", 3001), ("6,430†", 6430)],
    "units in other forms": [("45 years", 45), ("1 year", 1), ("10+ years", 10), ("< 2 years", 2), ("7 years", 7)],
    "a unit with a sign": [("93 %RH", 93), ("91 %RH", 91), ("88 %RH", 88)],
    "few of another unit": [*((f"{n}.5 kg", n + 0.5) for n in range(20)), ("500 g", 0.5)],
    "trace": [("0.00", 0), ("T", 0), ("0.12", 0.12), ("0.40", 0.4), ("0.05", 0.05), ("M", math.nan), ("0.31", 0.31)],
    "errors of spreadsheets": [("5", 5), ("#DIV/0!", math.nan), ("#NV", math.nan), ("#¡VALOR!", math.nan), ("7", 7),
                               ("#ЗНАЧ!", math.nan), ("9", 9), ("#Н/Д", math.nan), ("#YOK", math.nan)],
    "words of several languages": [("5,1", 5.1), ("keine Angabe", math.nan), ("нет данных", math.nan), ("7,2", 7.2),
                                   ("brak danych", math.nan), ("s/d", math.nan), ("9,9", 9.9), ("欠測", math.nan)],
    "letters of SAS": [("201", 201), (".", math.nan), (".A", math.nan), ("188", 188), (".b", math.nan), ("240", 240)],
    "letters in brackets": [("120", 120), ("(D)", math.nan), ("340", 340), ("[x]", math.nan), ("56", 56)],
    "infinities": [("1.204", 1.204), ("Inf", math.nan), ("-Inf", math.nan), ("2.5", 2.5), ("-0.8", -0.8)],
    "stray words": [*((str(n), n) for n in range(40)), ("see note", math.nan), ("offline", math.nan)],
}  # fmt: skip


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_column_of_nearly_numbers_is_one_of_numbers_and_what_was_done_is_said(kind: str) -> None:
    column, expected = zip(*NUMBERS[kind], strict=True)
    one, numbers, bad = found(*column)
    assert not bad.any()
    assert numbers == pytest.approx(np.array(expected), nan_ok=True)
    assert one.guesses or one.rule is None


LABELS = {
    "street numbers": ["12", "12a", "14", "7b", "9", "11", "12b", "3", "5c", "8"],
    "powers that are codes": ["1E50", "1E51", "1E90", "2E60", "3E12"],
    "zeros in front": ["000104", "000110", "000008"],
    "zeros and letters": ["0306406152", "080442957X", "0198526636", "0471958697", "316148410X"],
    "a few codes with letters": [*map(str, range(536365, 536400)), "C536379", "C536391"],
    "many digits": ["4111111111111111", "5500005555555559"],
    "months": [f"2024.{month:02}" for month in range(1, 13)],
    "telephone numbers": ["+4915112345678", "+4917098765432"],
    "groups of age": ["<18", "18+", "<18", "18+"],
    "labels with numbers": ["1 (low)", "2 (medium)", "3 (high)"],
    "sizes": ["S", "M", "38", "40", "L"],
    "lines of buses": ["1", "2", "M10", "N5", "12", "15", "X9"],
    "versions": ["1.2.3", "1.10.0", "2.0.1"],
    "ranges": ["1-9", "10-49", "250+"],
    "ratios": ["3:1", "5:4", "1/2", "3/4"],
    "films": ["12 Angry Men", "3 Idiots", "8 Mile"],
    "ordinals": ["1st", "2nd", "3rd", "4th"],
    "decades": ["1990s", "1980s", "2000s"],
    "coordinates": ["48.2N", "16.3E"],
    "currencies": ["$5.00", "€6.50", "$7.10", "€3.20"],
    "temperatures": ["21 °C", "70 °F", "19 °C", "68 °F"],
    "units": ["3 kg", "500 g", "1.2 kg", "750 g"],
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_that_look_like_numbers_stay_as_they_are_spelled(kind: str) -> None:
    one, numbers, bad = found(*LABELS[kind])
    rule = one.rule or ColumnRule(0)
    assert rule.kind == "category" or bad.sum() > 0.1 * len(numbers)
    assert not rule.is_number


def test_several_units_are_converted_once_somebody_says_that_they_are_numbers() -> None:
    one, _, _ = found("1.5 kg", "500 g", "2 kg", "1 h")
    assert one.as_number is None
    one, _, _ = found("1.5 kg", "500 g", "2 kg")
    assert one.as_number is not None
    clean = cleaning.cleaned(pa.array(["1.5 kg", "500 g", "250 g"]), one.as_number, ".")
    assert cells.numbers(clean, ".")[0].tolist() == [1.5, 0.5, 0.25]
    one, _, _ = found("1 h 20 min", "45 min", "2 h", "30 min")
    assert one.as_number is not None
    clean = cleaning.cleaned(pa.array(["1 h 20 min", "45 min", "2 h"]), one.as_number, ".")
    assert cells.numbers(clean, ".")[0].tolist() == [80, 45, 120]


@pytest.mark.parametrize(
    "mark", ["\x00", "\ud800", "\u202e", "9" * 101, "( ( (", "-" * 90, "½" * 90, "1 " * 50]
)
def test_hostile_cells_among_numbers_are_missing_or_odd_and_nothing_breaks(mark: str) -> None:
    one = column_formats.find(0, "value", [*map(str, range(40)), mark, f"5{mark}", f"{mark}5"], ".")
    assert one.rule is None or one.rule.is_number or not one.rule.kind
