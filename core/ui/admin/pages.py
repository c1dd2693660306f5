"""The pages for admins alone."""

from core.ui.links import PageEntry

SYSTEM = PageEntry("system.py", "System", icon=":material/monitor_heart:", position=90, is_for_admins=True)
ADMIN = PageEntry(
    "admin.py", "People & audit", icon=":material/admin_panel_settings:", position=100, is_for_admins=True
)
PAGES = (SYSTEM, ADMIN)
