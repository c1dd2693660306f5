"""One run of a training: its worker, its sandbox, and what is written about it."""
