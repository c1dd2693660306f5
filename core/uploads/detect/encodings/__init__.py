"""Which encoding a file's bytes are in."""
