"""Generator: a template, its values, what they will cost; then a batch of conversations is started."""

from typing import Final

import streamlit as st

from core import db, llm
from core.errors import AppError, counted
from core.generation.jobs.drafts import Wanted
from core.generation.jobs.parameters import MOST_ITEMS
from core.generation.templates import templates
from core.ui import links, page_frame, session
from core.ui.generator import job_settings, preview, quote, start, values
from core.ui.generator import templates as template_choice

STEPS: Final = (
    (
        ":material/edit_note: Template",
        "What is asked of the model. It has variables, such as a product and a complaint. Or let the app choose one.",
    ),
    (
        ":material/grid_view: Values",
        "Lists that are combined, rows from a spreadsheet, or a file. You see one prompt filled in while you type.",
    ),
    (
        ":material/payments: Price, then start",
        "Items, tokens and cost are told first, and a limit that is never passed. Pause and go on whenever you like.",
    ),
)


def show_steps() -> None:
    """What becomes of a template, told before one is chosen."""
    page_frame.section("How it works")
    with st.grid(3, min_column_width=240, gap="small", key="what_happens"):
        for title, text in STEPS:
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.markdown(f"**{title}**")
                st.caption(text)


values.keep()
provider = llm.provider(session.config())
page_frame.heading("Generator", "Write many conversations from one template.")
left, right = st.columns([11, 9], gap="large")
given: values.Given | None = None
wanted: Wanted | None = None
found: quote.Quote | AppError | None = None
chosen: template_choice.Chosen | None = None
with left, page_frame.guarded():
    chosen = template_choice.choose()
    if chosen:
        given = values.ask(chosen)
        default = chosen.template.name if chosen.template else "Batch"
        n_items = f" · {counted(given.n_items, 'item')}" if given else ""
        page_frame.section("Job")
        asked = job_settings.ask(provider, name=f"{default}{n_items}")
        if given and given.n_items <= MOST_ITEMS:
            wanted = Wanted(
                name=asked.name or f"{default}{n_items}",
                parameters=given.parameters,
                template_id=chosen.template_id,
                model=asked.model,
                mode=asked.mode,
                concurrency=asked.concurrency,
                max_tokens=asked.max_tokens,
                auto_enrich=asked.auto_enrich,
            )
if chosen is None:
    show_steps()
    st.stop()
with right:
    template = chosen.template
    if wanted:
        try:
            found = quote.of(wanted, provider=provider)
        except AppError as error:
            found = error
    if template is None and isinstance(found, quote.Quote):
        with db.session_scope(session.user()) as scope:
            template = templates.get(scope, template_id=found.template_id)
        st.caption(
            f":material/auto_awesome: **{links.escape(template.name)}** · {links.escape(found.reason or '')}"
        )
    preview.show(template, given)
    start.show(wanted, given, found, provider)
