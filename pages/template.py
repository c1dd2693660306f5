"""A template: tried with real values, as it was written, and what its versions were."""

import streamlit as st

from core import db
from core.errors import NotFound
from core.generation.quality import rows
from core.generation.templates import templates, usage
from core.ui import formatting, links, owners, page_frame, params, session, tabs
from core.ui.templates import cards, preview, quality_form
from core.ui.templates.pages import EDITOR, TEMPLATE, TEMPLATES

user, now = session.user(), session.now()
try:
    template_id = params.required_uuid("id", resource="template")
    with db.session_scope(user) as scope:
        row = templates.get(scope, template_id=template_id)
        of_family = templates.versions(scope, family_id=row.family_id)
        used = usage.of_versions(scope, family_ids=[row.family_id])
        may_add = templates.may_add_version(scope, of_family)
        people = owners.names(scope)
except (NotFound, params.NotNamed) as missing:
    page_frame.missing(missing, "Template not found", TEMPLATES, button="View all templates")
newest = of_family[0]

page_frame.name_tab(f"{row.name} v{row.version}")
page_frame.back(TEMPLATES)
counted = used.get(row.id, cards.NONE)
badge = cards.badge(row.author_id, me=user).markdown
facts = (
    links.escape(row.description),
    f"added {formatting.ago(row.created_at, now=now)}",
    cards.used(counted),
    cards.approved(counted),
)
with page_frame.heading(
    f"{links.escape(row.name)} :gray[v{row.version}] {badge}", " · ".join(filter(None, facts))
):
    if may_add and st.button("New version", key="new_version", type="primary", icon=":material/edit:"):
        links.go(EDITOR, version_of=row.id)
    if st.button(
        "Copy", key="copy", type="secondary" if may_add else "primary", icon=":material/content_copy:"
    ):
        links.go(EDITOR, copy_of=row.id)
if row.id != newest.id:
    st.info(
        f"This is version {row.version}. Version {newest.version} is the newest.", icon=":material/history:"
    )
    if st.button("Open the newest", key="open_newest"):
        links.go(TEMPLATE, id=newest.id)

preview.show(row)
st.caption(quality_form.told(rows.of_template(row)))
opened, tab = tabs.show(
    {"versions": f"Versions · {len(of_family)}", "text": "As written"}, key=f"template_tabs_{row.id}"
)
with tab:
    if opened == "versions":
        cards.versions(of_family, shown=row, usage=used, people=people, me=user, now=now)
    else:
        st.code(row.prompt, language=None, wrap_lines=True)
