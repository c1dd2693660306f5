"""The page of uploads: how a file was read, and what can be done with it."""
