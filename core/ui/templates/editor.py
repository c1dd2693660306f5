"""The form for a template: its text, and a panel for each variable that the text names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.errors import AppError
from core.generation.quality import rows, thresholds
from core.generation.quality.thresholds import DEFAULT
from core.generation.templates import rendering, syntax, templates, variables
from core.generation.templates.errors import TemplateRefused
from core.generation.templates.rendering import CompiledTemplate
from core.ui import links, page_frame
from core.ui.templates import quality_form

KINDS: Final = {"text": "Text", "number": "Number", "choice": "Choice"}
EXAMPLE: Final = (
    'Write a conversation about {{ topic }}.\n\n{% if tone == "formal" %}\nBoth are formal.\n{% endif %}'
)


@dataclass(frozen=True)
class Draft:
    """What the form holds. below_prompt: where what is wrong with it is said."""

    name: str
    description: str
    system: str
    prompt: str
    described: list[dict[str, Any]]
    asked: dict[str, Any]
    below_prompt: DeltaGenerator

    def refusal(self) -> AppError | None:
        """What is wrong with it as it stands."""
        try:
            CompiledTemplate.made(system=self.system.strip(), prompt=self.prompt, described=self.described)
            thresholds.parse(self.asked)
        except AppError as error:
            return error
        return None


def show(base: PromptTemplateRow | None, *, is_copy: bool = False) -> Draft:
    """The form, filled in from `base` where there is one. is_copy: then two of one name should be told apart."""
    key = f"editor_{base.id if base else 'new'}"
    text, panels = st.columns([3, 2], gap="medium")
    with text:
        name = st.text_input(
            "Name", value=_name(base, is_copy=is_copy), max_chars=templates.LONGEST_NAME, key=f"{key}_name"
        )
        description = st.text_input(
            "What it is for",
            value=base.description if base else "",
            max_chars=templates.LONGEST_DESCRIPTION,
            key=f"{key}_description",
            placeholder="One sentence",
        )
        prompt = st.text_area(
            "Prompt",
            value=base.prompt if base else "",
            height=300,
            max_chars=rendering.LONGEST_TEXT,
            key=f"{key}_prompt",
            placeholder=EXAMPLE,
            help="Write {{ topic }} where a value belongs. A part that depends on a value stands between "
            '{% if tone == "formal" %} and {% endif %}.',
        )
        below_prompt = st.container()
        system = st.text_area(
            "System text",
            value=base.system if base else "",
            height=120,
            max_chars=rendering.LONGEST_TEXT,
            key=f"{key}_system",
            placeholder="Who the model is and how it writes. The same for every item, without variables.",
        )
    with panels:
        page_frame.section("Variables", "Each name between {{ and }} becomes one.")
        described = _variables(prompt, base, key=key)
        page_frame.section(
            "Quality", "What is asked of its conversations. Nothing is refused; reviewers are told."
        )
        asked = quality_form.show(rows.of_template(base) if base else DEFAULT, key=key)
    return Draft(name, description, system, prompt, described, asked, below_prompt)


def _name(base: PromptTemplateRow | None, *, is_copy: bool) -> str:
    if base is None:
        return ""
    return f"{base.name[: templates.LONGEST_NAME - 7]} (copy)" if is_copy else base.name


def _variables(prompt: str, base: PromptTemplateRow | None, *, key: str) -> list[dict[str, Any]]:
    try:
        names = syntax.names(prompt)
    except TemplateRefused:  # said beside the button
        names = []
    if not names:
        with st.container(border=True):
            st.caption("None yet. Write {{ topic }} in the prompt to add one.")
    before = {str(one["name"]): one for one in base.variables} if base else {}
    return [
        _variable(name, before.get(name, {}), key=f"{key}_{name}")
        for name in names[: variables.MOST_VARIABLES + 1]
    ]


def _variable(name: str, before: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """A panel; returns the variable as JSON. before: how it was described."""
    with st.expander(
        links.escape(name), icon=":material/data_object:", expanded=not before, key=f"{key}_panel"
    ):
        kind = st.segmented_control(
            "Kind",
            list(KINDS),
            default=str(before.get("kind", "text")),
            format_func=KINDS.__getitem__,
            key=f"{key}_kind",
            required=True,
        )
        described: dict[str, Any] = {"name": name, "kind": kind}
        if kind == "choice":
            written = st.text_area(
                "Options, one a line",
                value="\n".join(before.get("options", ())),
                height=100,
                key=f"{key}_options",
                placeholder="friendly\nformal",
            )
            described["options"] = [line.strip() for line in written.splitlines() if line.strip()]
        is_required = st.checkbox(
            "Required", value=bool(before.get("required", True)), key=f"{key}_required",
            help="Every item needs a value.",
        )  # fmt: skip
        described["required"] = is_required
        if not is_required:
            default = before.get("default")
            described["default"] = st.text_input(
                "Default", value="" if default is None else str(default), key=f"{key}_default",
                placeholder="Empty", help="What it is where an item has no value.",
            )  # fmt: skip
        described["description"] = st.text_input(
            "What to write there",
            value=str(before.get("description", "")),
            max_chars=variables.LONGEST_DESCRIPTION,
            key=f"{key}_says",
        )
    return described
