"""Code by Claude: what it is told, what it answers, how that is checked, and what is used where it can't be."""
