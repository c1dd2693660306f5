"""The bytes of a CSV: dialect, records, cells, positions."""
