"""The page on which a file is uploaded, then scored or trained on."""

from core.ui.links import PageEntry

UPLOADS = PageEntry("uploads.py", "New prediction", icon=":material/upload_file:", position=10)
PAGES = (UPLOADS,)
