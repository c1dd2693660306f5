"""The page on which a batch is put together."""

from core.ui.links import PageEntry

GENERATOR = PageEntry("generator.py", "Generator", icon=":material/forum:", position=40)
PAGES = (GENERATOR,)
