"""For admins: who there is and what they may do, and the audit trail."""

from core import db
from core.access import users
from core.ui import page_frame, session, tabs
from core.ui.admin import audit_table, people

user = session.user()
with db.session_scope(user) as scope:
    found = users.people(scope)

page_frame.heading("People & audit", "Who has access, and who did what.")
name, tab = tabs.show({"audit": "Audit trail", "people": f"People · {len(found)}"}, key="admin_tabs")
with tab, page_frame.guarded():
    if name == "audit":
        audit_table.show({row.id: "Local user" if row.is_local else row.email or row.name for row in found})
    else:
        people.show(found)
