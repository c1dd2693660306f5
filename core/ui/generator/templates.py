"""The first choice of a batch: its template, or that the app shall choose by the values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import streamlit as st

from core import db
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.errors import NotFound
from core.generation.templates import templates, variables
from core.generation.templates.variables import Variable
from core.ui import links, params, session

AUTO: Final = "auto"
_MOST: Final = 200
_KEY: Final = "generator_template"


@dataclass(frozen=True)
class Chosen:
    """What was chosen. template: None for "choose for me". variables: what can be given values."""

    template: PromptTemplateRow | None
    variables: Sequence[Variable]

    @property
    def template_id(self) -> UUID | None:
        return self.template.id if self.template else None


def choose() -> Chosen | None:
    """The box, and a word on what was chosen; None before anything was. Raises NotFound for the address's."""
    asked = params.uuid("template", resource="template")
    with db.session_scope(session.user()) as scope:
        newest = [listed.template for listed in templates.listing(scope, limit=_MOST).items]
        if asked is not None and all(row.id != asked for row in newest):
            newest.append(templates.get(scope, template_id=asked))
    by_id = {str(row.id): row for row in sorted(newest, key=lambda row: row.name)}
    if _KEY not in st.session_state and asked is not None:
        st.session_state[_KEY] = str(asked)
    key = st.selectbox(
        "Template",
        [AUTO, *by_id],
        index=None,
        key=_KEY,
        format_func=lambda key: _label(key, by_id),
        placeholder="Choose a template",
    )
    if key is None:
        return None
    if key == AUTO:
        st.caption("The app takes the template that makes the most of the values you give, and says why.")
        return Chosen(None, _of_all(newest))
    template = by_id.get(key)
    if template is None:
        raise NotFound(resource="template", id=key)
    if template.description:
        st.caption(links.escape(template.description))
    return Chosen(template, variables.parse(template.variables))


def _label(key: str, by_id: Mapping[str, PromptTemplateRow]) -> str:
    if key == AUTO or key not in by_id:
        return "Choose for me"
    return f"{by_id[key].name} · v{by_id[key].version}"


def _of_all(rows: Sequence[PromptTemplateRow]) -> Sequence[Variable]:
    """Every variable of any template, once: the app may choose any of them."""
    found: dict[str, Variable] = {}
    for row in rows:
        for variable in variables.parse(row.variables):
            found.setdefault(variable.name, variable)
    return sorted(found.values(), key=lambda variable: variable.name)
