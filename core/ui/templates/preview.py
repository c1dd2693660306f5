"""A template with real values: a box a variable, and beside them what a model would be sent."""

from __future__ import annotations

import streamlit as st

from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.templates import templates, values
from core.generation.templates.rendering import CompiledTemplate
from core.generation.templates.values import Kind
from core.generation.templates.variables import Variable
from core.ui import links, page_frame


def show(row: PromptTemplateRow) -> None:
    """Both columns; what is typed is in the prompt as soon as one leaves the box."""
    template = CompiledTemplate.of(row)
    boxes, prompt = st.columns([2, 3], gap="medium")
    with boxes:
        page_frame.section("Values", "Try the template with values of your own. Nothing is sent to a model.")
        params = {one.name: _box(one, key=f"value_{row.id}_{one.name}") for one in template.variables}
        if not template.variables:
            st.caption("This template has no variables: each item gets the same prompt.")
    with prompt:
        page_frame.section("Preview", "What a model is sent, for each item.")
        _prompt(row, templates.preview(template, params=params), template)


def _box(variable: Variable, *, key: str) -> object:
    label = links.escape(variable.label) + ("" if variable.required else " :gray[(optional)]")
    tip = links.escape(variable.description) or None
    default = "" if variable.default is None else str(variable.default)
    match variable.kind:
        case Kind.CHOICE:
            index = variable.options.index(default) if default else None
            return st.selectbox(
                label, variable.options, index=index, key=key, help=tip, placeholder="Choose one"
            )
        case Kind.NUMBER:
            return st.text_input(
                label,
                key=key,
                help=tip,
                max_chars=60,
                placeholder=default or "A number",
                icon=":material/tag:",
            )
        case Kind.TEXT:
            return st.text_input(
                label, key=key, help=tip, max_chars=values.LONGEST_VALUE, placeholder=default
            )


def _prompt(row: PromptTemplateRow, found: templates.Preview, template: CompiledTemplate) -> None:
    """The prompt, or what keeps it from being made, with the prompt as it was written."""
    if found.prompt is not None:
        st.code(found.prompt.user, language=None, wrap_lines=True, height="content")
    else:
        problem = found.problem
        only_missing = problem is not None and problem.code == "variable_missing"
        if only_missing:
            labels = [one.label for one in template.variables if one.name in found.missing]
            wanted = " and ".join(filter(None, [", ".join(labels[:-1]), labels[-1]]))
            st.info(f"Fill in {links.escape(wanted)} to see the prompt.", icon=":material/edit:")
        elif problem is not None:
            page_frame.show_error(problem)
        st.code(row.prompt, language=None, wrap_lines=True, height="content")
    with st.expander("System text, the same for every item", icon=":material/psychology:", key="system_text"):
        st.code(template.system, language=None, wrap_lines=True, height="content")
