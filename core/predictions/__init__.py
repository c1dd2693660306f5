"""Predictions: scoring an upload with a model, the result file, and the life of each such piece of work."""
