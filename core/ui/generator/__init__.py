"""The form of a new batch: a template, its values, what it will cost."""
