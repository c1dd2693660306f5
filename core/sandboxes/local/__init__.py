"""Sandboxes on this machine, held by bubblewrap."""
