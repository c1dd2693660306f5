"""The pages of templates: all of them, one, and the form that adds one."""

from core.ui.links import PageEntry

TEMPLATES = PageEntry("templates.py", "Templates", icon=":material/edit_note:", position=70)
TEMPLATE = PageEntry("template.py", "Template")
EDITOR = PageEntry("template_editor.py", "New template")
PAGES = (TEMPLATES, TEMPLATE, EDITOR)
