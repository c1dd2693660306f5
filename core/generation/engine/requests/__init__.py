"""What is asked for an item, and what is read from the reply."""
