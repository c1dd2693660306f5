"""What a conversation is worth as training data: what is found in it, where, and a score. It never fails an item."""
