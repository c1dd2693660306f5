"""Templates are added in versions that never change, by who may, and everybody finds them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from core import db
from core.access import audit
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.users import UserRow
from core.errors import NotFound
from core.generation.templates import shipped, templates
from core.generation.templates.errors import (
    NothingChanged,
    NotItsAuthor,
    TemplateRefused,
    TextUnfit,
    VariablesUnfit,
)
from core.generation.templates.rendering import CompiledTemplate
from tests.core.generation.templates import made


def admin(user: db.User) -> db.User:
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(UserRow).where(UserRow.id == user.id).values(role="admin"))
    return db.User(id=user.id, name=user.name, role="admin")


def names(user: db.User, **asked: Any) -> list[str]:
    with db.session_scope(user) as session:
        return [one.template.name for one in templates.listing(session, **asked).items]


def test_a_template_is_kept_as_it_was_written_and_found_by_everybody(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    with db.session_scope(user, write=True) as session:
        row = templates.add(
            session,
            name="  My \n template ",
            description="What it\tis for",
            system="Be kind.\r\n",
            prompt="\r\nAbout {{ topic }} 👩‍👩‍👧\rEnd",
            described=[{"name": "topic", "kind": "number"}],
        )
    with db.session_scope(stranger) as session:
        found = templates.get(session, template_id=row.id)
    assert (found.name, found.description, found.version) == ("My template", "What it is for", 1)
    assert (found.system, found.prompt) == ("Be kind.", "About {{ topic }} 👩‍👩‍👧\nEnd")
    assert (found.author_id, found.variables[0]["kind"]) == (user.id, "number")
    assert CompiledTemplate.of(found).render({"topic": 1}).user.startswith("About <variable")


def test_a_change_is_a_version_and_the_one_before_stays(database: db.Database, user: db.User) -> None:
    first = made.added(user, prompt="One {{ topic }}")
    second = made.added(user, prompt="Two {{ topic }}", name="Renamed", family_id=first.family_id)
    assert (second.version, second.family_id) == (2, first.family_id)
    with db.session_scope(user) as session:
        of_family = templates.versions(session, family_id=first.family_id)
        assert [(row.version, row.prompt[:3]) for row in of_family] == [(2, "Two"), (1, "One")]
    assert names(user) == ["Renamed"]


def test_the_same_again_is_no_version(database: db.Database, user: db.User) -> None:
    first = made.added(user)
    with pytest.raises(NothingChanged) as refused:
        made.added(user, family_id=first.family_id)
    assert "Mine v1 is the newest version already" in refused.value.message


def test_only_its_author_and_admins_add_versions(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    theirs = made.added(user)
    with pytest.raises(NotItsAuthor) as refused:
        made.added(stranger, prompt="Mine now {{ topic }}", family_id=theirs.family_id)
    assert "somebody else has written it" in refused.value.message
    assert refused.value.http_status == 403
    row = made.added(admin(stranger), prompt="Better {{ topic }}", family_id=theirs.family_id)
    assert (row.version, row.author_id) == (2, stranger.id)
    assert made.added(user, prompt="Mine again {{ topic }}", family_id=theirs.family_id).version == 3


def test_who_has_added_a_version_as_an_admin_is_not_its_author(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    theirs = made.added(user)
    made.added(admin(stranger), prompt="Better {{ topic }}", family_id=theirs.family_id)
    with pytest.raises(NotItsAuthor):
        made.added(stranger, prompt="Again {{ topic }}", family_id=theirs.family_id)


def test_one_that_ships_is_copied_by_all_and_gets_versions_of_admins(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    shipped.ensure()
    one = shipped.ALL[0]
    with pytest.raises(NotItsAuthor) as refused:
        made.added(user, family_id=one.family_id)
    assert "it comes with the app" in refused.value.message
    with db.session_scope(user, write=True) as session:
        copy = templates.add(
            session, name=one.name, system=one.system, prompt=one.prompt, described=list(one.variables)
        )
    assert (copy.version, copy.author_id) == (1, user.id)
    assert made.added(admin(stranger), family_id=one.family_id).version == 2


def test_the_database_refuses_a_version_in_somebody_elses_name(
    postgres_database: db.Database, user: db.User, stranger: db.User
) -> None:
    row = made.added(user)
    with pytest.raises(db.NotYours), db.session_scope(stranger, write=True) as session:
        theirs = shipped.ALL[0].row(version=2)
        theirs.author_id, theirs.family_id = user.id, row.family_id
        session.add(theirs)
    with pytest.raises(db.NotYours), db.session_scope(user, write=True) as session:
        templates.get(session, template_id=row.id).prompt = "Changed"


def test_two_versions_at_once_are_not_the_same_number(database: db.Database, user: db.User) -> None:
    first = made.added(user)
    with pytest.raises(db.Collided), db.session_scope(db.WORKER, write=True) as session:
        again = shipped.ALL[0].row(version=1)
        again.id, again.family_id, again.author_id = uuid4(), first.family_id, user.id
        session.add(again)


@pytest.mark.parametrize(
    ("wanted", "kind", "said"),
    [
        ({"name": " "}, TextUnfit, "The name is empty"),
        ({"name": "a" * 81}, TextUnfit, "longer than 80"),
        ({"name": "a\0"}, TextUnfit, "can't be shown"),
        ({"name": "a\ud800"}, TextUnfit, "can't be shown"),
        ({"name": "a\u202eb"}, TextUnfit, "can't be shown"),
        ({"description": "a" * 301}, TextUnfit, "longer than 300"),
        ({"description": "\ud800"}, TextUnfit, "can't be shown"),
        ({"system": "a\0"}, TextUnfit, "NUL"),
        ({"system": "a" * 20_001}, TextUnfit, "20,001"),
        ({"prompt": "\udfff"}, TextUnfit, "surrogate"),
        ({"prompt": "{{ ''.__class__ }}"}, TemplateRefused, "looks inside"),
        ({"described": [{"name": "topic", "description": "\0"}]}, VariablesUnfit, "described by text"),
    ],
)
def test_what_can_not_be_kept_is_refused_and_nothing_is_written(
    database: db.Database, user: db.User, wanted: dict[str, Any], kind: type[Exception], said: str
) -> None:
    whole: dict[str, Any] = {"name": "A", "prompt": "{{ topic }}", "described": [{"name": "topic"}]}
    with pytest.raises(kind) as refused, db.session_scope(user, write=True) as session:
        templates.add(session, **{**whole, **wanted})
    assert said in str(refused.value)
    assert names(user) == []


def test_what_is_not_there_is_not_found(database: db.Database, user: db.User) -> None:
    with db.session_scope(user) as session:
        for call in (
            lambda: templates.get(session, template_id=uuid4()),
            lambda: templates.versions(session, family_id=uuid4()),
        ):
            with pytest.raises(NotFound):
                call()
    with pytest.raises(NotFound):
        made.added(user, family_id=uuid4())


def test_a_list_goes_on_behind_its_cursor_and_looks_for_names(database: db.Database, user: db.User) -> None:
    for n in range(5):
        made.added(user, name=f"Template {n} 100%", prompt=f"{n} {{{{ topic }}}}")
    with db.session_scope(user) as session:
        first = templates.listing(session, limit=3)
        rest = templates.listing(session, limit=3, cursor=first.next_cursor)
    found = [one.template.name for one in (*first.items, *rest.items)]
    assert found == [f"Template {n} 100%" for n in (4, 3, 2, 1, 0)]
    assert rest.next_cursor is None
    assert names(user, text="2 100%") == ["Template 2 100%"]
    assert names(user, text="_") == []


def test_usage_is_that_of_all_versions_and_of_what_one_may_see(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    first = made.added(user)
    second = made.added(user, prompt="Two {{ topic }}", family_id=first.family_id)
    made.used(user, first, "approved", "pending")
    made.used(user, second, "approved", "approved", "rejected")
    made.used(stranger, second, "rejected")

    def seen(who: db.User) -> tuple[int, int, int]:
        with db.session_scope(who) as session:
            (one,) = templates.listing(session).items
            return one.usage.n_jobs, one.usage.n_approved, one.usage.n_rejected

    assert seen(user) == (2, 3, 1)
    assert seen(stranger) == (1, 0, 1)
    assert seen(db.User(id=user.id, name="", role="reviewer")) == (2, 3, 2)
    assert seen(db.User(id=user.id, name="", role="admin")) == (3, 3, 2)


def test_a_share_is_of_what_was_decided(database: db.Database, user: db.User) -> None:
    row = made.added(user)

    def share() -> float | None:
        with db.session_scope(user) as session:
            return templates.listing(session).items[0].usage.approved_share

    made.used(user, row, "pending")
    assert share() is None
    made.used(user, row, "approved", "approved", "approved", "rejected")
    assert share() == 0.75


def test_a_preview_is_the_prompt_or_what_is_missing(database: db.Database) -> None:
    template = made.compiled("{{ topic }} {{ n }}", {"name": "topic"}, {"name": "n", "kind": "number"})
    found = templates.preview(template, params={"topic": "tea", "n": "2"})
    assert found.prompt is not None
    assert (found.missing, found.problem) == ((), None)
    found = templates.preview(template, params={"topic": " ", "n": "two"})
    assert found.problem is not None
    assert (found.prompt, found.missing) == (None, ["topic"])
    assert "'n' must be a number" in found.problem.message


def test_who_adds_what_is_on_the_trail(database: db.Database, user: db.User) -> None:
    first = made.added(user)
    made.added(user, prompt="Two {{ topic }}", family_id=first.family_id)
    with db.session_scope(db.WORKER) as session:
        lines = session.execute(sa.select(AuditEventRow)).scalars()
        said = [(line.action, line.subject_name) for line in lines if line.subject_kind == "template"]
    assert sorted(said) == [("template.added", "Mine v1"), ("template.changed", "Mine v2")]
    assert audit.says("template.changed") == "added a version of"
