"""The page of review."""
