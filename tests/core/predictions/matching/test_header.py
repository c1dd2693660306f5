"""The schema check of a header."""

from __future__ import annotations

import pytest

from core.models.schema import Feature, Schema
from core.predictions.errors import FeatureMissing
from core.predictions.matching.header import MissingFeature, as_read, check_header, require_features

SCHEMA = Schema(
    (Feature("tenure", "number"), Feature("MonthlyCharges", "number"), Feature("plan", "category")),
    "Churn",
    "binary",
    ("No", "Yes"),
    "Yes",
)


def test_a_header_that_fits_says_what_is_matched_and_what_is_extra() -> None:
    check = check_header(("id", "plan", "tenure", "MonthlyCharges", "Churn"), SCHEMA)
    assert check.fits
    assert check.matched == ("tenure", "MonthlyCharges", "plan")
    assert check.extra == ("id",)
    assert check.has_outcome


def test_a_missing_feature_comes_with_the_nearest_column() -> None:
    check = check_header(("Tenure", "monthly_charges", "zzz"), SCHEMA)
    assert not check.fits
    assert not check.has_outcome
    assert check.missing == (
        MissingFeature("tenure", "Tenure", is_guess=True),
        MissingFeature("MonthlyCharges", "monthly_charges", is_guess=True),
        MissingFeature("plan", None),
    )


def test_a_column_that_is_a_feature_itself_is_no_ones_nearest() -> None:
    assert check_header(("tenure", "plan"), SCHEMA).missing == (MissingFeature("MonthlyCharges", None),)


def test_a_mapping_makes_a_header_fit() -> None:
    mapping = {"tenure": "Months", "Churn": "left"}
    check = require_features(
        ("Months", "MonthlyCharges", "plan", "left", "tenure"), SCHEMA, mapping={**mapping}
    )
    assert check.fits
    assert check.has_outcome
    assert check.extra == ("tenure",)


def test_a_column_that_is_set_aside_takes_no_name_that_is_there() -> None:
    header = ("tenure", "tenure (not read)", "Months", "MonthlyCharges", "plan")
    columns = as_read(header, SCHEMA, {"tenure": "Months"})
    assert columns[1:] == ("tenure (not read)", "tenure", "MonthlyCharges", "plan")
    assert len(set(columns)) == len(columns)


def test_the_outcomes_column_is_no_ones_nearest() -> None:
    schema = Schema((Feature("churned", "category"),), "Churned", "binary", ("No", "Yes"), "Yes")
    assert check_header(("Churned",), schema).missing == (MissingFeature("churned", None),)


def test_a_refusal_names_every_missing_feature() -> None:
    with pytest.raises(
        FeatureMissing, match=r"'tenure' \(nearest: 'Tenure'\), 'plan'\. Add them, map other columns to them"
    ):
        require_features(("Tenure", "MonthlyCharges"), SCHEMA)
