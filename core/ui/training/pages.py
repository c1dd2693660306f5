"""The pages of trainings: where one is triggered, with all there are, and one."""

from core.ui.links import PageEntry

WORKSPACE = PageEntry("workspace.py", "Workspace", icon=":material/model_training:", position=35)
TRAINING = PageEntry("training.py", "Training")
PAGES = (WORKSPACE, TRAINING)
