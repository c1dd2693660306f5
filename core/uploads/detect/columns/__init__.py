"""How a column's cells are written, and which are missing."""
