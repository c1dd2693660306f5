"""A zip to train with on one's own machine: what is in it, and `files/`, what runs there."""
