"""Reading CSV files: what they are written in, whether they read with certainty, what their columns hold."""
