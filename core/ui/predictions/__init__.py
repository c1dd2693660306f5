"""The pages of predictions: the list, and one with its result."""
