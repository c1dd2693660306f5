"""The list of templates, one with a live preview, and the form for a new one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core import db
from core.generation.templates import shipped, templates
from core.ui.templates import cards
from tests.core.generation.templates import made
from tests.pages.conftest import texts

OpenPage = Callable[..., AppTest]
HOSTILE = ":red[x] ![i](http://x/y.png) **b** <img src=x>"


def code(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in app.code)


def newest(user: db.User) -> templates.Listed:
    with db.session_scope(user) as session:
        return templates.listing(session).items[0]


def test_with_no_template_it_leads_to_the_form(open_page: OpenPage) -> None:
    app = open_page("templates.py")
    assert "No templates yet" in texts(app)
    app.button(key="first_template").click().run()
    assert app.title[0].value == "New template"


def test_cards_say_what_there_is_and_how_it_has_served(open_page: OpenPage, reader: db.User) -> None:
    shipped.ensure()
    row = made.added(reader, name="Mine")
    made.used(reader, row, "approved", "approved", "approved", "rejected", "pending")
    said = texts(open_page("templates.py"))
    for one in shipped.ALL:
        assert one.name.replace(":", "\\:") in said
    assert "topic\\*" in said
    assert "1\u00a0job · 75\u00a0% of 4 approved" in said
    assert (said.count("Included"), said.count("Yours")) == (6, 1)


def test_a_bad_cursor_has_a_way_to_the_list(open_page: OpenPage) -> None:
    app = open_page("templates.py", after="nonsense")
    assert "doesn't exist" in app.error[0].value.replace("\\", "")
    assert not app.exception


def test_real_values_make_the_prompt_at_once(open_page: OpenPage, reader: db.User) -> None:
    row = made.added(
        reader,
        prompt="About {{ topic }}{% if n > 3 %}, long{% endif %}",
        described=[{"name": "topic"}, {"name": "n", "kind": "number", "default": 1}],
    )
    app = open_page("template.py", id=row.id)
    assert "Fill in Topic to see the prompt" in app.info[0].value
    assert "{{ topic }}" in code(app)
    app.text_input(key=f"value_{row.id}_topic").set_value("</variable> {{ n }}").run()
    assert 'About <variable name="topic">&lt;/variable&gt; {{ n }}</variable>\n' in code(app) + "\n"
    app.text_input(key=f"value_{row.id}_n").set_value("4").run()
    assert "</variable>, long" in code(app)
    app.text_input(key=f"value_{row.id}_n").set_value("many").run()
    assert "must be a number" in app.error[0].value
    assert not app.exception


@pytest.mark.parametrize("one", shipped.ALL, ids=lambda one: one.slug)
def test_each_that_ships_can_be_opened(open_page: OpenPage, reader: db.User, one: shipped.Shipped) -> None:
    shipped.ensure()
    app = open_page("template.py", id=one.id)
    assert not app.exception
    assert one.name.replace(":", "\\:") in app.title[0].value


@pytest.mark.parametrize("template_id", ["", "nothing", "00000000-0000-0000-0000-000000000000", "\0"])
def test_what_is_not_there_has_a_way_to_the_list(open_page: OpenPage, template_id: str) -> None:
    app = open_page("template.py", id=template_id)
    assert app.title[0].value == "Template not found"
    app.button(key="view_all").click().run()
    assert app.title[0].value == "Templates"


def test_a_new_version_is_written_from_the_one_before(open_page: OpenPage, reader: db.User) -> None:
    row = made.added(reader, name="Tea")
    app = open_page("template.py", id=row.id)
    app.button(key="new_version").click().run()
    assert app.title[0].value == "New version of Tea"
    app = open_page("template_editor.py", version_of=row.id)
    key = f"editor_{row.id}"
    assert app.text_area(key=f"{key}_prompt").value == row.prompt
    app.button(key="save_template").click().run()
    assert "is the newest version already" in app.error[0].value
    app.text_area(key=f"{key}_prompt").set_value("About {{ topic }}, {{ tone }}").run()
    app.button_group(key=f"{key}_tone_kind").set_value("choice").run()
    assert "a choice without options" in app.error[0].value
    assert app.button(key="save_template").disabled
    app.text_area(key=f"{key}_tone_options").set_value("warm\n\ncalm").run()
    app.checkbox(key=f"{key}_tone_required").uncheck().run()
    app.text_input(key=f"{key}_tone_default").set_value("calm").run()
    app.button(key="save_template").click().run()
    assert not app.exception
    assert app.title[0].value.startswith("Tea :gray[v2]")
    found = newest(reader).template
    assert (found.version, found.family_id, found.name) == (2, row.family_id, "Tea")
    assert found.variables[1] == {
        "name": "tone", "kind": "choice", "required": False, "default": "calm", "options": ["warm", "calm"],
        "description": "",
    }  # fmt: skip


def test_a_copy_is_a_template_of_ones_own(open_page: OpenPage, reader: db.User) -> None:
    shipped.ensure()
    one = shipped.ALL[0]
    app = open_page("template.py", id=one.id)
    app.button(key="copy").click().run()
    assert app.title[0].value.startswith("Copy of Support")
    app = open_page("template_editor.py", copy_of=one.id)
    app.button(key="save_template").click().run()
    assert not app.exception
    found = newest(reader).template
    assert (found.name, found.version, found.author_id) == (f"{one.name} (copy)", 1, reader.id)
    assert (found.prompt, found.family_id != one.family_id) == (one.prompt, True)


def test_what_is_refused_stays_in_the_form_with_the_reason(open_page: OpenPage, reader: db.User) -> None:
    app = open_page("template_editor.py")
    app.button(key="save_template").click().run()
    assert "The name is empty" in app.error[0].value
    app.text_input(key="editor_new_name").set_value("Tea").run()
    app.text_area(key="editor_new_prompt").set_value(
        "A\n{% for a in b %}{{ ''.__class__ }}{% endfor %}"
    ).run()
    assert "Line 2 of the prompt holds a loop" in app.error[0].value.replace("\\", "")
    assert app.button(key="save_template").disabled
    assert app.text_area(key="editor_new_prompt").value.startswith("A\n{% for")
    app.text_area(key="editor_new_prompt").set_value("About {{ topic }}").run()
    app.button(key="save_template").click().run()
    assert app.title[0].value.startswith("Tea")


@pytest.mark.parametrize(
    "prompt", ["{{" * 5000, "{{ " + "(" * 9000, "{{ größe }}{{ __x }}", "{{ a }}" * 2800, "{{ " + "a" * 9000 + " }}"],
    ids=range(5),
)  # fmt: skip
def test_no_prompt_breaks_the_form(open_page: OpenPage, prompt: str) -> None:
    app = open_page("template_editor.py")
    app.text_input(key="editor_new_name").set_value("Tea").run()
    app.text_area(key="editor_new_prompt").set_value(prompt).run()
    assert not app.exception


def test_users_words_are_words(open_page: OpenPage, reader: db.User) -> None:
    with db.session_scope(reader, write=True) as session:
        row = templates.add(
            session, name=HOSTILE, description=HOSTILE, prompt=f"{HOSTILE} {{{{ topic }}}}",
            described=[{"name": "topic", "description": HOSTILE}],
        )  # fmt: skip
    for page, query in (("templates.py", {}), ("template.py", {"id": row.id})):
        app = open_page(page, **query)
        assert not app.exception
        assert ":red[x]" not in texts(app)
        assert "\\:red\\[x\\]" in texts(app)
    assert app.text_input(key=f"value_{row.id}_topic").help.startswith("\\:red")
    editor = open_page("template_editor.py", copy_of=row.id)
    assert ":red[x]" not in editor.title[0].value


def test_versions_lead_to_each_other(open_page: OpenPage, reader: db.User) -> None:
    first = made.added(reader)
    second = made.added(reader, prompt="Two {{ topic }}", family_id=first.family_id)
    app = open_page("template.py", id=first.id)
    assert "Version 2 is the newest" in app.info[0].value
    app.button(key="version_2").click().run()
    assert app.query_params["id"] in (str(second.id), [str(second.id)])


def test_whose_it_is_decides_the_badge_and_the_button(
    open_page: OpenPage, reader: db.User, user: db.User, stranger: db.User
) -> None:
    assert cards.badge(None, me=user) == cards.SHIPPED
    assert cards.badge(user.id, me=user) == cards.MINE
    assert cards.badge(stranger.id, me=user) == cards.OTHERS
