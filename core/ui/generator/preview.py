"""One prompt as it will be sent, filled in while one types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.templates import templates
from core.generation.templates.rendering import CompiledTemplate
from core.ui import links
from core.ui.generator.values import Given

_AT: Final = "generator_item"
HEIGHT_PX: Final = 240


def show(template: PromptTemplateRow | None, given: Given | None) -> None:
    """Draw it; as long as values are missing, the template as it is."""
    with st.container(border=True, gap="small", key="generator_preview"):
        if template is None:
            st.markdown("**Preview**")
            st.caption("Choose a template and give values, and the prompt of the first item appears here.")
            return
        at = st.session_state.get(_AT, 0) % given.n_shown if given and given.n_shown else 0
        params = given.item(at) if given and given.n_shown else {}
        _head(given, at=at)
        _prompt(template, params)


def _head(given: Given | None, *, at: int) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"
    ):
        st.markdown(
            f"**Preview** :gray[· item {at + 1:,} of {given.n_items:,}]" if given else "**Preview**",
            width="content",
        )
        if given and given.n_shown > 1:
            st.button(
                "Another item",
                key="generator_another",
                type="tertiary",
                icon=":material/shuffle:",
                on_click=_go_on,
                args=(given.n_shown,),
            )


def _go_on(n_shown: int) -> None:
    """To an item that is unlike: a step that visits each of them before it comes back."""
    step = max(1, round(n_shown * 0.382))
    while n_shown > 1 and not _is_coprime(step, n_shown):
        step += 1
    st.session_state[_AT] = (st.session_state.get(_AT, 0) + step) % n_shown


def _is_coprime(a: int, b: int) -> bool:
    while b:
        a, b = b, a % b
    return a == 1


def _prompt(template: PromptTemplateRow, params: Mapping[str, Any]) -> None:
    compiled = CompiledTemplate.of(template)
    known = {variable.name for variable in compiled.variables}
    shown = templates.preview(compiled, params={name: params[name] for name in params if name in known})
    if shown.prompt is not None:
        st.code(shown.prompt.user, language=None, wrap_lines=True, height=HEIGHT_PX)
        with st.expander("System prompt, the same for every item", key="generator_system"):
            st.code(shown.prompt.system, language=None, wrap_lines=True)
        return
    if shown.missing:
        labels = [variable.label for variable in compiled.variables if variable.name in shown.missing]
        st.caption(f":material/edit: Still needed: {links.escape(', '.join(labels))}.")
    elif shown.problem is not None:
        st.warning(links.escape(str(shown.problem)), icon=":material/warning:")
    st.code(template.prompt, language=None, wrap_lines=True, height=HEIGHT_PX)
