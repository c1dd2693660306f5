"""The generator: from a template and values to a job, or to the sentence that says what is in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from core import db, storage
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.uploads import UploadRow
from core.generation.jobs import jobs, listing
from core.generation.templates import shipped
from core.settings import Settings
from core.uploads import uploads
from core.uploads.report.overrides import ReadingOverrides
from tests import journeys
from tests.pages.conftest import texts
from tests.servers.claude import ClaudeServer

OpenPage = Callable[..., AppTest]
COMPLAINT = next(str(one.id) for one in shipped.ALL if one.slug == "support-complaint")
PRODUCT, COMPLAINTS = "generator_text_product", "generator_text_complaint"


@pytest.fixture(autouse=True)
def _templates(reader: db.User) -> None:
    shipped.ensure()


@pytest.fixture
def paid(monkeypatch: pytest.MonkeyPatch) -> Iterator[ClaudeServer]:
    """A provider that money flows to."""
    with ClaudeServer() as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-only-for-this-test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        yield server


def filled(
    open_page: OpenPage, *, products: str = "a kettle\na lamp", complaints: str = "late\nbroken\nloud"
) -> AppTest:
    app = open_page("generator.py", template=COMPLAINT)
    app.text_area(key=PRODUCT).input(products).run()
    return app.text_area(key=COMPLAINTS).input(complaints).run()


def made(user: db.User) -> list[BatchJobRow]:
    return list(journeys.ask(user, lambda session: listing.page(session)).items)


def codes(app: AppTest) -> str:
    return "\n".join(element.value for element in app.code)


def test_with_no_template_chosen_nothing_is_preset_and_the_steps_are_told(open_page: OpenPage) -> None:
    app = open_page("generator.py")
    assert app.selectbox(key="generator_template").value is None
    assert "How it works" in texts(app)
    assert not [button for button in app.button if button.key == "generator_start"]


def test_lists_are_multiplied_and_the_first_prompt_is_shown_filled_in(open_page: OpenPage) -> None:
    app = filled(open_page)
    assert "**6\u00a0items** :gray[= 2\u00a0products × 3\u00a0complaints]" in texts(app)
    assert '<variable name="complaint">late</variable>' in codes(app)
    app.button(key="generator_another").click().run()
    assert '<variable name="complaint">late</variable>' not in codes(app)
    assert "**Preview** :gray[· item 6 of 6]" in texts(app)


def test_without_a_key_it_is_said_who_writes_and_the_job_starts_with_no_limit(
    open_page: OpenPage, reader: db.User
) -> None:
    app = filled(open_page)
    assert "an offline generator writes clearly synthetic text" in app.info[0].value
    app.text_input(key="generator_name").input("March").run()
    app.button(key="generator_start").click().run()
    assert not app.exception
    (job,) = made(reader)
    assert (app.title[0].value, job.n_items, job.max_cost, job.provider) == ("March", 6, None, "offline")
    items = journeys.ask(reader, lambda session: jobs.items(session, batch_job_id=job.id))
    assert [item.params["complaint"] for item in items] == ["late", "broken", "loud"] * 2


def test_where_money_flows_the_limit_is_prefilled_and_kept_with_the_job(
    open_page: OpenPage, reader: db.User, paid: ClaudeServer
) -> None:
    app = filled(open_page)
    assert "in real time" in texts(app)
    assert "Prefilled" in texts(app)
    cap = app.number_input(key="generator_cap").value
    app.checkbox(key="generator_pilot").check().run()
    app.button(key="generator_start").click().run()
    (job,) = made(reader)
    assert job.max_cost == round(cap * 10**9)
    assert job.pause_after == 5
    assert (job.estimate or {})["n_items"] == 6


def test_a_limit_of_ones_own_is_left_alone_when_the_estimate_changes(
    open_page: OpenPage, paid: ClaudeServer
) -> None:
    app = filled(open_page)
    app.number_input(key="generator_cap").set_value(7.5).run()
    app.text_area(key=PRODUCT).input("a kettle\na lamp\na chair").run()
    assert app.number_input(key="generator_cap").value == 7.5
    assert "Prefilled" not in texts(app)


def test_a_limit_that_is_too_low_is_refused_and_the_form_stays_as_it_was(
    open_page: OpenPage, reader: db.User, paid: ClaudeServer
) -> None:
    app = filled(open_page)
    app.number_input(key="generator_max_tokens").set_value(16_000).run()
    app.selectbox(key="generator_model").select("claude-opus-5-5").run()
    app.number_input(key="generator_cap").set_value(0.01).run()
    app.button(key="generator_start").click().run()
    assert "is not enough for a single item" in app.error[0].value.replace("\\", "")
    assert app.text_area(key=PRODUCT).value == "a kettle\na lamp"
    assert made(reader) == []


def test_more_items_than_a_job_may_have_are_refused_before_the_click(open_page: OpenPage) -> None:
    many = "\n".join(str(n) for n in range(400))
    app = filled(open_page, products=many, complaints=many)
    assert "**A job has 100,000\u00a0items at most.**" in app.error[0].value
    assert app.button(key="generator_start").disabled


def test_a_value_that_is_missing_is_named_and_nothing_can_be_started(open_page: OpenPage) -> None:
    app = open_page("generator.py", template=COMPLAINT)
    app.text_area(key=PRODUCT).input("a kettle").run()
    assert "Still needed: Complaint." in texts(app)
    assert app.button(key="generator_start").disabled


def test_the_app_chooses_a_template_by_the_values_and_says_why(open_page: OpenPage, reader: db.User) -> None:
    app = open_page("generator.py")
    app.selectbox(key="generator_template").set_value("auto").run()
    app.multiselect(key="generator_names").set_value(["product", "objection"]).run()
    app.text_area(key=PRODUCT).input("a lamp").run()
    app.text_area(key="generator_text_objection").input("too dear\ntoo big").run()
    assert "**Sales\\: objection** · Chosen because" in texts(app)
    app.button(key="generator_start").click().run()
    (job,) = made(reader)
    assert (job.choice or "").startswith("Chosen because")


def test_an_upload_fills_the_template_by_the_names_of_its_columns(
    open_page: OpenPage, reader: db.User, take_in: Callable[..., UploadRow]
) -> None:
    table = pa.table(
        {"product": ["a kettle", "a lamp"], "complaint": ["late", "**loud**"], "note": ["x", "y"]}
    )
    upload = take_in(table, "cases.csv")
    app = _by_upload(open_page, upload)
    assert "Columns used\\: 'product', 'complaint'\\. Not used\\: 'note'\\." in texts(app)
    app.button(key="generator_start").click().run()
    (job,) = made(reader)
    assert job.n_items == 2


def test_an_upload_that_is_read_differently_since_is_looked_at_anew(
    open_page: OpenPage, reader: db.User, settings: Settings, take_in: Callable[..., UploadRow]
) -> None:
    upload = take_in(
        pa.table({"product": ["a kettle", "a lamp"], "complaint": ["late", "loud"]}), "cases.csv"
    )
    assert "Columns used" in texts(_by_upload(open_page, upload))
    uploads.reread(
        reader,
        storage=storage.from_settings(settings),
        staging_dir=settings.staging_dir,
        upload_id=upload.id,
        overrides=ReadingOverrides(delimiter="|"),
    )
    assert "The file has no columns" in _by_upload(open_page, upload).error[0].value


def test_an_upload_that_lacks_a_column_is_refused_by_its_name(
    open_page: OpenPage, take_in: Callable[..., UploadRow]
) -> None:
    app = _by_upload(open_page, take_in(pa.table({"product": ["a kettle"], "what": ["late"]}), "cases.csv"))
    assert "The file has no column 'complaint'" in app.error[0].value
    assert app.button(key="generator_start").disabled


def test_what_was_typed_is_there_again_after_another_way_was_looked_at(open_page: OpenPage) -> None:
    app = filled(open_page)
    app.segmented_control(key="generator_way").set_value("Rows").run()
    app.segmented_control(key="generator_way").set_value("Combine lists").run()
    assert app.text_area(key=COMPLAINTS).value == "late\nbroken\nloud"


def _by_upload(open_page: OpenPage, upload: UploadRow) -> AppTest:
    app = open_page("generator.py", template=COMPLAINT)
    app.segmented_control(key="generator_way").set_value("Upload").run()
    return app.selectbox(key="generator_upload").set_value(upload.id).run()


def test_enriching_afterwards_is_part_of_the_price_and_of_the_limit(
    open_page: OpenPage, reader: db.User, paid: ClaudeServer
) -> None:
    app = filled(open_page)
    before = app.number_input(key="generator_cap").value
    app.checkbox(key="generator_auto_enrich").check().run()
    assert not app.exception
    assert "of it for enriching the conversations afterwards." in texts(app)
    assert app.number_input(key="generator_cap").value > before
    app.button(key="generator_start").click().run()
    (job,) = made(reader)
    assert job.auto_enrich
    assert job.estimate is not None
    assert 0 < job.estimate["enrich_low"] < job.estimate["low"]
    assert job.estimate["enrich_low"] < job.estimate["enrich_high"] < job.estimate["high"]
