"""Coverage-guided fuzzing, by hand and outside the suite: see `__main__`."""
