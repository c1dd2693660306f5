"""The form for a new template, the next version of one, or a copy."""

import streamlit as st

from core import db
from core.errors import NotFound
from core.generation.templates import templates
from core.ui import links, notices, page_frame, params, session
from core.ui.templates import editor
from core.ui.templates.pages import TEMPLATE, TEMPLATES

user = session.user()
try:
    version_of = params.uuid("version_of", resource="template")
    base_id = version_of or params.uuid("copy_of", resource="template")
    with db.session_scope(user) as scope:
        base = templates.get(scope, template_id=base_id) if base_id else None
        of_family = templates.versions(scope, family_id=base.family_id) if base else ()
except NotFound as missing:
    page_frame.missing(missing, "Template not found", TEMPLATES, button="View all templates")
is_version = base is not None and version_of is not None
next_version = of_family[0].version + 1 if of_family else 1

title = (
    f"New version of {base.name}"
    if base and is_version
    else f"Copy of {base.name}"
    if base
    else "New template"
)
page_frame.name_tab(title)
page_frame.back(TEMPLATES)
buttons = page_frame.heading(links.escape(title), "A prompt with values to fill in, once for each item.")

draft = editor.show(base, is_copy=not is_version)
refusal = draft.refusal() if draft.prompt.strip() else None
with buttons:
    is_wanted = st.button(
        f"Save as v{next_version}" if is_version else "Save template",
        key="save_template",
        type="primary",
        icon=":material/save:",
        disabled=refusal is not None,
    )
with draft.below_prompt:
    if refusal:
        page_frame.show_error(refusal)
    elif is_wanted:
        with page_frame.guarded():
            with db.session_scope(user, write=True) as scope:
                row = templates.add(
                    scope,
                    name=draft.name,
                    prompt=draft.prompt,
                    described=draft.described,
                    asked=draft.asked,
                    system=draft.system,
                    description=draft.description,
                    family_id=base.family_id if base and is_version else None,
                )
            notices.leave(f"Saved {links.escape(row.name)} v{row.version}.", icon=":material/check:")
            links.go(TEMPLATE, id=row.id)
