"""What the code in a sandbox is given, what it owes, and how that is judged."""
