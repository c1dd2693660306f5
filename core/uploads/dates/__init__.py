"""How dates and times of day are written, and which day and second a cell means."""
