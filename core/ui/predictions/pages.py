"""The pages of predictions: all of them, and one."""

from core.ui.links import PageEntry

PREDICTIONS = PageEntry("predictions.py", "Predictions", icon=":material/table_rows:", position=20)
PREDICTION = PageEntry("prediction.py", "Prediction")
PAGES = (PREDICTIONS, PREDICTION)
