"""The page of toys."""

from core.ui.links import PageEntry

TOYS = PageEntry("toys.py", "Toys", icon=":material/toys:", position=35)
PAGES = (TOYS,)
