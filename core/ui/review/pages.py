"""The page on which conversations are reviewed."""

from core.ui.links import PageEntry

REVIEW = PageEntry("review.py", "Review", icon=":material/rate_review:", position=60)
PAGES = (REVIEW,)
