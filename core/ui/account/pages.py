"""The page of whoever is signed in."""

from core.ui.links import PageEntry

ACCOUNT = PageEntry("account.py", "Account")
PAGES = (ACCOUNT,)
