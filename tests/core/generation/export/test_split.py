"""A split holds about its share back, and no near-duplicate is on the other side."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest

from core import db
from core.generation.export import plan
from core.generation.export.errors import CannotSplit
from core.generation.export.wanted import Wanted
from tests import generation
from tests.core.generation.export.test_groups import like, signatures

N_TWINS = 60


def sides(user: db.User, **split: float) -> dict[UUID, str]:
    planned = plan.of(user, Wanted(**{"validation": 0.3, **split}))  # type: ignore[arg-type]
    return {row_id: side.name for side in planned.sides for row_id, _ in side.part(0, len(side))}


def signed(user: db.User, numbers: np.ndarray, *, begin: int = 0) -> list[UUID]:
    """Approved conversations with these signatures."""
    template_id = generation.template(user)
    return [
        generation.conversation(
            user, idx=begin + n, said=generation.talk(f"Q{begin + n}", "A"), status="approved",
            minhash=one.astype("<u4").tobytes(), template_id=template_id,
        )
        for n, one in enumerate(numbers)
    ]  # fmt: skip


def test_near_duplicates_are_on_one_side_and_stay_there(sqlite_database: db.Database, user: db.User) -> None:
    numbers = signatures(N_TWINS)
    first = signed(user, numbers)
    before = sides(user)
    twins = signed(user, like(numbers, 0.8), begin=N_TWINS)
    found = sides(user)
    assert set(found.values()) == {plan.TRAIN, plan.VALIDATION}
    assert [found[one] for one in twins] == [found[one] for one in first]
    assert [found[one] for one in first] == [before[one] for one in first], "what is new moves nothing"
    assert 0.1 < sum(side == plan.VALIDATION for side in before.values()) / N_TWINS < 0.5
    assert sides(user, seed=1) != found


def test_the_same_words_without_a_signature_are_on_one_side(database: db.Database, user: db.User) -> None:
    talks = [generation.talk(f"Where is parcel {n}?", "Here.") for n in range(20)]
    same = [generation.talk(f"where is  PARCEL {n}", "here") for n in range(20)]
    ids = [
        generation.conversation(user, idx=idx, said=said, status="approved")
        for idx, said in enumerate([*talks, *same])
    ]
    found = sides(user, validation=0.5)
    assert [found[one] for one in ids[:20]] == [found[one] for one in ids[20:]]
    assert len(set(found.values())) == 2


def test_a_group_larger_than_what_is_to_be_held_back_is_trained_with(
    sqlite_database: db.Database, user: db.User
) -> None:
    many = signed(user, np.repeat(signatures(1), 12, axis=0))
    signed(user, signatures(8, seed=3), begin=20)
    for seed in range(5):
        found = sides(user, validation=0.5, seed=seed)
        assert {found[one] for one in many} == {plan.TRAIN}
        assert set(found.values()) == {plan.TRAIN, plan.VALIDATION}


def test_neither_side_is_empty_unless_there_is_but_one_group(
    sqlite_database: db.Database, user: db.User
) -> None:
    signed(user, np.repeat(signatures(1), 2, axis=0))
    with pytest.raises(CannotSplit, match="2 conversations are all near-duplicates") as raised:
        sides(user)
    assert raised.value.http_status == 409
    signed(user, signatures(1, seed=4), begin=5)
    for share in (1e-9, 0.999):
        assert set(sides(user, validation=share).values()) == {plan.TRAIN, plan.VALIDATION}
    assert set(sides(user, validation=0).values()) == {plan.TRAIN}
