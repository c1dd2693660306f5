"""Training a model: its target, its columns, its recipes compared on folds."""
