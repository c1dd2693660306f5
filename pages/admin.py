"""For admins: who there is and what they may do, and the audit trail."""

import streamlit as st

from core import db
from core.access import users
from core.ui import page_frame, session
from core.ui.admin import audit_table, people

user = session.user()
with db.session_scope(user) as scope:
    found = users.people(scope)

page_frame.heading("People & audit", "Who has access, and who did what.")
audit, persons = st.tabs(["Audit trail", f"People · {len(found)}"])
with audit, page_frame.guarded():
    audit_table.show({row.id: "Local user" if row.is_local else row.email or row.name for row in found})
with persons:
    people.show(found)
