"""The templates that come with the app are there after every start, once, and as they are now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.templates import shipped, variables
from core.generation.templates.enrichment_text import ENRICHMENT
from core.generation.templates.rendering import CompiledTemplate
from core.settings import Settings
from core.system import first_start

DECIDING = ("length", "level")  # say which sentences the prompt holds, and don't stand in it


def rows() -> list[PromptTemplateRow]:
    with db.session_scope(db.WORKER) as session:
        return list(session.execute(sa.select(PromptTemplateRow)).scalars())


def values(template: CompiledTemplate, *, is_full: bool) -> dict[str, object]:
    return {
        one.name: one.options[-1] if one.options else f"my {one.name}"
        for one in template.variables
        if one.required or is_full
    }


def test_all_are_there_after_a_start_without_a_sample_and_before_anybody_signs_in(
    database: db.Database, settings: Settings
) -> None:
    assert not settings.sample
    first_start(settings)
    assert {row.id for row in rows()} == {one.id for one in (*shipped.ALL, ENRICHMENT)}
    assert {(row.version, row.author_id) for row in rows()} == {(1, None)}
    first_start(settings)
    assert len(rows()) == 7


def test_starts_at_once_add_each_once(database: db.Database) -> None:
    with ThreadPoolExecutor(6) as pool:
        for start in [pool.submit(shipped.ensure) for _ in range(6)]:
            start.result()
    assert sorted((row.family_id, row.version) for row in rows()) == sorted(
        (one.family_id, 1) for one in (*shipped.ALL, ENRICHMENT)
    )


def test_a_changed_text_becomes_the_next_version_and_an_older_app_adds_nothing(
    database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped.ensure()
    first, *others = shipped.ALL
    changed = replace(first, prompt=f"{first.prompt}\nBe brief.")
    with monkeypatch.context() as newer:
        newer.setattr(shipped, "ALL", (changed, *others))  # the text that ships, not a function of ours
        shipped.ensure()
        shipped.ensure()
    shipped.ensure()  # a process of the app before the change
    of_family = {row.version: row.prompt for row in rows() if row.family_id == first.family_id}
    assert of_family == {1: first.prompt, 2: changed.prompt}


def test_a_changed_text_goes_behind_the_versions_that_an_admin_has_added(
    database: db.Database, user: db.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped.ensure()
    first, *others = shipped.ALL
    with db.session_scope(db.WORKER, write=True) as session:
        theirs = first.row(version=2)
        theirs.id, theirs.author_id = uuid4(), user.id
        session.add(theirs)
    monkeypatch.setattr(shipped, "ALL", (replace(first, name="Support: question"), *others))
    shipped.ensure()
    assert sorted(row.version for row in rows() if row.family_id == first.family_id) == [1, 2, 3]


def test_ids_are_the_same_everywhere() -> None:
    assert shipped.ALL[0].family_id == UUID("edc31a5f-2a56-5638-adcb-c95031d21a20")
    assert len({one.family_id for one in shipped.ALL}) == len({one.id for one in shipped.ALL}) == 6


@pytest.mark.parametrize("one", shipped.ALL, ids=lambda one: one.slug)
def test_each_can_be_filled_in_with_the_least_and_with_everything(one: shipped.Shipped) -> None:
    template = CompiledTemplate.of(one.row(version=1))
    for is_full in (False, True):
        params = values(template, is_full=is_full)
        prompt = template.render(params)
        assert all(
            f">{value}</variable>" in prompt.user for key, value in params.items() if key not in DECIDING
        )
        assert '{"messages": [{"role": "user"' in prompt.system
        assert not any(sign in prompt.user for sign in ("{{", "{%", "\n\n\n"))


@pytest.mark.parametrize("one", shipped.ALL, ids=lambda one: one.slug)
def test_each_says_what_its_variables_are_for(one: shipped.Shipped) -> None:
    assert all(variable.description for variable in variables.parse(one.variables))
    assert {name.partition(":")[0] for name in (one.name,)} <= {"Support", "Sales", "Coaching"}
