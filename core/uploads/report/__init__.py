"""What was found in a CSV: examination, profile, receipt, and what the user overruled."""
