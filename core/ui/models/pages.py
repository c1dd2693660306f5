"""The pages of models: all of them, and one."""

from core.ui.links import PageEntry

MODELS = PageEntry("models.py", "Models", icon=":material/category:", position=30)
MODEL = PageEntry("model.py", "Model")
PAGES = (MODELS, MODEL)
