"""Where a job names no template, the one is taken that fits, and a sentence says why."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from core import db
from core.errors import NotFound
from core.generation.templates import choice, shipped
from core.generation.templates.choice import NIL, Choice
from core.generation.templates.errors import NoTemplateFits, NoTemplates
from tests.core.generation.templates import made


def added(user: db.User, name: str, *required: str, optional: tuple[str, ...] = ()) -> UUID:
    described = [{"name": one} for one in required]
    described += [{"name": one, "required": False} for one in optional]  # type: ignore[dict-item]  # JSON
    prompt = " ".join(["Text", *(f"{{{{ {one} }}}}" for one in (*required, *optional))])
    return made.added(user, name=name, prompt=prompt, described=described).id


def choose(user: db.User, *names: str, template_id: UUID | None = None) -> Choice:
    with db.session_scope(user) as session:
        return choice.choose(session, template_id=template_id, names=names)


def test_a_named_one_is_taken_whatever_fits(database: db.Database, user: db.User) -> None:
    wanted = added(user, "Needs much", "a", "b")
    added(user, "Needs nothing")
    found = choose(user, template_id=wanted)
    assert (found.template.id, found.reason) == (wanted, None)
    with pytest.raises(NotFound):
        choose(user, template_id=uuid4())


@pytest.mark.parametrize("template_id", [None, NIL, UUID("00000000-0000-0000-0000-000000000000")])
def test_none_and_the_nil_id_take_the_one_that_can_be_filled_in(
    database: db.Database, user: db.User, template_id: UUID | None
) -> None:
    fits = added(user, "Fits", "topic", optional=("note",))
    added(user, "Needs more", "topic", "tone")
    found = choose(user, "topic", template_id=template_id)
    assert found.template.id == fits
    assert found.template.prompt.startswith("Text")
    assert found.reason == (
        "Chosen because all its required variables have values and it uses 1 of the 1 given; no other template fits."
    )


def test_of_several_the_one_that_uses_most_values_is_taken(database: db.Database, user: db.User) -> None:
    most = added(user, "Most", "a", optional=("b", "c"))
    added(user, "Fewer", "a", optional=("b",))
    added(user, "Others", "a", optional=("x", "y", "z"))
    found = choose(user, "a", "b", "c")
    assert found.template.id == most
    assert found.reason is not None
    assert found.reason.endswith("it uses 3 of the 3 given, more than any other.")


def test_then_the_one_with_the_largest_share_approved(database: db.Database, user: db.User) -> None:
    with db.session_scope(user, write=True):
        pass
    good = made.added(user, name="Good")
    bad = made.added(user, name="Bad", prompt="Bad {{ topic }}")
    added(user, "New", "topic")
    made.used(user, good, "approved", "approved", "rejected")
    made.used(user, bad, "approved", "rejected", "pending", "pending")
    found = choose(user, "topic")
    assert found.template.id == good.id
    assert found.reason is not None
    assert "of 3 that do, the largest share of its conversations was approved" in found.reason


def test_then_the_newest(database: db.Database, user: db.User) -> None:
    first = made.added(user, name="Older")
    added(user, "Newer", "topic")
    found = choose(user, "topic")
    assert (found.template.name, found.reason and found.reason.rpartition(" ")[2]) == ("Newer", "newest.")
    made.added(user, name="Newest", prompt="Changed {{ topic }}", family_id=first.family_id)
    assert choose(user, "topic").template.name == "Newest"


def test_only_the_newest_version_counts(database: db.Database, user: db.User) -> None:
    first = made.added(user, name="Was easy")
    described = [{"name": "topic"}, {"name": "tone"}]
    made.added(
        user, name="Is hard", prompt="{{ topic }} {{ tone }}", described=described, family_id=first.family_id
    )
    with pytest.raises(NoTemplateFits) as refused:
        choose(user, "topic")
    assert "The nearest is Is hard; it also needs 'tone'" in refused.value.message


def test_where_none_fits_the_nearest_is_named_with_what_it_lacks(
    database: db.Database, user: db.User
) -> None:
    added(user, "Far", "a", "b", "c", "d")
    added(user, "Near", "a", "b", "c")
    added(user, "As near but strange", "x", "y")
    with pytest.raises(NoTemplateFits) as refused:
        choose(user, "a")
    assert refused.value.http_status == 422
    assert refused.value.message == (
        "No template can be used with the values you gave ('a'). The nearest is Near; it also needs 'b', 'c'."
    )
    with pytest.raises(NoTemplateFits) as refused:
        choose(user)
    assert "you gave (none)" in refused.value.message


def test_without_any_template_it_says_so(database: db.Database, user: db.User) -> None:
    with pytest.raises(NoTemplates):
        choose(user, "topic")


@pytest.mark.parametrize("one", shipped.ALL, ids=lambda one: one.slug)
def test_each_that_ships_is_found_by_what_it_needs(
    sqlite_database: db.Database, user: db.User, one: shipped.Shipped
) -> None:
    shipped.ensure()
    needed = [str(variable["name"]) for variable in one.row(version=1).variables if variable["required"]]
    assert choose(user, *needed, "language").template.name == one.name


def test_hostile_names_are_only_names(database: db.Database, user: db.User) -> None:
    added(user, "Fits", "topic")
    hostile = ["{{ x }}", "a\0", "\ud800", "__class__", "'; drop table x; --", "a" * 100_000]
    assert choose(user, "topic", *hostile).template.name == "Fits"
    with pytest.raises(NoTemplateFits) as refused:
        choose(user, *hostile)
    str(refused.value).encode()
