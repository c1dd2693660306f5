"""The page that opens first."""

from core.ui.links import PageEntry

HOME = PageEntry("home.py", "Home", icon=":material/home:", position=0, is_default=True)
PAGES = (HOME,)
