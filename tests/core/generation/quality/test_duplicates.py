"""Signatures: the same for the same words, near for a few changed, far for others; and who is nearest in a job."""

from __future__ import annotations

import random
from uuid import uuid4

import pytest

from core.generation.quality.duplicates import Signatures, signature, similarity
from tests.generation import talk

WORDS = [
    f"{a}{b}"
    for a in ("ba", "ko", "li", "mu", "ne", "ri", "so", "ta")
    for b in ("ran", "del", "vo", "st", "mi")
]


def words(dice: random.Random, n: int = 80) -> list[str]:
    return [dice.choice(WORDS) for _ in range(n)]


def test_case_and_punctuation_make_no_difference() -> None:
    assert signature(talk("Hello there, friend!", "Yes.")) == signature(talk("hello THERE friend", "yes"))
    assert signature(talk("a", "b")) != signature(talk("a", "c"))


def test_of_pairs_with_one_word_in_twenty_changed_nearly_all_are_found_and_of_others_none() -> None:
    dice = random.Random(3)
    n_found = 0
    for _ in range(200):
        said, other = words(dice), words(dice)
        changed = list(said)
        for at in dice.sample(range(len(said)), len(said) // 20):
            changed[at] = "changed"
        job = Signatures()
        was, strange = uuid4(), uuid4()
        job.add(was, signature(talk(" ".join(said), "Yes.")))
        job.add(strange, signature(talk(" ".join(other), "Yes.")))
        like = job.nearest(signature(talk(" ".join(changed), "Yes.")))
        n_found += like is not None and like[0] == was and like[1] >= 0.6
    assert n_found >= 190


def test_the_share_is_about_that_of_common_word_triples() -> None:
    dice = random.Random(5)
    for kept in (0.2, 0.5, 0.9):
        said = words(dice, 400)
        other = said[: round(400 * kept)] + [f"x{n}" for n in range(400 - round(400 * kept))]
        mine, theirs = ({tuple(one[at : at + 3]) for at in range(398)} for one in (said, other))
        wanted = len(mine & theirs) / len(mine | theirs)
        (share,) = similarity(signature(talk(" ".join(said))), [signature(talk(" ".join(other)))])
        assert share == pytest.approx(wanted, abs=0.2)


def test_nobody_is_like_itself_and_many_are_kept() -> None:
    job, ids = Signatures(), [uuid4() for _ in range(200)]
    made = [signature(talk(" ".join(words(random.Random(n))), "Yes.")) for n in range(200)]
    for row_id, one in zip(ids, made, strict=True):
        job.add(row_id, one)
        job.add(row_id, one)
    assert job.nearest(made[7]) == (ids[7], 1.0)
    like = job.nearest(made[7], but_not=ids[7])
    assert like is None or like[0] != ids[7]
    assert Signatures().nearest(made[0]) is None


def test_letters_without_spaces_between_them_are_words() -> None:
    said = "我的包裹还没有到请问什么时候能送到"
    mine, other = signature(talk(said, "好的")), signature(talk(said.replace("送到", "送来"), "好的"))
    (share,) = similarity(mine, [other])
    assert 0.5 < share < 1
