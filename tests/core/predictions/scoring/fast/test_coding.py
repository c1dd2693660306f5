"""Joint codes: as many as the product, and a table over them agrees with a table each."""

from __future__ import annotations

import numpy as np

from core.predictions.scoring.fast.coding import JOINT_CODES, grouped


def test_features_share_codes_up_to_the_limit() -> None:
    sizes = {"a": 3, "b": 5_000, "c": 100, "d": 40, "e": 2}
    groups = grouped(sizes)
    assert sorted(name for group in groups for name in group.names) == sorted(sizes)
    products = {group.names: int(np.prod(group.sizes)) for group in groups}
    assert products.pop(("b",)) == 5_000
    assert max(products.values()) <= JOINT_CODES
    assert len(groups) == 3


def test_a_joint_table_answers_as_its_parts_do() -> None:
    draw = np.random.default_rng(0)
    sizes = {"a": 3, "b": 5, "c": 7}
    (group,) = grouped(sizes)
    codes = {name: draw.integers(0, size, 200) for name, size in sizes.items()}
    parts = {name: draw.normal(size=size) for name, size in sizes.items()}
    joint = group.joined([parts[name] for name in group.names], np.add)
    expected = sum(parts[name][codes[name]] for name in sizes)
    np.testing.assert_allclose(joint[group.codes(codes.__getitem__)], expected)
