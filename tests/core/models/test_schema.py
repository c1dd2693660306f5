from __future__ import annotations

import json

import numpy as np
import pytest

from core.models.errors import ColumnsMissing
from core.models.schema import Feature, Schema, frame, framed, missing_columns
from tests.core.models.tables import text_table

SCHEMA = Schema(
    features=(
        Feature("age", "number", minimum=18.0, maximum=80.0),
        Feature("plan", "category", categories=("basic", "pro")),
    ),
    target="churn",
    task="binary",
    labels=("No", "Yes"),
    positive_label="Yes",
)


def test_a_schema_survives_json() -> None:
    assert Schema.from_json(json.loads(json.dumps(SCHEMA.to_json()))) == SCHEMA


def test_a_regression_schema_survives_json() -> None:
    schema = Schema((Feature("age", "number"),), "price", "regression")
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_the_frame_holds_the_features_in_the_models_order_and_nothing_else() -> None:
    table = text_table(note=["x", "y"], plan=["pro", "basic"], age=["20", "30"])
    features = frame(table, SCHEMA, ".")
    assert list(features.columns) == ["age", "plan"]
    assert features["age"].tolist() == [20.0, 30.0]
    assert features["plan"].tolist() == ["pro", "basic"]


def test_numbers_are_float64_and_categories_are_objects_whatever_pandas_would_infer() -> None:
    features = frame(text_table(age=["20"], plan=["pro"]), SCHEMA, ".")
    assert features["age"].dtype == np.float64
    assert features["plan"].dtype == object


def test_missing_cells_are_nan_and_none() -> None:
    features = frame(text_table(age=[" ", "NA", "7"], plan=["", "n/a", " pro "]), SCHEMA, ".")
    assert np.isnan(features["age"].to_numpy()).tolist() == [True, True, False]
    assert features["plan"].tolist() == [None, None, "pro"]


def test_a_decimal_comma_is_read() -> None:
    assert frame(text_table(age=["20,5"], plan=["pro"]), SCHEMA, ",")["age"].tolist() == [20.5]


def test_bad_numbers_and_unseen_categories_are_found_per_column() -> None:
    table = text_table(age=["old", "20", "very old"], plan=["gold", "pro", ""])
    found = framed(table, SCHEMA, ".")
    assert {name: rows.tolist() for name, rows in found.bad.items()} == {"age": [0, 2]}
    assert {name: rows.tolist() for name, rows in found.unseen.items()} == {"plan": [0]}
    assert np.isnan(found.frame["age"].to_numpy()).tolist() == [True, False, True]


def test_a_clean_table_has_nothing_to_be_cautious_about() -> None:
    found = framed(text_table(age=["20"], plan=["pro"]), SCHEMA, ".")
    assert (found.bad, found.unseen) == ({}, {})


def test_a_table_without_rows_makes_an_empty_frame() -> None:
    features = frame(text_table(age=[], plan=[]), SCHEMA, ".")
    assert features.shape == (0, 2)


def test_the_columns_a_file_lacks_are_named_in_the_models_order() -> None:
    assert missing_columns(["plan", "other"], SCHEMA) == ["age"]
    assert missing_columns([], SCHEMA) == ["age", "plan"]


def test_a_frame_of_a_table_that_lacks_a_feature_is_refused_by_name() -> None:
    with pytest.raises(ColumnsMissing, match="'age'"):
        frame(text_table(plan=["pro"]), SCHEMA, ".")
